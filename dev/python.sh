#!/bin/sh
# Runs "$@" with the first Python >= 3.11 of this machine that can make an environment, or says in one sentence why not.
# $PYTHON names one to use instead of looking. One that every pinned package has a wheel for is preferred: a newer one
# has to compile some.
set -eu

bare=

fits() { # a Python from 3.11 to $2; the ones without a venv module are remembered, not taken
    "$1" -c "import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, $2))" >/dev/null 2>&1 || return 1
    # Debian ships Python without ensurepip: there `python -m venv` starts and then fails halfway.
    "$1" -c 'import ensurepip, venv' >/dev/null 2>&1 && return 0
    bare=${bare:-$1}
    return 1
}

if [ -n "${PYTHON:-}" ]; then
    if fits "$PYTHON" 99; then exec "$PYTHON" "$@"; fi
else
    for newest in 14 99; do
        for candidate in python3 python3.13 python3.12 python3.11 python3.14; do
            if fits "$candidate" "$newest"; then exec "$candidate" "$@"; fi
        done
    done
fi

if [ -n "$bare" ]; then
    echo "$bare has no venv module: install it (Debian and Ubuntu: apt-get install python3-venv) and run make again." >&2
else
    echo "Bursar needs Python 3.11 or newer: install it, or name it (make run PYTHON=/path/to/python3)." >&2
fi
exit 1

#!/bin/sh
# Runs "$@" with the first Python >= 3.11 of this machine that can make an environment, or says in one sentence why not.
# $PYTHON names one to use instead of looking.
set -eu

bare=

fits() { # a Python new enough; the ones without a venv module are remembered, not taken
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || return 1
    # Debian ships Python without ensurepip: there `python -m venv` starts and then fails halfway.
    "$1" -c 'import ensurepip, venv' >/dev/null 2>&1 && return 0
    bare=${bare:-$1}
    return 1
}

if [ -n "${PYTHON:-}" ]; then
    if fits "$PYTHON"; then exec "$PYTHON" "$@"; fi
else
    for candidate in python3 python3.11 python3.12 python3.13 python3.14; do
        if fits "$candidate"; then exec "$candidate" "$@"; fi
    done
fi

if [ -n "$bare" ]; then
    echo "$bare has no venv module: install it (Debian and Ubuntu: apt-get install python3-venv) and run make again." >&2
else
    echo "Bursar needs Python 3.11 or newer: install it, or name it (make run PYTHON=/path/to/python3)." >&2
fi
exit 1

#!/bin/sh
# Runs "$@" with the first Python >= 3.11 of this machine that can make an environment, or says in one sentence why not.
# $PYTHON names one to use instead of looking.
set -eu

modern='import sys; sys.exit(sys.version_info < (3, 11))'
bare=
for candidate in ${PYTHON:-python3 python3.11 python3.12 python3.13 python3.14}; do
    "$candidate" -c "$modern" >/dev/null 2>&1 || continue
    # Debian ships Python without ensurepip: there `python -m venv` starts and then fails halfway.
    if "$candidate" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        exec "$candidate" "$@"
    fi
    bare=${bare:-$candidate}
done

if [ -n "$bare" ]; then
    echo "$bare has no venv module: install it (Debian and Ubuntu: apt-get install python3-venv) and run make again." >&2
else
    echo "Bursar needs Python 3.11 or newer: install it, or name it (make run PYTHON=/path/to/python3)." >&2
fi
exit 1

#!/bin/sh
# Installs Debian's hledger for the tests that let another program read our export (beancount comes with the test
# requirements). "quietly": at most one try, and no failure without it.
set -eu

if command -v hledger >/dev/null 2>&1; then
    [ "${1:-}" = quietly ] || echo "There is an hledger: $(command -v hledger)"
    exit 0
fi

tried=var/readers-tried
if [ "${1:-}" = quietly ]; then
    [ -e "$tried" ] && exit 0
    mkdir -p var
    : >"$tried" # a machine without a mirror is not made to wait at every test run
fi

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing hledger with apt-get (once) …"
    export DEBIAN_FRONTEND=noninteractive
    get="timeout 240 apt-get -qq -o Acquire::Retries=1 -o Acquire::http::Timeout=15"
    if { $get install -y --no-install-recommends hledger || { $get update && $get install -y --no-install-recommends hledger; }; } >/dev/null 2>&1 </dev/null; then
        echo "  installed"
        exit 0
    fi
    echo "apt-get could not install hledger: the test that reads the export with it is skipped."
else
    echo "No hledger here: the test that reads the export with it is skipped. Install it (Debian: apt-get install hledger)."
fi
[ "${1:-}" = quietly ]

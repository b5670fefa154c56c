#!/bin/sh
# Installs Debian's Chromium for the tests that look at pages. "quietly": at most one try, and no failure without it.
set -eu

for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null 2>&1; then
        [ "${1:-}" = quietly ] || echo "There is a browser: $(command -v "$name")"
        exit 0
    fi
done

tried=var/browser-tried
if [ "${1:-}" = quietly ]; then
    [ -e "$tried" ] && exit 0
    mkdir -p var
    : >"$tried" # a machine without a mirror is not made to wait at every test run
fi

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing chromium with apt-get (once) …"
    export DEBIAN_FRONTEND=noninteractive
    get="timeout 240 apt-get -qq -o Acquire::Retries=1 -o Acquire::http::Timeout=15"
    if { $get update && $get install -y --no-install-recommends chromium; } >/dev/null 2>&1 </dev/null; then
        echo "  installed"
        exit 0
    fi
    echo "apt-get could not install chromium: the tests that need a browser are skipped."
else
    echo "No Chromium here: the tests that need a browser are skipped. Install it (Debian: apt-get install chromium)."
fi
[ "${1:-}" = quietly ]

#!/bin/sh
# debian.sh PACKAGE [quietly] PROGRAM…: install a Debian package that some tests drive, unless one of its programs is here.
# "quietly": at most one try, and no failure without it; the tests that need it say so and are skipped.
set -eu

package=$1 && shift
quietly=no
if [ "$1" = quietly ]; then quietly=yes && shift; fi

for program in "$@"; do
    if command -v "$program" >/dev/null 2>&1; then
        [ $quietly = yes ] || echo "There is one: $(command -v "$program")"
        exit 0
    fi
done

tried=var/$package-tried
if [ $quietly = yes ]; then
    [ -e "$tried" ] && exit 0
    mkdir -p var
    : >"$tried" # a machine without a mirror is not made to wait at every test run
fi

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing $package with apt-get (once) …"
    export DEBIAN_FRONTEND=noninteractive
    get="timeout 240 apt-get -qq -o Acquire::Retries=1 -o Acquire::http::Timeout=15"
    install="$get install -y --no-install-recommends $package"
    if { $install || { $get update && $install; }; } >/dev/null 2>&1 </dev/null; then
        echo "  installed"
        exit 0
    fi
    echo "apt-get could not install $package: the tests that need it are skipped."
else
    echo "No $package here: the tests that need it are skipped. Install it (Debian: apt-get install $package)."
fi
[ $quietly = yes ]

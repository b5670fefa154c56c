"""Who PostgreSQL runs as: it refuses root and users without a name, so those start it as another; else as ourselves.

Two ways to be another, tried in this order and both proven by a probe before use:

1. as root, `setpriv` to the uid of nobody, keeping the one capability to pass by file permissions, because the checkout
   may lie below a directory that only root may enter. `no_setuid_fixup` makes access(2) honour that capability too:
   initdb asks access(2) whether it may run postgres. Needs what a container's root has by default.
2. a user namespace in which we are called nobody, where the first is not to be had (a container without those rights,
   or one started under a number that no user has). The files stay ours there.
"""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from dev.children import Unavailable

KEEP = ("--inh-caps", "+dac_override", "--ambient-caps", "+dac_override", "--securebits", "+no_setuid_fixup")
PROBE = 'test "$(id -u)" -ne 0 && test -w "$1" && test -x "$2" && "$2" --version'


@dataclass(frozen=True)
class Identity:
    """The words before a command that make it run as another, and the uid that owns its files."""

    prefix: tuple[str, ...]
    uid: int


def identity(directory: Path, program: Path) -> Identity:
    """Who runs `program` over `directory`, which is theirs afterwards. Raises Unavailable when there is no way."""
    here = os.geteuid()
    if here != 0 and _named(here):
        return Identity((), here)
    plain = _plain_user()
    become = ("setpriv", "--reuid", str(plain), "--regid", str(plain), "--clear-groups", *KEEP, "--")
    namespace = ("unshare", "--user", f"--map-user={plain}", f"--map-group={plain}", "--")
    for candidate in ([] if here else [Identity(become, plain)]) + [Identity(namespace, here)]:
        if _proven(candidate, directory, program):
            return candidate
    why = f"for user {here}, who has no name on this machine" if here else "as root"
    raise Unavailable(
        f"PostgreSQL does not run {why}, and nothing here lets it run as another user: "
        "run make as a normal user, or give DATABASE_URL."
    )


def _named(uid: int) -> bool:
    try:
        return bool(pwd.getpwuid(uid))
    except KeyError:
        return False


def _plain_user() -> int:
    """Nobody's uid, or that of any user who is not root: images without nobody exist."""
    users = {user.pw_name: user.pw_uid for user in pwd.getpwall() if user.pw_uid != 0}
    return users.get("nobody") or next(iter(users.values()), 65534)


def _proven(candidate: Identity, directory: Path, program: Path) -> bool:
    command = [*candidate.prefix, "sh", "-c", PROBE, "probe", str(directory), str(program)]
    try:
        _give(directory, candidate.uid)
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except OSError:  # the tool is missing, or this root may not even change an owner
        return False


def _give(directory: Path, uid: int) -> None:
    """Change the owner of everything inside, when it is not right already."""
    if directory.stat().st_uid == uid:
        return
    for parent, _, files in os.walk(directory):
        os.chown(parent, uid, uid)
        for name in files:
            os.chown(Path(parent) / name, uid, uid, follow_symlinks=False)

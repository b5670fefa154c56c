"""`make reset`: forget what `make run` kept. The environment stays, and so does a server whose URL was given."""

import os
import shutil
import sys

from dev import embedded, running, sockets
from dev.environment import DOCUMENTS, HOME, LOGS, SECRETS
from dev.roles import KEPT


def main() -> int:
    """1 with one sentence while it runs: its files are not pulled from under it."""
    if floor := running.found():
        print(f"Bursar is running here (process {floor.pid}): stop it first with Ctrl-C.", file=sys.stderr)
        return 1
    if HOME.is_dir():
        embedded.forget(HOME)
        sockets.forget(HOME)
    shutil.rmtree(HOME, ignore_errors=True)
    shutil.rmtree(LOGS, ignore_errors=True)
    if os.environ.get("DATABASE_URL") or os.environ.get("REDIS_URL"):
        # Its rows are sealed with these secrets: without them they could not be read again.
        print("Forgotten, but for the server whose URL is given and the secrets in var/ that belong to it.")
        return 0
    shutil.rmtree(DOCUMENTS, ignore_errors=True)
    SECRETS.unlink(missing_ok=True)
    KEPT.unlink(missing_ok=True)
    print("Forgotten: the next `make run` begins anew.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`python -m sandbox`: one process, a thread per connection, ended cleanly by SIGTERM or Ctrl-C."""

import sys

from sandbox.factory import assemble
from sandbox.serving import serve
from sandbox.settings import Settings, SettingsRefused


def main() -> int:
    """Serve until told to stop; 2 when the environment does not describe a sandbox."""
    try:
        settings = Settings.from_env()
    except SettingsRefused as refusal:
        print(f"sandbox: {refusal}", file=sys.stderr)
        return 2
    sandbox = assemble(settings)
    sandbox.worker.start()
    serve(sandbox.app, settings.host, settings.port)
    sandbox.worker.stop()
    sandbox.book.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

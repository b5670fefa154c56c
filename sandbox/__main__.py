"""`python -m sandbox`: one process, a thread per connection, ended cleanly by SIGTERM or Ctrl-C."""

import logging
import signal
import sys
import threading
from types import FrameType

from werkzeug.serving import make_server

from sandbox.factory import assemble
from sandbox.settings import Settings, SettingsRefused


def main() -> int:
    """Serve until told to stop; 2 when the environment does not describe a sandbox."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    # A line per request would bury what matters, and a demo makes thousands.
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    try:
        settings = Settings.from_env()
    except SettingsRefused as refusal:
        print(f"sandbox: {refusal}", file=sys.stderr)
        return 2
    sandbox = assemble(settings)
    server = make_server(settings.host, settings.port, sandbox.app, threaded=True)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        # shutdown() waits for serve_forever() to leave, so it cannot be called on the thread that serves.
        threading.Thread(target=server.shutdown, name="sandbox-stop").start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    sandbox.worker.start()
    logging.getLogger("sandbox").info("listening on http://%s:%d, book %s", settings.host, server.port, settings.book)
    server.serve_forever(poll_interval=0.1)
    sandbox.worker.stop()
    sandbox.book.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

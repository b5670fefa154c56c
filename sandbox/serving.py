"""How a vendor of the sandbox serves: a thread per connection, until SIGTERM or Ctrl-C."""

import logging
import signal
import threading
from types import FrameType

from flask import Flask
from werkzeug.serving import make_server


def serve(app: Flask, host: str, port: int) -> None:
    """Listen until told to stop; returns when the call under way is answered."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    # A line per request would bury what matters, and a demo makes thousands.
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = make_server(host, port, app, threaded=True)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        # shutdown() waits for serve_forever() to leave, so it cannot be called on the thread that serves.
        threading.Thread(target=server.shutdown, name="sandbox-stop").start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    logging.getLogger("sandbox").info("listening on http://%s:%d", host, server.port)
    server.serve_forever(poll_interval=0.1)

"""`python -m sandbox.exchange`: one process, a thread per connection, ended cleanly by SIGTERM or Ctrl-C."""

import logging
import sys

from sandbox.exchange.factory import assemble
from sandbox.exchange.settings import Settings
from sandbox.serving import serve
from sandbox.settings import SettingsRefused


def main() -> int:
    """Serve until told to stop; 2 when the environment does not describe an exchange."""
    try:
        settings = Settings.from_env()
    except SettingsRefused as refusal:
        print(f"sandbox.exchange: {refusal}", file=sys.stderr)
        return 2
    exchange = assemble(settings)
    logging.getLogger("sandbox").info("exchange, book %s", settings.book)
    serve(exchange.app, settings.host, settings.port)
    exchange.book.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

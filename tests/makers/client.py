"""The test client of the house."""

import contextvars
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse


class Browser(FlaskClient):
    """A client whose requests do not share a context with the test around them, as no browser does."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """One request in an empty context: what the test holds in `g` is not seen."""
        return contextvars.Context().run(super().open, *args, **kwargs)

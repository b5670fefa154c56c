"""Static files: addressed by their content, served by WhiteNoise, kept by browsers for a year."""

import hashlib
from functools import cache
from pathlib import Path

from flask import Flask
from whitenoise import WhiteNoise

STATIC = Path(__file__).parent / "static"
YEAR_SECONDS = 31_536_000


def register(app: Flask) -> None:
    """Serve /static and give `static_url` to templates."""
    hard = app.extensions["hard_headers"]
    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
        app.wsgi_app,
        root=STATIC,
        prefix="static/",
        max_age=YEAR_SECONDS,
        allow_all_origins=False,
        mimetypes={".svg": "image/svg+xml; charset=utf-8"},
        add_headers_function=lambda headers, _path, _url: [headers.add_header(*each) for each in hard.items()],
    )
    app.jinja_env.globals["static_url"] = static_url


@cache
def static_url(name: str) -> str:
    """The address of a static file, which changes with its content. Raises FileNotFoundError."""
    content = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()
    return f"/static/{name}?v={content[:12]}"

"""Puts the sandbox together: book, worker and faces (contract, checkout, control, desk, texts, registers, files)."""

from dataclasses import dataclass

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from sandbox import api, checkout, control, desk, files, registry, texts
from sandbox.answers import Refused, out_of_order
from sandbox.book import Book
from sandbox.settings import Settings
from sandbox.webhooks import Courier
from sandbox.worker import Worker

_CONTENT_POLICY = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'"


@dataclass(frozen=True, slots=True)
class Sandbox:
    """The assembled program."""

    app: Flask
    book: Book
    worker: Worker


def naira(kobo: int) -> str:
    """Kobo as people read them: `₦1,250.00`."""
    sign = "-" if kobo < 0 else ""
    whole, part = divmod(abs(kobo), 100)
    return f"{sign}₦{whole:,}.{part:02d}"


def assemble(settings: Settings) -> Sandbox:
    """Open the book and build the app; the worker is built but not started."""
    book = Book(settings.book, opening_balance_kobo=settings.opening_balance_kobo, durable=settings.durable)
    courier = Courier(book, secret_key=settings.secret_key, webhook_url=settings.webhook_url)
    worker = Worker(book, courier, settles=settings.settles)
    app = Flask("sandbox")
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the vendor's own order reads better beside its documents
    app.config["MAX_CONTENT_LENGTH"] = 1_000_000
    app.jinja_env.filters["naira"] = naira
    for face in (api, checkout, control, desk, texts, registry, files):
        app.register_blueprint(face.blueprint(book, settings, worker))

    @app.errorhandler(Refused)
    def refused(refusal: Refused) -> Response:
        return refusal.response()

    @app.errorhandler(HTTPException)
    def not_ours(trouble: HTTPException) -> Response:
        return Refused(trouble.code or 500, trouble.name).response()

    @app.errorhandler(Exception)
    def broken(trouble: Exception) -> Response:
        app.logger.error("%s %s broke", request.method, request.path, exc_info=trouble)
        return out_of_order().response()

    @app.after_request
    def guard(answer: Response) -> Response:
        answer.headers["Content-Security-Policy"] = _CONTENT_POLICY
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return Sandbox(app=app, book=book, worker=worker)

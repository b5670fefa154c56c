"""Puts the exchange together: its book, the venue's two faces, the feeds beside it, and control."""

from dataclasses import dataclass

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from sandbox.exchange import bank, control, gecko, luno, private, public
from sandbox.exchange.answers import Refused, out_of_order
from sandbox.exchange.book import Book
from sandbox.exchange.doors import Doors
from sandbox.exchange.settings import Settings


@dataclass(frozen=True, slots=True)
class Exchange:
    """The assembled program."""

    app: Flask
    book: Book


def assemble(settings: Settings) -> Exchange:
    """Open the book and build the app."""
    book = Book(settings.book, durable=settings.durable)
    doors = Doors(book, settings)
    app = Flask("sandbox.exchange")
    app.json.sort_keys = False  # type: ignore[attr-defined]  # newest first is an order of keys here
    app.config["MAX_CONTENT_LENGTH"] = 1_000_000
    app.register_blueprint(private.blueprint(doors))
    for face in (public, luno, gecko, bank, control):
        app.register_blueprint(face.blueprint(doors, settings))

    @app.errorhandler(Refused)
    def refused(refusal: Refused) -> Response:
        return refusal.response()

    @app.errorhandler(HTTPException)
    def not_ours(trouble: HTTPException) -> Response:
        if request.path.startswith("/0/"):
            return Refused("EGeneral:Unknown method").response()
        return Response(trouble.name, trouble.code or 500, mimetype="text/plain")

    @app.errorhandler(Exception)
    def broken(trouble: Exception) -> Response:
        app.logger.error("%s %s broke", request.method, request.path, exc_info=trouble)
        return out_of_order().response()

    @app.after_request
    def guard(answer: Response) -> Response:
        answer.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return Exchange(app=app, book=book)

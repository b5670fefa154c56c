"""`gunicorn bench.bare:app`: the product, and beside it on the same server a door that does one SELECT and no more."""

from flask import Flask
from sqlalchemy import create_engine, text
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from app.factory import create_app
from config import Settings

settings = Settings.from_env()
engine = create_engine(settings.database_url)
bare = Flask("bare")


@bare.get("/")
def one() -> dict[str, int]:
    """The least that a door which asks the database can do."""
    with engine.connect() as connection:
        return {"one": connection.execute(text("SELECT 1")).scalar_one()}


app = DispatcherMiddleware(create_app(settings), {"/bare": bare})

"""The measure itself works: a short form of `make bench`, which also shows that guards hold under threads."""

from sqlalchemy.engine import make_url

from bench import posting
from tests.conftest import Database


def test_short_run(database: Database) -> None:
    url = make_url(database.owner_url).set(drivername="postgresql").render_as_string(hide_password=False)
    figures = posting.run(url, calls=20, threads=4)
    assert len(figures) == 5
    assert all(figure.per_second > 0 for figure in figures)

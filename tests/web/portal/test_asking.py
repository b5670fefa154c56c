"""Pages of many wallets ask the database no more often than pages of one."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from app.core.db import db
from app.core.money import ASSETS, NGN, Money
from tests.makers import priced, trading
from tests.makers.coins import BTC
from tests.makers.people import naira
from tests.web.portal.conftest import at_home

PAGES = ("/", "/prices", "/portfolio", "/assets/BTC", "/trade?get=BTC", "/wallets")


@contextmanager
def asked(app: Flask) -> Iterator[list[str]]:
    """Every statement that the application sends meanwhile."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


def statements_of(app: Flask, visitor: FlaskClient, page: str) -> int:
    assert visitor.get(page).status_code == 200  # (what a process keeps is kept from here on)
    with asked(app) as statements:
        assert visitor.get(page).status_code == 200
    return len(statements)


@pytest.mark.parametrize("page", PAGES)
def test_more_wallets_are_no_more_questions(app: Flask, inside: Flask, page: str) -> None:
    priced.at()
    everything = [Money(asset, 10**asset.decimals) for asset in ASSETS.values() if asset != NGN]
    few, many = trading.dealer(naira(1_000), Money(BTC, 10**8)), trading.dealer(naira(1_000), *everything)
    asked_for_few = statements_of(app, at_home(app, few), page)
    asked_for_many = statements_of(app, at_home(app, many), page)
    assert asked_for_many == asked_for_few

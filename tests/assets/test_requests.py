"""A new asset is a row: asked for by one, agreed to by another, and then traded, held, shown and exported."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from app.assets import errors, requests
from app.core import actor
from app.core.db import leave, rows, transaction, whole_books
from app.core.money import ASSETS, NGN, Asset, parse
from app.core.permissions import Role
from app.governance import errors as governance_errors
from app.governance import flows
from app.governance import service as governance
from app.governance.rules import State
from app.ledger import assets, balances, chart, export, posting, trial
from app.ledger.errors import NoSuchAsset
from app.ledger.export import Format
from app.ledger.journal import Journal, credit, debit
from app.ledger.whole import Span
from app.risk import rules as risk
from app.wallets import service as wallets
from tests.makers import asking, books, browse, people
from tests.web.console.conftest import enter

pytestmark = pytest.mark.usefixtures("inside")
TEST = actor.system("test")
FORM = {
    "code": "DOGE", "decimals": "8", "name": "Dogecoin", "network": "Dogecoin", "mark": "Ð", "colour": "#7A6312",
    "digits": "4", "trade_min": "10", "send_min": "1", "position": "80", "open": "yes", "reason": "Customers ask.",
}  # fmt: skip


def decided(asked_id: str, *, by: str) -> None:
    """Somebody's yes, and what follows from it."""
    (row,) = rows("SELECT payload_hash FROM approval_requests WHERE id = :id", id=asked_id)
    leave()
    with transaction(who := actor.operator(by)):
        assert governance.approve(asked_id, operator_id=by, shown=row.payload_hash, actor=who) is State.APPROVED
    flows.carry_out(asked_id, actor=TEST)


@pytest.fixture(scope="module")
def doge(app: Flask) -> Iterator[Asset]:
    """Through the console, by finance and treasury: the only code in it is this form."""
    with app.app_context():
        finance, treasury = enter(app, Role.FINANCE), enter(app, Role.TREASURY)
        assert "DOGE" not in ASSETS
        leave()
        sent = browse.send(finance, "/console/assets", **FORM, key=books.fresh())
        assert sent.status_code == 303, sent.text
        place = sent.location
        shown = treasury.get(place).text
        assert "Dogecoin" in shown
        assert "DOGE 10.00000000" in shown
        (row,) = rows("SELECT id, payload_hash FROM approval_requests WHERE id = :id", id=place.rpartition("/")[2])
        leave()
        assert browse.send(finance, f"{place}/approve", form_at=place, shown=row.payload_hash).status_code != 303
        assert browse.send(treasury, f"{place}/approve", form_at=place, shown=row.payload_hash).status_code == 303
        flows.carry_out(row.id, actor=TEST)
        yield ASSETS["DOGE"]


class TestAnAssetThatIsNew:
    def test_is_there_with_its_look_and_its_terms(self, doge: Asset) -> None:
        assert doge == Asset("DOGE", 8)
        assert (doge.ticker, doge.name, doge.network, doge.digits, doge.colour, doge.mark) == (
            "DOGE", "Dogecoin", "Dogecoin", 4, "#7a6312", "Ð",
        )  # fmt: skip
        terms = assets.terms("DOGE")
        assert (terms.trade_min, terms.send_min) == (parse("10", asset=doge), parse("1", asset=doge))
        assert terms.open
        assert "asset:DOGE" in risk.switch_scopes(ASSETS)

    def test_has_every_account_that_the_house_keeps_in_each(self, doge: Asset) -> None:
        for template in chart.IN_EVERY_ASSET:
            assert balances.of(chart.house(template, asset=doge)).booked.asset == doge
            assert balances.of(chart.house(template, asset=NGN)).booked.asset == NGN

    def test_is_bought_held_and_exported(self, doge: Asset, client: FlaskClient) -> None:
        owner = people.customer()
        bought, paid = parse("1234.56789012", asset=doge), people.naira(5_000)
        with transaction(TEST):
            wallets.open_wallet(owner.id, asset=doge)
        mine = chart.of_customer(owner.id, asset=doge)
        legs = (
            debit(chart.house(chart.DEALING, asset=doge), bought),
            credit(mine, bought),
            debit(chart.house(chart.PAYSTACK, asset=NGN), paid),
            credit(chart.house(chart.DEALING, asset=NGN), paid),
        )
        with transaction(TEST):
            posting.post(Journal("trading.bought", books.fresh("ord"), legs), key=books.fresh())
            held = posting.hold(mine, amount=parse("234.56789012", asset=doge), key=books.fresh(), ref="x")
        assert balances.of(mine).available == parse("1000", asset=doge)
        leave()
        browse.come_in(client, owner.email)
        home = client.get("/").text
        assert "Dogecoin" in home
        assert 'title="DOGE 1,234.56789012"' in home
        assert "1,234.5678 DOGE" in home
        assert 'fill="#7a6312"' in home
        with transaction(TEST):
            posting.release(held.hold_id)
        told = {}
        for format_ in Format:
            with whole_books():
                told[format_] = "".join(export.export(format_, Span()))
        assert "commodity DOGE" in told[Format.BEANCOUNT]
        assert "1234.56789012 DOGE" in told[Format.BEANCOUNT]
        assert "commodity 1000.00000000 DOGE" in told[Format.HLEDGER]
        assert f"{mine},DOGE,-1234.56789012" in told[Format.CSV]
        assert sum(line.balance.units for line in trial.trial_balance() if line.asset == "DOGE") == 0

    def test_is_seen_at_the_console(self, doge: Asset, app: Flask) -> None:
        auditor = enter(app, Role.AUDITOR)
        listed = auditor.get("/console/assets").text
        assert f"/console/assets/{doge.code}" in listed
        assert "Ask for another asset" not in listed
        assert "never change" in listed
        assert "8, 4 shown" in listed

    def test_cannot_be_asked_for_again(self, doge: Asset) -> None:
        finance = people.operator(Role.FINANCE)[0]
        leave()
        with pytest.raises(errors.AssetThere), transaction(who := actor.operator(finance)):
            requests.request_new(asking.facts(doge.code), reason="x", maker=finance, actor=who)


class TestWhatAProcessKnows:
    def test_of_a_code_that_is_not_known_it_looks_again(self) -> None:
        """As another process does: what it keeps is from before."""
        known = dict(assets.known(None))
        code = added()
        assert code not in known
        assert code in assets.known(code)
        assert "NOSUCH" not in ASSETS
        assert ASSETS["NGN"] is NGN

    def test_how_one_looks_is_old_for_a_minute_at_most(self) -> None:
        code = added()
        assert ASSETS[code].name == "Test coin"
        changed(code, name="Other coin")
        leave()
        assets.freshen()
        assert ASSETS[code].name == "Test coin"
        leave()
        assets.freshen(seconds=0)  # (as if a minute had passed)
        assert ASSETS[code].name == "Other coin"

    def test_its_terms_are_read_each_time(self) -> None:
        code = added()
        assert assets.terms(code).open
        changed(code, open=False)
        assert not assets.terms(code).open
        with pytest.raises(NoSuchAsset):
            assets.terms("NOSUCH")


class TestAChange:
    def test_keeps_what_it_is_counted_in(self) -> None:
        code, finance = added(), people.operator(Role.FINANCE)[0]
        leave()
        for facts in (asking.facts(code, decimals=9), asking.facts(code)):
            with pytest.raises(errors.BadAsset), transaction(who := actor.operator(finance)):
                requests.request_change(facts, reason="x", maker=finance, actor=who)

    def test_is_asked_for_once_and_about_what_is_there(self) -> None:
        code, finance = added(), people.operator(Role.FINANCE)[0]
        leave()
        other = replace(asking.facts(code), position=1)
        with transaction(who := actor.operator(finance)):
            asked = requests.request_change(other, reason="x", maker=finance, actor=who)
        with pytest.raises(errors.AssetAskedAlready), transaction(who):
            requests.request_change(replace(other, position=2), reason="x", maker=finance, actor=who)
        with pytest.raises(NoSuchAsset), transaction(who):
            requests.request_change(replace(other, code="NOSUCH"), reason="x", maker=finance, actor=who)
        decided(asked.id, by=people.operator(Role.TREASURY)[0])
        assert assets.terms(code).version == 2

    def test_of_naira_leaves_its_look(self) -> None:
        finance = people.operator(Role.FINANCE)[0]
        present = requests.facts_of(assets.terms("NGN"))
        leave()
        with pytest.raises(errors.BadAsset, match="Naira looks"), transaction(who := actor.operator(finance)):
            requests.request_change(replace(present, colour="#123456"), reason="x", maker=finance, actor=who)

    def test_is_not_for_who_may_not_ask(self) -> None:
        support = people.operator(Role.SUPPORT)[0]
        leave()
        with pytest.raises(governance_errors.NotAllowedToAsk), transaction(who := actor.operator(support)):
            requests.request_new(asking.facts("NEVER"), reason="x", maker=support, actor=who)


class TestTheDatabase:
    def test_writes_no_asset_that_nobody_agreed_to(self, app: Flask) -> None:
        finance = people.operator(Role.FINANCE)[0]
        leave()
        asked = asking.new_asset(finance)
        for request_id in (asked.id, "apr_none"):
            with pytest.raises(DBAPIError) as refused, transaction(TEST):
                assets.set_by(request_id)
            assert getattr(refused.value.orig, "pgcode", "") == "BU005"

    def test_writes_what_was_agreed_to_once(self) -> None:
        code = added()
        (row,) = rows("SELECT request_id FROM ledger.asset_versions WHERE code = :code", code=code)
        leave()
        with pytest.raises(DBAPIError), transaction(TEST):
            assets.set_by(row.request_id)

    def test_lets_nobody_change_a_row(self, owner_engine: Engine) -> None:
        for statement in ("UPDATE ledger.assets SET decimals = 3", "UPDATE ledger.asset_versions SET open = false"):
            with owner_engine.connect() as connection, pytest.raises(DBAPIError):
                connection.execute(text(statement))

    def test_begins_with_assets_that_fit_the_rules(self) -> None:
        for terms in assets.all_terms():
            facts = requests.facts_of(terms)
            assert asking.rules.fault_of(facts) == "", facts.code
            assert (terms.asset.ticker, terms.asset.decimals) == (facts.ticker, facts.decimals)


class TestTheForm:
    @pytest.mark.parametrize(
        ("typed", "told"),
        [
            ({"code": "x"}, "capital letters"),
            ({"decimals": "many"}, "whole number"),
            ({"trade_min": "0.000000001"}, "at most 8 decimals"),
            ({"colour": "#ffffff"}, "dark enough"),
            ({"reason": ""}, "Say why"),
        ],
    )
    def test_keeps_what_was_typed(self, app: Flask, typed: dict[str, str], told: str) -> None:
        fields = FORM | {"code": "NEVER2"} | typed
        answer = browse.send(enter(app, Role.FINANCE), "/console/assets", **fields, key=books.fresh())
        assert answer.status_code == 422
        assert told in answer.text
        assert "Dogecoin" in answer.text


def added() -> str:
    """An asset that two people agreed to: its code."""
    asked = asking.new_asset(people.operator(Role.FINANCE)[0])
    decided(asked.id, by=people.operator(Role.TREASURY)[0])
    return str(asked.payload["asset"]["code"])


def changed(code: str, **other: object) -> None:
    """Have two people change it."""
    facts = requests.facts_of(assets.terms(code))
    leave()
    finance = people.operator(Role.FINANCE)[0]
    with transaction(who := actor.operator(finance)):
        asked = requests.request_change(replace(facts, **other), reason="x", maker=finance, actor=who)  # type: ignore[arg-type]
    decided(asked.id, by=people.operator(Role.TREASURY)[0])

"""A wallet of our own on a chain: its account, what our node tells of it, and its own list of what moved."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.closing import checklist, figures, held, invariants, queries
from app.closing.results import Asked, Result
from app.closing.rules import Light, Span
from app.core.db import db, leave, rows, transaction
from app.core.money import ASSETS, Money
from app.governance import queries as governance
from app.ledger import balances
from app.ledger.journal import Journal, credit, debit
from app.matching import queries as matching
from app.matching import rules, service
from app.statements import errors, flows, saying
from app.statements import queries as sources
from app.statements import service as statements
from app.statements.rules import Days
from reports import reserves
from tests.makers import books, chains, ruled
from tests.makers.matching import TEST

pytestmark = pytest.mark.usefixtures("inside")
AT = datetime(2026, 3, 6, tzinfo=UTC)
MARCH = Span(date(2026, 3, 1), date(2026, 3, 31))
ADDRESS = "bc1qhot"


def source(format_name: str, account: str, *, asset: str = "BTC", address: str = ADDRESS) -> str:
    """A source for a wallet as two agreed, by its name."""
    source_id = bare(format_name, address=address)
    ruled.agree(ruled.ask_wallet(source_id, account, asset=asset))
    name = sources.one_source_for_operators(source_id).name
    leave()
    return name


def told(name: str, balance: str, *, at: datetime = AT, address: str = ADDRESS) -> str:
    """Bring a file of our node: the import's id."""
    own = {"asset": "BTC", "address": address, "block_height": 881_235, "as_of": at.isoformat(), "balance": balance}
    body = json.dumps([own, own | {"address": "bc1qother", "balance": "7"}]).encode()
    made, _ = flows.bring(name, name=books.fresh("balances"), body=body, actor=TEST)
    found = made.id
    leave()
    return found


def booked(account: str, satoshi: int, *, at: datetime, ref: str = "") -> None:
    """Let something take effect in the books of a wallet."""
    amount = Money(ASSETS["BTC"], satoshi)
    legs = (debit(account, amount), credit("equity:capital:BTC", amount))
    books.post(Journal("test.moved", ref or books.fresh("ref"), legs, effective_at=at))
    leave()


def run(account: str) -> None:
    """Match what there is."""
    with transaction(TEST):
        service.run(account, rules=rules.STANDARD, version=0, as_of=AT, whole=True, why="", actor=TEST)
    leave()


def node(account: str, span: Span = MARCH) -> Result:
    """What the node says beside the books."""
    found = held.node(Asked(account, span, figures.of(account, span)))
    leave()
    return found


@pytest.fixture
def wallet() -> Iterator[str]:
    """The account of a wallet that nobody has set up yet."""
    yield f"asset:wallet:{books.fresh('hot')}:BTC"
    leave()


def bare(format_name: str, *, address: str = ADDRESS) -> str:
    """A source that nothing stands for, by its id."""
    own: dict[str, object] = {"account": address}
    with transaction(TEST):
        made = statements.add_source(books.fresh("src"), title="Hot wallet", format_name=format_name, settings=own).id
    leave()
    return made


def test_its_account_is_opened_by_two_with_its_first_source(wallet: str) -> None:
    source_id = bare("chain-balances")
    asked = ruled.ask_wallet(source_id, wallet)
    with pytest.raises(LookupError):
        balances.of(wallet)
    leave()
    ruled.agree(asked)
    assert (balances.of(wallet).booked.units, sources.accounts_for_operators(source_id)) == (0, {"BTC": wallet})
    assert balances.of("expense:network_fees:BTC").booked.units == 0
    (opened,) = rows("SELECT action FROM audit.records WHERE table_name = 'accounts' AND row_id = :of", of=wallet)
    assert opened.action == "insert"
    leave()
    source("bitcoin-core", wallet)
    with pytest.raises(errors.TakenAlready):
        ruled.ask_wallet(source_id, wallet)


def test_nothing_else_is_opened_so(wallet: str) -> None:
    for format_name, account in (
        ("kraken-ledgers", wallet),
        ("chain-balances", wallet.replace("BTC", "NONE")),
        ("chain-balances", wallet.replace("wallet:", "wallet:A b")),
        ("chain-balances", "asset:wallet::BTC"),
        ("chain-balances", "asset:bank:BTC"),
    ):
        with pytest.raises(errors.NoSuchAccount):
            ruled.ask_wallet(bare(format_name), account)
        leave()


def otherwise(source_id: str, address: str) -> None:
    """Say at the source that it is for another address."""
    with transaction(TEST):
        own = sources.one_source_for_operators(source_id)
        statements.change_source(
            own, title=own.title, settings={"account": address}, lag_days=own.lag_days, cut_off=own.cut_off
        )
    leave()


def test_two_agree_to_one_address_and_it_stays(wallet: str) -> None:
    source_id = bare("chain-balances")
    asked = ruled.ask_wallet(source_id, wallet)
    request_id = asked.id
    otherwise(source_id, "bc1qanybodys")
    ruled.agree(asked)
    found = governance.one_for_operators(request_id).request
    assert (found.state, found.result) == ("failed", errors.OtherWallet.message)
    assert sources.accounts_for_operators(source_id) == {}
    leave()
    ruled.agree(ruled.ask_wallet(source_id, wallet))
    with pytest.raises(errors.AddressStays):
        otherwise(source_id, "bc1qother")
    leave()
    with pytest.raises(DBAPIError, match="is what was agreed to"), transaction(TEST):
        db.session.execute(text("UPDATE statement_sources SET settings = '{}' WHERE id = :id"), {"id": source_id})
    leave()
    with pytest.raises(errors.BadSource):
        ruled.ask_wallet(bare("chain-balances", address=""), wallet)


def test_nobody_alone_has_another_source_tell_of_a_wallet(wallet: str) -> None:
    name, rich = source("chain-balances", wallet), bare("chain-balances", address="bc1qanybodys")
    with pytest.raises(errors.WalletNeedsTwo), transaction(TEST):
        statements.stand_for(rich, asset="BTC", account=wallet)
    leave()
    asked = ruled.ask_wallet(rich, wallet)
    with pytest.raises(DBAPIError, match="does not let this source"), transaction(TEST):
        statements.stand_for(rich, asset="BTC", account=wallet, request_id=asked.id)  # (nobody agreed yet)
    leave()
    ruled.approve(asked)
    with transaction(TEST):
        db.session.execute(
            text("UPDATE statement_sources SET settings = :said WHERE id = :id"),
            {"id": rich, "said": json.dumps({"account": "bc1qricher"})},
        )
    with pytest.raises(DBAPIError, match="does not let this source"), transaction(TEST):
        statements.stand_for(rich, asset="BTC", account=wallet, request_id=asked.id)  # (of another address)
    leave()
    own = sources.source_for_operators(name).id
    told(name, "1")
    with pytest.raises(errors.StandsFor), transaction(TEST):
        statements.stand_for(own, asset="BTC", account="asset:venue:kraken:BTC")
    leave()
    with transaction(TEST):
        statements.stand_for(own, asset="BTC", account=wallet)  # (as it is: its tolerance alone may be less)
    leave()


def test_an_address_is_one_wallet_however_it_is_written_and_whoever_tells_of_it(wallet: str) -> None:
    address = "0x" + "aB" * 20
    first, second = (source("chain-balances", wallet, address=each) for each in (address, address.lower()))
    booked(wallet, 300_000_000, at=AT - timedelta(days=1))
    told(first, "2", address=address, at=AT - timedelta(hours=2))
    told(second, "2.5", address=address.upper().replace("X", "x"), at=AT - timedelta(hours=1))
    told(first, "3", address=address.lower())
    (place,) = [one for each in reserves.at(AT + timedelta(days=1)) for one in each.places if one.code == wallet]
    assert place.told is not None
    assert (place.told.amount, place.told.at, place.differs) == (Decimal(3), AT, Decimal(0))
    leave()
    assert (node(wallet).holds, node(wallet).one) == (True, "3")


def test_a_month_in_which_no_node_told_of_a_wallet_is_no_green_one(wallet: str) -> None:
    listed = source("bitcoin-core", wallet)
    flows.bring(listed, name="list", body=chains.BITCOIN, actor=TEST)
    leave()
    found = node(wallet)
    assert (found.holds, found.blocks, found.first) == (False, False, "no node told of it")
    checks = {one.name: one for one in checklist.of(checklist.given(MARCH))}
    assert checks["balance"].light == Light.AMBER
    assert f"{wallet}: I13, no node told of it" in checks["balance"].said
    leave()
    day = date(2026, 3, 1)
    assert node(wallet, Span(day, day)).holds is None
    bank = Span(date(2026, 2, 20), date(2026, 3, 31))
    assert (node(wallet, bank).holds, node("asset:bank:NGN", bank).holds) == (False, None)


def test_the_node_is_right_at_its_block_whatever_moved_since(wallet: str) -> None:
    name = source("chain-balances", wallet)
    booked(wallet, 240_000_000, at=AT - timedelta(days=1))
    booked(wallet, 1_985_242, at=AT)
    booked(wallet, 500, at=AT + timedelta(minutes=1))
    assert node(wallet).holds is False
    told(name, "2.41985242")
    found = node(wallet)
    assert (found.name, found.holds, found.one, found.other) == ("I13", True, "2.41985242", "2.41985242")
    assert found.said == "at 6 March 2026, 01:00"
    assert node(wallet, Span(date(2026, 3, 7), date(2026, 3, 31))).holds is None


def test_it_is_red_with_the_wallet_that_has_something_else(wallet: str) -> None:
    name = source("chain-balances", wallet)
    booked(wallet, 240_000_000, at=AT - timedelta(days=1))
    told(name, "2.4", at=AT - timedelta(hours=1))
    import_id = told(name, "2.39")
    found = node(wallet)
    assert (found.holds, found.one, found.other, found.blocks) == (False, "2.39", "2.4", False)
    assert found.first == f"{ADDRESS} at block 881235"
    (file,) = rows("SELECT id FROM statement_files WHERE import_id = :of", of=import_id)
    assert found.place == ("console.statement_file", {"file_id": file.id})
    told(name, "2.4000")  # (of one moment told twice what came last counts)
    assert node(wallet).holds is True


def test_several_wallets_of_one_account_are_held_together_at_one_moment(wallet: str) -> None:
    first, second = source("chain-balances", wallet), source("chain-balances", wallet, address="bc1qcold")
    booked(wallet, 500_000_000, at=AT - timedelta(days=1))
    told(first, "2")
    told(second, "3", address="bc1qcold", at=AT + timedelta(hours=1))
    found = node(wallet)
    assert (found.holds, found.said) == (False, "its wallets were told of at different moments")
    assert found.first == "bc1qhot not told of at 6 March 2026, 02:00, as bc1qcold at block 881235 was"
    assert node(wallet, Span(date(2026, 3, 6), date(2026, 3, 31))).holds is None  # (no whole month)
    told(second, "3", address="bc1qcold")
    assert (node(wallet).holds, node(wallet).one) == (True, "5")


def test_a_balance_covers_no_days_and_nobody_can_say_that_it_does(wallet: str) -> None:
    name = source("chain-balances", wallet)
    import_id = told(name, "1")
    own = sources.source_for_operators(name)
    assert sources.coverage_for_operators(own.id) == []
    (part,) = sources.parts_for_operators(import_id)
    assert (part.ref, part.account, part.closing, part.closes_at, part.closes_on) == (
        *("block 881235", ADDRESS, Decimal(1), AT),
        date(2026, 3, 6) - timedelta(days=1),
    )
    (one,) = rows("SELECT rows_total, rows_lines, rows_ignored FROM statement_imports WHERE id = :id", id=import_id)
    assert tuple(one) == (2, 0, 2)
    (file,) = sources.files_for_operators(own.id)
    file_id = file[0].id
    leave()
    with pytest.raises(errors.NotItsDays), transaction(TEST):
        saying.say(file_id, days=Days(AT.date(), AT.date()), reason="All of it.", actor=TEST)
    leave()
    own = sources.source_for_operators(name)
    with pytest.raises(errors.AddressStays), transaction(TEST):
        statements.change_source(own, title="Hot", settings={"account": "bc1qelse"}, lag_days=1, cut_off=own.cut_off)
    leave()


def test_reserves_and_the_closing_know_what_the_node_told(wallet: str) -> None:
    name = source("chain-balances", wallet)
    booked(wallet, 240_000_000, at=AT - timedelta(days=1))
    assert [(one.mapped, one.told) for one in queries.outside_for_operators(MARCH) if one.account == wallet] == [
        (False, False)
    ]
    told(name, "2.5")
    run(wallet)
    (outside,) = [one for one in queries.outside_for_operators(MARCH) if one.account == wallet]
    assert (outside.told, outside.balance) == (True, Decimal("2.4"))
    (place,) = [one for each in reserves.at(AT + timedelta(days=1)) for one in each.places if one.code == wallet]
    assert place.told is not None
    assert (place.told.amount, place.told.at, place.told.who) == (Decimal("2.5"), AT, "Hot wallet, block 881235")
    assert place.differs == Decimal("0.1")
    checks = {one.name: one for one in checklist.of(checklist.given(MARCH))}
    assert checks["balance"].light == Light.AMBER
    assert f"{wallet}: I13, {ADDRESS} at block 881235" in checks["balance"].said
    assert wallet not in checks["explained"].said
    april = Span(date(2026, 4, 1), date(2026, 4, 30))
    assert [one.told for one in queries.outside_for_operators(april) if one.account == wallet] == [False]
    leave()


def test_its_own_list_is_matched_line_by_line_and_the_node_beside_it(wallet: str) -> None:
    listed, node_of = source("bitcoin-core", wallet), source("chain-balances", wallet)
    at = datetime(2026, 3, 1, 11, tzinfo=UTC)
    booked(wallet, 50_000_000, at=at, ref="aa" * 32)
    booked(wallet, -30_001_200, at=at, ref="bb" * 32)  # two outputs and their fee, as one sum
    flows.bring(listed, name="list", body=chains.BITCOIN, actor=TEST)
    leave()
    told(node_of, "0.199988")
    run(wallet)
    proof = matching.proof_for_operators(wallet)
    assert (proof.told, proof.booked, proof.breaks, proof.ties) == (
        *(Decimal("0.199988"), Decimal("0.199988")),
        *(Decimal(0), True),
    )
    leave()
    one = Span(at.date(), at.date())
    results = {each.name: each for each in invariants.prove(Asked(wallet, one, figures.of(wallet, one)))}
    assert (results["I4"].holds, results["I6"].holds, results["I13"].holds) == (True, True, None)
    month = {each.name: each for each in invariants.prove(Asked(wallet, MARCH, figures.of(wallet, MARCH)))}
    assert (month["I4"].holds, month["I4"].one, month["I6"].holds, month["I13"].holds) == (True, "6", True, True)


def test_that_nobody_tells_of_a_wallet_any_more_is_what_two_agree_to(wallet: str) -> None:
    name = source("chain-balances", wallet)
    source("bitcoin-core", wallet)  # (told nothing yet)
    own = sources.source_for_operators(name).id
    assert sources.told_accounts_for_operators(own) == []
    told(name, "1")
    assert sources.told_accounts_for_operators(own) == [wallet]
    leave()
    with pytest.raises(errors.RetiringNeedsTwo), transaction(TEST):
        statements.retire(own)
    leave()
    ruled.retire(name)


def test_a_node_that_says_nothing_more_is_late(wallet: str) -> None:
    name = source("chain-balances", wallet)
    told(name, "1", at=AT - timedelta(days=9))
    told(name, "1")
    late = [days for one, days in sources.late_for_system(AT + timedelta(days=6)) if one.name == name]
    leave()
    assert late == [[Days(date(2026, 3, 6), date(2026, 3, 8))]]

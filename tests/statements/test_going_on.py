"""How a source is read stays once it told of something; what goes on with it tells nothing a second time."""

import io
from dataclasses import asdict
from datetime import date
from decimal import Decimal

import pytest

from app.closing import sheets
from app.closing.rules import month_of
from app.core.db import leave, rows, transaction
from app.statements import flows, queries, service
from app.statements.errors import Settled
from app.statements.formats.settings import Profile
from app.statements.models import Import, Source
from app.statements.rules import Days
from tests.makers import ruled
from tests.makers.books import fresh
from tests.makers.matching import TEST, Outside
from tests.makers.statements import sample

pytestmark = pytest.mark.usefixtures("inside")
MARCH = month_of(date(2026, 3, 1))
HEAD = "txid,refid,time,type,subtype,aclass,asset,amount,fee,balance\n"
BANK = "Date,Ref,Remarks,Debit,Credit,Balance\n"
TOLD = """
SELECT l.booked_on, l.delta, l.basis FROM statement_lines l JOIN statement_sources s ON s.id = l.source_id
 WHERE s.name = :source ORDER BY l.id
"""


def row(day: int, naira: int, balance: int, name: str, *, hour: int = 9) -> str:
    """A row of a Kraken ledger of March."""
    return f"{name},R{name},2026-03-{day:02} {hour:02}:00:00,deposit,,currency,NGN,{naira},0,{balance}\n"


def banked(*, narration: str = "", counterparty: str = "") -> dict[str, object]:
    """Settings of a bank's CSV."""
    profile = Profile(
        date="Date", reference="Ref", debit="Debit", credit="Credit", balance="Balance", narration=narration,
        counterparty=counterparty,
    )  # fmt: skip
    return {"zone": "Africa/Lagos", "asset": "NGN", "profile": asdict(profile)}


def source_of(outside: Outside, format_name: str, settings: dict[str, object], *, continues: str = "") -> Source:
    """Another source of the account, that is brought from now on."""
    with transaction(TEST):
        made = service.add_source(
            fresh("src"), title="A teller", format_name=format_name, settings=settings, continues=continues
        )
        service.stand_for(made.id, asset="NGN", account=outside.account)
    leave()
    outside.source = made.name
    return made


def retired(outside: Outside) -> str:
    """Retire the source: its id."""
    return ruled.retire(outside.source)


def brought(outside: Outside, body: str) -> Import:
    told, _ = flows.bring(outside.source, name=fresh("file"), body=body.encode(), actor=TEST)
    leave()
    assert told.rows_total == told.rows_lines + told.rows_ignored + told.rows_rejected
    return told


def told(outside: Outside) -> list[tuple[int, int, str]]:
    """Lines of the source: the day of March, how much, and by what."""
    found = [(each.booked_on.day, int(each.delta), each.basis) for each in rows(TOLD, source=outside.source)]
    leave()
    return found


def balance_holds(outside: Outside) -> bool | None:
    """Whether all that was told is the balance told."""
    found = next(one.holds for one in sheets.of(outside.account, MARCH).results if one.name == "I12")
    leave()
    return found


def change(source: Source, settings: dict[str, object]) -> None:
    with transaction(TEST):
        service.change_source(
            source, title=source.title, settings=settings, lag_days=source.lag_days, cut_off=source.cut_off
        )


def test_what_would_tell_lines_again_is_not_changed() -> None:
    outside = Outside()
    bank = source_of(outside, "bank-csv", banked())
    lines = f"{BANK}01/03/2026,A,x,,100,100\n02/03/2026,B,y,,50,150\n"
    brought(outside, lines)
    wrong: tuple[dict[str, object], ...] = (
        banked(narration="Remarks"),
        banked() | {"zone": "UTC"},
        banked() | {"account": "Zenith main"},
        banked() | {"date_order": "mdy"},
        banked() | {"asset": "USD"},
        banked(counterparty="Payee"),  # (no file of its could be read so)
    )
    for settings in wrong:
        with pytest.raises(Settled):
            change(bank, settings)
        leave()
    same = banked() | {"bank_reference_is_id": True}
    change(bank, same)  # (this format does not look at it)
    leave()
    assert queries.source_for_operators(bank.name).settings == same
    again = brought(outside, f"{lines}03/03/2026,C,z,,1,151\n")
    assert (again.lines_added, again.lines_known) == (1, 2)


def test_a_unit_that_would_tell_other_amounts_is_not_changed() -> None:
    outside = Outside()
    teller = source_of(outside, "paystack-transactions", {"zone": "Africa/Lagos", "unit": "major"})
    brought(outside, sample("scenario_a/paystack_transactions.csv").decode())
    with pytest.raises(Settled):
        change(teller, {"zone": "Africa/Lagos", "unit": "minor"})
    leave()


def test_what_goes_on_tells_nothing_of_days_that_were_told_of() -> None:
    outside, names = Outside(), [fresh("L") for _ in range(3)]
    first, second, third = row(1, 100, 100, names[0]), row(10, 10, 110, names[1]), row(31, 10, 120, names[2])
    brought(outside, HEAD + first + second)
    source_of(outside, "kraken-ledgers", {}, continues=retired(outside))
    both = brought(outside, HEAD + first + second + third)
    assert (both.rows_total, both.rows_ignored, both.lines_added) == (3, 2, 1)
    (ignored, _) = queries.other_rows_for_operators(both.id, outcomes=("ignored",))
    assert ignored.reason == "told by the source that this one goes on with, to 10 March 2026"
    assert [(part.opening, part.closing, part.period_from) for part in queries.parts_for_operators(both.id)] == [
        (Decimal(110), Decimal(120), date(2026, 3, 11))
    ]
    leave()
    assert (told(outside), outside.proof.told, balance_holds(outside)) == ([(31, 10, "row")], Decimal(120), True)
    none = brought(outside, HEAD + first)
    assert (none.rows_ignored, none.lines_total) == (1, 0)
    outside.run()
    assert (outside.proof.told, outside.proof.ties) == (Decimal(120), True)


def test_the_rest_of_a_day_that_was_told_of_in_part_is_in_what_is_counted() -> None:
    """By what the balance before the next day says; without ids nothing tells which rows are new."""
    outside = Outside()
    source_of(outside, "bank-csv", banked())
    brought(outside, f"{BANK}01/03/2026,A,x,,100,100\n10/03/2026,B,y,,10,110\n")
    source_of(outside, "bank-csv", banked(narration="Remarks"), continues=retired(outside))
    rest = "10/03/2026,B,y,,10,110\n10/03/2026,C,z,,7,117\n11/03/2026,D,w,,3,120\n"
    brought(outside, f"{BANK}01/03/2026,A,x,,100,100\n{rest}")
    assert told(outside) == [(11, 3, "row"), (10, 7, "opening")]
    assert (outside.proof.told, balance_holds(outside)) == (Decimal(120), True)


def test_lines_with_ids_of_a_day_that_was_told_of_in_part_are_known_by_them() -> None:
    outside, names = Outside(), [fresh("L") for _ in range(3)]
    first, half = row(1, 100, 100, names[0]), row(2, 10, 110, names[1], hour=3)
    body = (HEAD + first + half).encode()
    day = Days(date(2026, 3, 1), date(2026, 3, 1))
    flows.read(flows.take(outside.source, name="1", file=io.BytesIO(body), actor=TEST, covers=day)[0].id, actor=TEST)
    leave()
    source_of(outside, "kraken-ledgers", {}, continues=retired(outside))
    both = brought(outside, HEAD + first + half + row(2, 5, 115, names[2]))
    assert (both.rows_ignored, both.lines_known, both.lines_added) == (1, 1, 1)
    assert (told(outside), outside.proof.told, balance_holds(outside)) == ([(2, 5, "row")], Decimal(115), True)

"""Files come in: each row is told once, what was told before adds nothing, real twins stay two, nothing is changed."""

from decimal import Decimal

import pytest
from sqlalchemy.exc import DBAPIError

from app.core import actor
from app.core.db import leave, rows, transaction
from app.core.errors import Refusal
from app.statements import flows, queries, service
from app.statements.errors import BadSource, NoSuchAccount, NoSuchSource, SourceTaken
from app.statements.formats.errors import Unreadable
from app.statements.models import Import
from tests.makers.books import fresh

TEST = actor.system("test")
HEADER = "txid,refid,time,type,subtype,aclass,asset,amount,fee,balance"
FIRST = "LA,RA,2026-03-01 10:00:00,deposit,,currency,XXBT,1.0000000000,0.0000000000,1.0000000000"
SECOND = "LB,RB,2026-03-02 10:00:00,withdrawal,,currency,XXBT,-0.2500000000,0.0001000000,0.7499000000"
THIRD = "LC,RC,2026-03-03 10:00:00,deposit,,currency,ZEUR,12.5000,0.0000,12.5000"
PENDING = ",RB,2026-03-02 09:00:00,withdrawal,,currency,XXBT,-0.2500000000,0.0001000000,"
STRANGE = "LD,RD,2026-03-03 11:00:00,airdrop,,currency,XXBT,0.1000000000,0.0000000000,0.8499000000"
TWIN = "100000003,2026-03-01 06:34:24,Spot,Transaction Fee,BNB,-0.00008241,"

pytestmark = pytest.mark.usefixtures("inside")


def of(*lines: str, header: str = HEADER) -> bytes:
    """A file of these lines."""
    return "\n".join((header, *lines, "")).encode()


@pytest.fixture
def source() -> str:
    """The name of a source that reads Kraken's ledgers."""
    return made("kraken-ledgers")


def made(format_name: str, **settings: object) -> str:
    name = fresh("src")
    with transaction(TEST):
        service.add_source(name, title="A teller", format_name=format_name, settings=settings)
    leave()
    return name


def bring(source: str, body: bytes, *, name: str = "ledgers.csv") -> Import:
    told, _ = flows.bring(source, name=name, body=body, actor=TEST)
    leave()
    return told


def counts(told: Import) -> tuple[int, ...]:
    return (told.lines_total, told.lines_added, told.lines_known, told.lines_restated)


def lines_of(source: str) -> list[tuple[str | None, str, Decimal]]:
    found = rows(
        "SELECT l.external_id, l.asset, l.delta FROM statement_lines l JOIN statement_sources s ON s.id = l.source_id"
        " WHERE s.name = :name ORDER BY l.at, l.id",
        name=source,
    )
    leave()
    return [(row.external_id, row.asset, row.delta) for row in found]


class TestAFile:
    def test_becomes_lines_exactly_as_told(self, source: str) -> None:
        told = bring(source, of(FIRST, PENDING, SECOND, STRANGE))
        assert (told.rows_total, told.rows_lines, told.rows_ignored, told.rows_rejected) == (4, 2, 1, 1)
        assert counts(told) == (2, 2, 0, 0)
        assert lines_of(source) == [("LA", "BTC", Decimal("1.0")), ("LB", "BTC", Decimal("-0.2501"))]
        (strange,) = queries.other_rows_for_operators(told.id, outcomes=["rejected"])
        assert (strange.row_no, strange.column_name, strange.raw["txid"]) == (5, "type", "LD")
        leave()

    def test_brought_twice_is_one_import(self, source: str) -> None:
        first = bring(source, of(FIRST, SECOND))
        again, before = flows.bring(source, name="another name.csv", body=of(FIRST, SECOND), actor=TEST)
        assert (again.id, before) == (first.id, True)
        leave()

    def test_that_overlaps_another_adds_what_is_new(self, source: str) -> None:
        bring(source, of(FIRST, SECOND))
        assert counts(bring(source, of(SECOND, THIRD))) == (2, 1, 1, 0)
        assert len(lines_of(source)) == 3

    def test_keeps_real_twins_and_adds_only_those_that_were_not_told(self) -> None:
        source = made("binance-history")
        header = "User_ID,UTC_Time,Account,Operation,Coin,Change,Remark"
        assert counts(bring(source, of(TWIN, TWIN, header=header))) == (2, 2, 0, 0)
        assert counts(bring(source, of(TWIN, TWIN, TWIN, header=header))) == (3, 1, 2, 0)
        assert counts(bring(source, of(TWIN, header=header))) == (1, 0, 1, 0)
        assert len(lines_of(source)) == 3

    def test_that_tells_otherwise_changes_nothing_and_is_seen(self, source: str) -> None:
        bring(source, of(FIRST))
        told = bring(source, of(FIRST.replace("1.0000000000,0", "1.5000000000,0")))
        assert counts(told) == (1, 0, 0, 1)
        assert lines_of(source) == [("LA", "BTC", Decimal(1))]
        (row,) = queries.other_rows_for_operators(told.id, outcomes=["restated"])
        assert row.line_id
        assert "1.5000000000 BTC on 2026-03-01, told before as 1.0000000000 on" in row.reason
        leave()

    def test_with_one_id_for_several_movements_keeps_each(self, source: str) -> None:
        other_leg = FIRST.replace("XXBT,1.0000000000,0.0000000000,1.0000000000", "ZEUR,-9.0000,0.0000,-9.0000")
        assert counts(bring(source, of(FIRST, other_leg, FIRST))) == (3, 3, 0, 0)
        assert counts(bring(source, of(FIRST, other_leg))) == (2, 0, 2, 0)

    def test_that_cannot_be_read_leaves_nothing(self, source: str) -> None:
        with pytest.raises(Unreadable) as refused:
            bring(source, of(FIRST, SECOND.replace("-0.2500000000", "a quarter")))
        assert (refused.value.row, refused.value.column) == (3, "amount")
        assert lines_of(source) == []
        assert counts(bring(source, of(FIRST, SECOND))) == (2, 2, 0, 0)

    def test_of_a_source_that_is_not_there_is_refused(self) -> None:
        with pytest.raises(NoSuchSource):
            bring("nobody", of(FIRST))


class TestASource:
    def test_has_a_name_of_its_own_and_a_known_format(self, source: str) -> None:
        asked: tuple[tuple[str, str, dict[str, object], type[Refusal]], ...] = (
            (source, "kraken-ledgers", {}, SourceTaken),
            ("Bad Name", "kraken-ledgers", {}, BadSource),
            (fresh("src"), "tea-leaves", {}, BadSource),
            (fresh("src"), "kraken-ledgers", {"zone": "Mars/Phobos"}, Unreadable),
            (fresh("src"), "kraken-ledgers", {"moon": "full"}, BadSource),
            (fresh("src"), "bank-csv", {"profile": {"day": "Date"}}, BadSource),
        )
        for name, format_name, settings, refusal in asked:
            with pytest.raises(refusal), transaction(TEST):
                service.add_source(name, title="A teller", format_name=format_name, settings=settings)
            leave()

    def test_stands_for_accounts_of_what_we_own(self, source: str) -> None:
        source_id = queries.source_for_operators(source).id
        leave()
        with transaction(TEST):
            service.stand_for(source_id, asset="BTC", account="asset:venue:kraken:BTC")
        assert queries.accounts_for_operators(source_id) == {"BTC": "asset:venue:kraken:BTC"}
        leave()
        for account in ("asset:nowhere:BTC", "equity:capital:NGN"):
            with pytest.raises(NoSuchAccount), transaction(TEST):
                service.stand_for(source_id, asset="ETH", account=account)
            leave()


class TestTheDatabase:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE statement_lines SET delta = 0",
            "DELETE FROM statement_lines",
            "UPDATE statement_imports SET lines_added = 0, lines_known = lines_total",
            "UPDATE statement_rows SET reason = ''",
            "UPDATE statement_parts SET closing = opening",
        ],
    )
    def test_lets_nobody_change_what_was_told(self, source: str, statement: str) -> None:
        bring(source, of(FIRST))
        with pytest.raises(DBAPIError, match="permission denied"), transaction(TEST):
            rows(statement)
        leave()

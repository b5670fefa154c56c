"""What two people agree to: tried at asking, described for who decides, done as it says, held to by the database."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import create_engine, text

from app.core import clock
from app.core.clock import WAT
from app.core.db import leave
from app.core.permissions import Role
from app.governance import kinds
from app.governance.errors import NotAllowedToAsk
from app.governance.models import Request
from app.market import queries as market
from app.pricing import errors, queries, requests
from app.pricing.rules import ANY, Band, Scope
from tests.makers import people, quoted, rated
from tests.makers.books import refused
from tests.makers.databases import Database

pytestmark = pytest.mark.usefixtures("market")
NAIRA = "USDT/NGN"


def described(asked: Request) -> dict[str, tuple[str, str | None]]:
    """What who decides reads."""
    kind = kinds.known(asked.kind)
    assert kind is not None
    found = {line.label: (line.value, line.was) for line in kind.describe(asked.payload)}
    leave()
    return found


class TestAPriceOfOurOwn:
    def test_is_described_beside_the_price_it_replaces(self) -> None:
        quoted.tell()
        found = described(rated.ask_override(NAIRA, "1425", minutes=90))
        assert found[NAIRA] == ("1425", "1500")
        assert found["Away from the feeds' price"] == ("−5.00 %", None)
        assert found["For"][0].startswith("90 minutes")

    def test_is_described_where_there_is_none(self) -> None:
        found = described(rated.ask_override(NAIRA, "1425"))
        assert found[NAIRA] == ("1425", "no price")
        assert "Away from the feeds' price" not in found

    def test_begins_when_it_is_agreed_to(self) -> None:
        asked = rated.ask_override(NAIRA, "1425.5", minutes=90)
        before = clock.now()
        rated.agree(asked)
        (override,) = queries.overrides_for_operators(NAIRA)
        assert before <= override.starts_at <= clock.now()
        assert override.ends_at - override.starts_at == timedelta(minutes=90)
        assert override.price == Decimal("1425.5")

    @pytest.mark.parametrize(
        ("pair", "price", "minutes", "refusal"),
        [
            ("DOGE/NGN", "1", 60, errors.NoSuchPair),
            ("BTC/NGN", "1", 60, errors.NoSuchPair),  # it is made of others
            (NAIRA, "0", 60, errors.BadOverride),
            (NAIRA, "-1", 60, errors.BadOverride),
            (NAIRA, "1", 0, errors.BadOverride),
            (NAIRA, "1", 1_441, errors.BadOverride),
        ],
    )
    def test_is_not_asked_for_when_it_cannot_be(
        self, pair: str, price: str, minutes: int, refusal: type[Exception]
    ) -> None:
        with pytest.raises(refusal):
            rated.ask_override(pair, price, minutes=minutes)
        leave()

    def test_is_not_finances_to_ask_for(self) -> None:
        with pytest.raises(NotAllowedToAsk):
            rated.ask_override(NAIRA, "1", by=people.operator(Role.FINANCE)[0])
        leave()


class TestSpreads:
    SCOPE = Scope("ETH", "buy", "t2")

    def test_begin_at_midnight_in_lagos_and_replace_the_whole(self) -> None:
        day = (clock.now() + timedelta(days=40)).date()
        asked = rated.ask_spreads(self.SCOPE, Band(0, 90), Band(50_000, 45), starts_on=day)
        found = described(asked)
        assert found["Any amount"] == ("0.90 %", "no band of its own")
        assert found["From ₦500.00"] == ("0.45 %", "no band of its own")
        rated.agree(asked, role=Role.ADMIN)
        (ladder,) = [one for one in queries.ladders() if one.scope == self.SCOPE]
        leave()
        assert ladder.starts_at.astimezone(WAT).isoformat() == f"{day}T00:00:00+01:00"
        assert ladder.bands == (Band(0, 90), Band(50_000, 45))
        with pytest.raises(errors.DayTaken):
            rated.ask_spreads(self.SCOPE, Band(0, 91), starts_on=day)
        leave()
        present = clock.now()
        with clock.at(ladder.starts_at):
            later = described(rated.ask_spreads(self.SCOPE, Band(0, 80), starts_on=day + timedelta(days=9)))
        assert later["Any amount"] == ("0.80 %", "0.90 %")
        assert later["From ₦500.00"] == ("no band of its own", "0.45 %")
        assert present < ladder.starts_at

    @pytest.mark.parametrize(
        ("scope", "bands"),
        [
            (Scope("DOGE", "buy", ANY), [Band(0, 1)]),
            (Scope("BTC", "give", ANY), [Band(0, 1)]),
            (Scope("BTC", "buy", "t9"), [Band(0, 1)]),
            (Scope("BTC", "buy", ANY), [Band(5, 1)]),
            (Scope("BTC", "buy", ANY), [Band(0, 2_001)]),
            (Scope("BTC", "buy", ANY), []),
            (Scope(ANY, ANY, ANY), [Band(0, 100), Band(100_000_000, 80), Band(1_000_000_000, 60)]),  # as it is
        ],
    )
    def test_are_not_asked_for_when_they_cannot_be(self, scope: Scope, bands: list[Band]) -> None:
        with pytest.raises(errors.BadSpreads):
            rated.ask_spreads(scope, *bands)
        leave()

    @pytest.mark.parametrize("day", [date(2026, 1, 1), clock.now().astimezone(WAT).date()])
    def test_begin_on_a_day_to_come(self, day: date) -> None:
        with pytest.raises(errors.BadSpreads, match="to come"):
            rated.ask_spreads(self.SCOPE, Band(0, 1), starts_on=day)
        leave()

    def test_are_not_treasurys_to_ask_for(self) -> None:
        with pytest.raises(NotAllowedToAsk):
            rated.ask_spreads(self.SCOPE, Band(0, 1), by=people.operator(Role.TREASURY)[0])
        leave()


class TestAFeed:
    def test_is_changed_by_two_and_back(self) -> None:
        asked = rated.ask_feed("luno", active=False)
        assert described(asked)["Counts"] == ("no", "yes")
        rated.agree(asked, role=Role.ADMIN)
        assert "luno" not in market.asked()
        leave()
        back = rated.ask_feed("luno")
        rated.agree(back, role=Role.ADMIN)
        assert "luno" in market.asked()
        leave()

    @pytest.mark.parametrize(
        ("how", "says"),
        [
            ({}, "so already"),
            ({"weight": 0}, "from 1 to 10"),
            ({"weight": 11}, "from 1 to 10"),
            ({"weight": 3}, "outweigh"),
            ({"weight": 1}, "outweigh"),  # … another then
            ({"age_max_seconds": 4}, "five seconds"),
            ({"age_max_seconds": 604_801}, "five seconds"),
        ],
    )
    def test_is_not_changed_to_what_cannot_be(self, how: dict[str, int], says: str) -> None:
        with pytest.raises(errors.BadFeed, match=says):
            rated.ask_feed("luno", **how)  # type: ignore[arg-type]
        leave()

    def test_must_be_there(self) -> None:
        with pytest.raises(errors.NoSuchFeed):
            rated.ask_feed("nobody")
        leave()


class TestTheDatabase:
    OVERRIDE = (
        "INSERT INTO price_overrides (id, pair, price, starts_at, ends_at, request_id)"
        " VALUES ('ovr_' || :id, 'USDT/NGN', :price, now(), now() + make_interval(mins => :minutes), :request)"
    )
    SPREAD = (
        "INSERT INTO spreads (id, ticker, side, tier, from_kobo, bps, starts_at, request_id)"
        " VALUES ('spr_x', 'TON', 'swap', 't3', 0, :bps, midnight(:day), :request)"
    )
    FEED = "UPDATE feeds SET weight = :weight, request_id = :request WHERE id = 'luno'"

    @pytest.mark.parametrize(("price", "minutes", "id_"), [("1426", 60, "dearer"), ("1425", 61, "longer")])
    def test_sets_no_price_that_was_not_agreed_to(self, database: Database, price: str, minutes: int, id_: str) -> None:
        asked = rated.ask_override(NAIRA, "1425", minutes=60)
        facts = {"id": id_, "price": price, "minutes": minutes, "request": asked.id}
        assert self._tried(database, self.OVERRIDE, **facts) == "BU005"
        assert self._tried(database, self.OVERRIDE, **(facts | {"price": "1425", "minutes": 60})) == "BU005"  # pending

    def test_changes_no_feed_and_sets_no_spread_without_a_request(self, database: Database) -> None:
        asked = rated.ask_feed("luno", age_max_seconds=59)
        assert self._tried(database, self.FEED, weight=2, request=asked.id) == "BU005"
        day = (clock.now() + timedelta(days=3)).date().isoformat()
        assert self._tried(database, self.SPREAD, bps=1, day=day, request=asked.id) == "BU005"
        assert self._tried(database, self.SPREAD, bps=1, day=day, request=None) == "BU005"

    def test_keeps_a_price_as_it_was_agreed_to(self, database: Database) -> None:
        override = rated.override(NAIRA, "1425")
        assert self._tried(database, "UPDATE price_overrides SET price = 1 WHERE id = :id", id=override.id) == "42501"
        assert self._tried(database, "DELETE FROM price_overrides WHERE id = :id", id=override.id) == "42501"
        late = "UPDATE price_overrides SET ended_at = ends_at, ended_by = 'system:test' WHERE id = :id"
        assert self._tried(database, late, id=override.id) == "23001"
        other = "UPDATE price_overrides SET ended_at = now(), ended_by = 'system:other' WHERE id = :id"
        assert self._tried(database, other, id=override.id) == "23001"

    def test_keeps_the_bounds_of_pairs(self, database: Database) -> None:
        assert self._tried(database, "UPDATE pairs SET outlier_bps = 5000") == "42501"
        assert self._tried(database, "UPDATE feed_pairs SET symbol = 'x'") == "42501"

    @staticmethod
    def _tried(database: Database, statement: str, **facts: object) -> str:
        engine = create_engine(database.app_url)
        with engine.connect() as connection:
            connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
            state = refused(connection, statement, **facts)
            connection.rollback()
        engine.dispose()
        return state


def test_the_words_of_a_scope() -> None:
    assert requests.in_words(Scope("BTC", "buy", "t3_plus")) == "BTC bought, tier 3+"
    assert requests.in_words(Scope(ANY, ANY, ANY)) == "Anything bought, sold or swapped, any tier"

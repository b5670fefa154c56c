"""Proof of reserves: what customers are owed in each asset beside every place where it is held.

A place has two figures, ours and the last one that whoever holds it told, with its age. What customers owe us is not
held.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from functools import partial

from app.core import clock
from app.core.db import rows
from app.core.money import ASSETS, NGN, Asset, Money, zero
from app.ledger import chart, prices, trial
from app.ledger.trial import Basis, TrialLine
from app.matching import joining
from reports.tables import TICK, ByAsset, Line, Parameters, Section

BPS = 10_000
CUSTOMERS = "liability:customer:*:"
OWED_TO_US = chart.OWED_BY_CUSTOMERS.partition("{")[0]
# The last statement of each source that told a balance by then, together; the age is that of the oldest. Of an address
# on a chain the last one of any source: what lies there lies there once. (An account that may be another's under a new
# name is counted once somebody says that it is not.)
_STATEMENTS = """
WITH waiting AS MATERIALIZED (
    SELECT s.id, b.account, b.asset FROM statement_sources s CROSS JOIN LATERAL statement_beginnings(s.id, NULL) b
     WHERE s.retired_at IS NULL AND b.waits)
SELECT t.account, sum(t.closing) AS told, min(t.at) AS at,
       string_agg(DISTINCT t.title, ', ' ORDER BY t.title) AS who
  FROM (SELECT DISTINCT ON (a.account, h.source_id, p.account) a.account, p.closing,
               s.title || CASE WHEN p.closes_at IS NULL THEN '' ELSE ', ' || p.ref END AS title,
               coalesce(p.closes_at, least((c.on_day + 1)::timestamptz, i.imported_at)) AS at
          FROM statement_accounts a JOIN statement_sources s ON s.id = a.source_id AND s.retired_at IS NULL
          JOIN statement_imports i ON i.source_id = a.source_id
          JOIN statement_parts p ON p.import_id = i.id AND p.asset = a.asset
         CROSS JOIN LATERAL (SELECT greatest(p.period_to, p.closes_on) AS on_day) c
         CROSS JOIN LATERAL (SELECT CASE WHEN p.closes_at IS NULL THEN a.source_id END AS source_id) h
         WHERE p.closing IS NOT NULL AND c.on_day < :until AND coalesce(p.closes_at < :until, true)
           AND (s.id, p.account, p.asset) NOT IN (SELECT w.id, w.account, w.asset FROM waiting w)
         ORDER BY a.account, h.source_id, p.account, p.closes_at DESC NULLS LAST, c.on_day DESC,
                  i.imported_at DESC, p.part DESC) t
 GROUP BY t.account
"""
_VENUES = """
SELECT DISTINCT ON (r.venue, r.asset) 'asset:venue:' || r.venue || ':' || r.asset AS account, r.told, r.read_at AS at,
       initcap(r.venue) AS who
  FROM venue_readings r WHERE r.asset IS NOT NULL AND r.read_at < :until ORDER BY r.venue, r.asset, r.id DESC
"""
_FLOAT = """
SELECT r.theirs_units AS told, r.read_at AS at FROM float_readings r
 WHERE r.read_at < :until ORDER BY r.id DESC LIMIT 1
"""


@dataclass(frozen=True)
class Told:
    """What whoever holds it said last."""

    amount: Decimal
    at: datetime
    who: str


@dataclass(frozen=True)
class Place:
    """An account of the books that stands for a place, and what was told of it last, if anything was."""

    code: str
    booked: Money
    told: Told | None
    told_with: str = ""  # the account that it is counted together with, of which it is told
    others: Money | None = None  # what is booked on those that are counted together with this one

    @property
    def untold(self) -> str:
        """What there is to say where nothing was told of it."""
        return f"told with {self.told_with}" if self.told_with else "not told"

    @property
    def differs(self) -> Decimal | None:
        """What is told more than is booked, in coins; of accounts that are counted together once."""
        if self.told is None:
            return None
        booked = self.booked + (self.others or zero(self.booked.asset))
        return self.told.amount - Decimal(booked.units).scaleb(-booked.asset.decimals)


@dataclass(frozen=True)
class Reserve:
    """One asset: what customers are owed, what others are owed, and where it is held."""

    asset: Asset
    customers: Money
    others: tuple[tuple[str, Money], ...]
    places: tuple[Place, ...]
    worth: Money | None  # of what is held above what customers are owed, in kobo

    @property
    def held(self) -> Money:
        """Wherever."""
        return sum((place.booked for place in self.places), zero(self.asset))

    @property
    def surplus(self) -> Money:
        """What is held above what customers are owed; below zero it is lacking."""
        return self.held - self.customers

    @property
    def bps(self) -> int | None:
        """Held for a hundred owed, in hundredths, rounded down; None where nothing is owed."""
        if self.customers.units <= 0:
            return None
        return int(Fraction(self.held.units, self.customers.units) * BPS)

    @property
    def short(self) -> bool:
        """Whether less is held than customers are owed."""
        return self.surplus.units < 0


def at(moment: datetime | None = None, *, asset: str = "") -> list[Reserve]:
    """Every asset in which something is owed or held, now or by what had taken effect by a moment."""
    until = clock.now() if moment is None else moment
    lines = trial.trial_balance() if moment is None else trial.trial_balance(moment - TICK, basis=Basis.EFFECTIVE)
    told, stored, joined = _told(until), prices.as_of(until), joining.others_for_operators()
    found = []
    for code in ASSETS if not asset else [asset]:
        own = [line for line in lines if line.asset == code and (line.balance.units or line.code in joined)]
        made = _reserve(ASSETS[code], own, told, joined)
        if made.places or made.customers or made.others:
            found.append(_valued(made, stored))
    return found


def sections(asked: Parameters) -> list[Section]:
    """Cover of each asset; then every place."""
    read = partial(at, asked.until, asset=asked.asset)
    return [
        Section(
            "Owed to customers and held",
            ("Asset", "Owed to customers", "Held", "Held for 100 owed", "Surplus", "Surplus in naira", "Standing"),
            lambda: _cover(read()),
            frozenset({"Owed to customers", "Held", "Held for 100 owed", "Surplus", "Surplus in naira"}),
            note="At the end of the day, by what had taken effect by then, at the last prices stored by then.",
            empty="Nothing was owed or held.",
            tally=lambda: ByAsset("Owed to customers, by the ledger", 1, _owed(asked)),
        ),
        Section(
            "Where it is held",
            ("Asset", "Account", "By the books", "Told", "Told for", "By", "Told less booked"),
            lambda: _places(read()),
            frozenset({"By the books", "Told", "Told less booked"}),
            note="What was told last by whoever holds it, with the moment it was true for.",
            empty="Nothing was held.",
        ),
    ]


def _cover(found: list[Reserve]) -> Iterator[Line]:
    for one in found:
        ratio = "" if one.bps is None else f"{one.bps // 100}.{one.bps % 100:02}"
        yield (
            one.asset.code,
            one.customers,
            one.held,
            ratio,
            one.surplus,
            one.worth,
            "short" if one.short else "covered",
        )


def _places(found: list[Reserve]) -> Iterator[Line]:
    for one in found:
        for place in one.places:
            told = place.told
            yield (
                one.asset.code, place.code, place.booked, f"{told.amount:f}" if told else place.untold,
                told.at if told else None, told.who if told else "",
                "" if place.differs is None else f"{place.differs:f}",
            )  # fmt: skip


def _owed(asked: Parameters) -> dict[str, Money]:
    lines = trial.trial_balance(asked.until - TICK, basis=Basis.EFFECTIVE, each_customer=True)
    sums: dict[str, Money] = {}
    for line in lines:
        if line.code.startswith("liability:customer:") and asked.asset in {"", line.asset}:
            sums[line.asset] = sums.get(line.asset, zero(ASSETS[line.asset])) + line.normal
    return sums


def _told(until: datetime) -> dict[str, Told]:
    found = {row.account: Told(row.told, row.at, row.who) for row in rows(_STATEMENTS, until=until)}
    readings = {row.account: Told(row.told, row.at, row.who) for row in rows(_VENUES, until=until)}
    for row in rows(_FLOAT, until=until):
        readings[chart.house(chart.PAYSTACK, asset=NGN)] = Told(row.told.scaleb(-NGN.decimals), row.at, "Paystack")
    for code, told in readings.items():
        if code not in found or found[code].at < told.at:
            found[code] = told
    return found


def _reserve(
    asset: Asset, lines: list[TrialLine], told: dict[str, Told], joined: dict[str, list[str]]
) -> Reserve:  # fmt: skip
    customers, others, places = zero(asset), [], []
    booked = {line.code: line.normal for line in lines}
    own = {code: account for account, codes in joined.items() for code in codes}
    for line in lines:
        if line.code.startswith(CUSTOMERS):
            customers += line.normal
        elif line.account_class == "liability":
            others.append((line.code, line.normal))
        elif line.account_class == "asset" and not line.code.startswith(OWED_TO_US):
            beside = sum((booked.get(code, zero(asset)) for code in joined.get(line.code, [])), zero(asset))
            places.append(Place(line.code, line.normal, told.get(line.code), own.get(line.code, ""), beside))
    return Reserve(asset, customers, tuple(others), tuple(places), None)


def _valued(one: Reserve, stored: dict[str, prices.Price]) -> Reserve:
    worth = prices.value(one.surplus, stored)
    return Reserve(one.asset, one.customers, one.others, one.places, worth)

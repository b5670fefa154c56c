"""A customer's limits as people read them: what counts against each, what is left, and what the next tier brings."""

from dataclasses import dataclass
from datetime import datetime

from app.core.money import NGN, Money
from app.customers import queries as customers
from app.customers.rules import Tier
from app.risk import queries as risk
from app.risk.models import Limit, LimitUse
from app.risk.queries import Standing
from app.risk.rules import ANY, Bounds, Direction, Rail

NAMES = {Tier.T0: "Not verified", Tier.T1: "Tier 1", Tier.T2: "Tier 2", Tier.T3: "Tier 3", Tier.T3_PLUS: "Tier 3+"}
NEEDS = {
    Tier.T1: "your BVN or NIN, and a picture of your face",
    Tier.T2: "your BVN and your NIN, and a document of the state",
    Tier.T3: "a proof of where you live, and of where your money comes from",
}
WAYS = {Direction.IN: "Money in", Direction.OUT: "Money out", ANY: "Money in and out"}
RAILS = {Rail.BANK: "by bank", Rail.CHAIN: "as coins", Rail.INSIDE: "inside Bursar", ANY: ""}
WALLET = "In all your wallets"
BARS = (("day", "Today"), ("month", "In thirty days"), ("balance", WALLET))
PERCENT = 100
NEARLY = 80


@dataclass(frozen=True)
class Bar:
    """One bound with what counts against it."""

    name: str
    used: Money
    limit: Money

    @property
    def left(self) -> Money:
        """What still fits, never less than nothing."""
        return Money(NGN, max(self.limit.units - self.used.units, 0))

    @property
    def percent(self) -> int:
        """How much of it is used, rounded down, a hundred at most."""
        return min(self.used.units * PERCENT // self.limit.units, PERCENT) if self.limit else PERCENT

    @property
    def mood(self) -> str:
        """Whether it is fine (ok), nearly used up (warn) or over (bad)."""
        if self.used.units > self.limit.units:
            return "bad"
        return "warn" if self.percent >= NEARLY else "ok"


@dataclass(frozen=True)
class Group:
    """What goes one way: whether nothing does, how much at a time (None: any amount), and its bars."""

    title: str
    direction: str
    rail: str
    blocked: bool
    single: Money | None
    bars: list[Bar]

    @property
    def free(self) -> bool:
        """Whether nothing bounds it."""
        return not self.blocked and self.single is None and not self.bars


@dataclass(frozen=True)
class Promise:
    """What a tier may do one way, in words, bound by bound."""

    title: str
    lines: list[tuple[str, str]]


@dataclass(frozen=True)
class OfCustomer:
    """Everything about one customer's limits."""

    tier: Tier
    counts: Tier
    waits_until: datetime | None
    groups: list[Group]
    following: Tier | None
    promises: list[Promise]
    over: list[LimitUse]

    @property
    def name(self) -> str:
        """The tier that counts, as people say it."""
        return NAMES[self.counts]

    def going(self, direction: str, rail: str = Rail.BANK) -> list[Group]:
        """The groups that are on something which goes this way."""
        return [one for one in self.groups if one.direction in {direction, ANY} and one.rail in {rail, ANY}]

    def most(self, direction: str, *, rail: str = Rail.BANK, within: Money) -> Money:
        """The largest amount at a time: `within`, or less where a limit says so that lets anything through."""
        going = self.going(direction, rail)
        singles = [one.single for one in going if one.single is not None and not one.blocked]
        return min([within, *singles])

    def room(self, direction: str, *, rail: str = Rail.BANK) -> Money | None:
        """What still fits into every limit that counts what goes this way; None where none does."""
        bars = [bar for one in self.going(direction, rail) for bar in one.bars]
        counted = [bar.left for bar in bars if direction == Direction.IN or bar.name != WALLET]
        return min(counted, default=None)

    @property
    def passed(self) -> bool:
        """Whether they have or used more than some limit allows, because money that came is not refused."""
        return any(bar.mood == "bad" for group in self.groups for bar in group.bars)


def of_customer(*, customer_id: str) -> OfCustomer:
    """How the limits of a customer stand now."""
    found = customers.tier_in_force(owner=customer_id)
    following = _after(found.tier)
    return OfCustomer(
        tier=found.tier,
        counts=found.counts,
        waits_until=found.waits_until,
        groups=[_group(one) for one in risk.standings(customer_id, tier=found.counts)],
        following=following,
        promises=promises(following) if following else [],
        over=risk.over_for_operators(customer_id=customer_id, limit=5),
    )


def promises(tier: Tier) -> list[Promise]:
    """What a tier may do, way by way."""
    return [_promise(limit) for limit in risk.limits_without_owner(tier)]


def headline(tier: Tier) -> str:
    """The most that may leave on one day, in a few words."""
    out = [limit.bounds for limit in risk.limits_without_owner(tier) if limit.direction in {Direction.OUT, ANY}]
    if all(bounds.blocked for bounds in out):
        return "No money moves"
    days = [bounds.day for bounds in out if bounds.day]
    return f"Up to {Money(NGN, max(days))} out a day" if days else "No fixed limits"


def words_of(bounds: Bounds) -> list[tuple[str, str]]:
    """What bounds say, one line each that is stated; one line that says so where none is, or nothing goes through."""
    if bounds.blocked:
        return [("Blocked", "nothing goes through")]
    named = (("At a time", bounds.single), ("A day", bounds.day), ("In thirty days", bounds.month))
    stated = [(name, f"up to {Money(NGN, kobo)}") for name, kobo in named if kobo is not None]
    if bounds.balance is not None:
        stated.append(("In all wallets", f"up to {Money(NGN, bounds.balance)}"))
    return stated or [("No limit", "any amount")]


def title_of(*, direction: str, rail: str, asset: str) -> str:
    """`Money out by bank`."""
    parts = (WAYS[direction], RAILS[rail], "" if asset == ANY else f"({asset})")
    return " ".join(part for part in parts if part)


def _after(tier: Tier) -> Tier | None:
    """The next tier that somebody can ask for by themselves; the highest is a decision of the house."""
    order = list(Tier)
    following = order[min(order.index(tier) + 1, len(order) - 1)]
    return following if following in NEEDS else None


def _group(one: Standing) -> Group:
    bounds, measured = one.bounds, one.measured
    bars = [
        Bar(name, Money(NGN, getattr(measured, bound)), Money(NGN, limit))
        for bound, name in BARS
        if (limit := getattr(bounds, bound)) is not None and not bounds.blocked
    ]
    return Group(
        title=title_of(direction=one.scope.direction, rail=one.scope.rail, asset=one.scope.asset),
        direction=one.scope.direction,
        rail=one.scope.rail,
        blocked=bounds.blocked,
        single=None if bounds.single is None else Money(NGN, bounds.single),
        bars=bars,
    )


def _promise(limit: Limit) -> Promise:
    return Promise(title_of(direction=limit.direction, rail=limit.rail, asset=limit.asset), words_of(limit.bounds))

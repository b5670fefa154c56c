"""What is looked at before a month is closed: each line with its numbers. Red keeps it open, amber needs a reason.

A function added to EVERY is all that another line takes: page, request and closing follow.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from app.breaks import board
from app.closing import queries, sheets
from app.closing.invariants import BALANCE, COVER
from app.closing.rules import Check, Light, Span, counted, shown
from app.closing.sheets import Sheet
from app.core.db import rows
from app.core.money import NGN, Money
from app.ledger import health
from app.statements import queries as statements

_PENDING = """
SELECT count(*) AS n FROM approval_requests r
 WHERE r.state IN ('pending', 'approved', 'failed')
   AND (r.kind = 'adjustments.journal' AND (r.payload ->> 'effective_on')::date <= :last
        OR r.kind = 'breaks.journal' AND (r.payload ->> 'on')::date <= :last)
"""
_SETTLEMENTS = """
SELECT count(*) AS n, coalesce(sum(s.effective_units), 0) AS units FROM settlements s
 WHERE s.state IN ('announced', 'differs', 'failed') AND s.settled_on <= :last
"""
_SUSPENSE = """
SELECT count(*) AS n, coalesce(sum(i.amount_units), 0) AS units FROM suspense_items i
 WHERE i.created_at < :until AND (i.resolved_at IS NULL OR i.resolved_at >= :until)
"""
# A break is taken by whoever looks into it; what others agreed to let stand, or to book, is in hand.
_UNOWNED = """
SELECT count(*) AS n FROM breaks b
  LEFT JOIN break_cases c ON c.account = b.account AND c.subject = break_subject(b)
 WHERE b.account = ANY(:accounts) AND b.closed_by IS NULL AND b.at < :until
   AND (c.id IS NULL OR (c.state IN ('open', 'closed') AND c.taken_by IS NULL))
"""
OVERDUE_MAX = 1_000
_TYING = {"I1", "I2", "I3", "I4"}
Place = tuple[str, dict[str, str]]
_ACCOUNTS: Place = ("console.tie_out", {})


@dataclass(frozen=True)
class Given:
    """A month, and the sheets of every account of which something was told by its end."""

    span: Span
    sheets: tuple[Sheet, ...]


def given(span: Span) -> Given:
    """Read all that a checklist looks at."""
    return Given(span, tuple(sheets.of(account, span) for account in queries.accounts_for_operators(span)))


def of(found: Given) -> list[Check]:
    """Every line, in their order."""
    return [look(found) for look in EVERY]


def _covered(found: Given) -> Check:
    short = [
        f"{each.source.title}: {sum(days.count for days in each.missing)} days from {each.missing[0].first:%-d %B}"
        for sheet in found.sheets
        for each in queries.coverage_for_operators(sheet.account, found.span)
        if each.missing
    ]
    place: Place = ("console.statement_sources", {})
    said = f"{counted(len(found.sheets), 'account')}, told to the last day"
    covered = _check("covered", "Every source has told of every day", short, said, place=place)
    if covered.light != Light.GREEN:
        return covered
    return _check("covered", covered.title, _said_later(found), said, Light.AMBER, place=place)


def _said_later(found: Given) -> list[str]:
    """Days that are told of because somebody said so of a file once it was there."""
    sources = {
        each.source.id: each.source
        for sheet in found.sheets
        for each in queries.coverage_for_operators(sheet.account, found.span)
    }
    return [
        f"{source.title}, {said.name}: {said.first:%-d %B} to {said.last:%-d %B}, since somebody said: {said.reason}"
        for source in sources.values()
        for said in statements.said_later_for_operators(source.id, first=found.span.first, last=found.span.last)
    ]


def _outside(found: Given) -> Check:
    """An account that nobody tells of has no sheet, or none that says anything."""
    untold = [one for one in queries.outside_for_operators(found.span) if not one.told]
    red = any(one.mapped and one.moved for one in untold)
    said = [
        f"{one.account}: {'moved' if one.moved else 'did not move'}, {shown(one.balance, places=2)} at the end,"
        f" {'no source tells of it any more, or yet' if one.mapped else 'no source stood for it'}"
        for one in untold
    ]
    return _check("outside", "Of every account outside a source tells", said, "of all that moved or hold something",
                  Light.RED if red else Light.AMBER, place=("console.statement_sources", {}))  # fmt: skip


def _tied(found: Given) -> Check:
    failing = _failing(found, lambda name: name in _TYING)
    return _check("tied", "Every statement ties", failing, "each adds up and follows the one before")


def _explained(found: Given) -> Check:
    failing = _failing(found, lambda name: name not in _TYING | {COVER, BALANCE})
    return _check("explained", "No difference is unexplained", failing, "told less booked is what is open, everywhere")


def _cover(found: Given) -> Check:
    failing = _failing(found, lambda name: name == COVER)
    place: Place = ("console.reserves", {})
    return _check("cover", "As much is held as is owed", failing, "by the books, of each asset that is told of",
                  Light.AMBER, place=place)  # fmt: skip


def _balance(found: Given) -> Check:
    failing = _failing(found, lambda name: name == BALANCE)
    return _check("balance", "What was told is the balance told", failing, "from the first statement to the last",
                  Light.AMBER)  # fmt: skip


def _breaks(found: Given) -> Check:
    left = [(sheet.account, reason) for sheet in found.sheets for reason in sheet.figures.reasons if reason.count]
    said = [
        f"{account}: {sum(one.count for whose, one in left if whose == account):,} open,"
        f" {shown(sum((one.amount for whose, one in left if whose == account), Decimal(0)), places=2)}"
        f" {account.rpartition(':')[2]}"
        for account in sorted({account for account, _ in left})
    ]
    return _check("breaks", "What is open was looked at", said, "nothing is open",
                  Light.AMBER, place=("console.breaks", {}))  # fmt: skip


def _owned(found: Given) -> Check:
    accounts = [sheet.account for sheet in found.sheets]
    (row,) = rows(_UNOWNED, accounts=accounts, until=found.span.until)
    late = sum(board.overdue_for_system(account, before=found.span.until, limit=OVERDUE_MAX) for account in accounts)
    said = ([f"{counted(row.n, 'break')} without"] if row.n else []) + ([f"{late} overdue"] if late else [])
    return _check("owned", "Each break has an owner, and none is overdue", said, "each has, and none is", Light.AMBER,
                  place=("console.breaks", {}))  # fmt: skip


def _journals(found: Given) -> Check:
    (row,) = rows(_PENDING, last=found.span.last)
    said = [f"{row.n} wait for approval"] if row.n else []
    return _check("journals", "No journal by hand waits that takes effect by then", said, "none waits",
                  place=("console.journal_requests", {}))  # fmt: skip


def _settlements(found: Given) -> Check:
    (row,) = rows(_SETTLEMENTS, last=found.span.last)
    said = [f"{row.n} of {Money(NGN, int(row.units))}"] if row.n else []
    return _check("settlements", "Settlements of the month are received", said, "all that was announced is booked",
                  Light.AMBER, place=("console.settlements", {}))  # fmt: skip


def _suspense(found: Given) -> Check:
    (row,) = rows(_SUSPENSE, until=found.span.until)
    said = [f"{row.n} stood open at its end, {Money(NGN, int(row.units))}"] if row.n else []
    return _check("suspense", "Suspense was reviewed", said, "nothing stood in suspense at its end", Light.AMBER,
                  place=("console.suspense", {}))  # fmt: skip


def _signed(found: Given) -> Check:
    unsigned = [sheet.account for sheet in found.sheets if not sheet.whole]
    return _check(
        "signed", "Every sheet is signed by two, for these figures", unsigned, counted(len(found.sheets), "sheet")
    )


def _proved(_found: Given) -> Check:
    run, halt = health.latest(), health.standing()
    wrong = ["payouts are halted"] if halt else [] if run is None else list(run.findings)
    said = wrong or ([] if run else ["they were not proved yet"])
    return _check("proved", "The books prove", said, "every invariant of the ledger holds",
                  Light.RED if wrong else Light.AMBER, place=("console.ledger_proof", {}))  # fmt: skip


def _before(found: Given) -> Check:
    since = queries.open_since_for_operators()
    months = 0
    if since is not None and since < found.span.first:
        months = (found.span.first.year - since.year) * 12 + found.span.first.month - since.month
    said = [f"{months} before it close with it, from {since:%B %Y}"] if months else []
    return _check("before", "The months before it are closed", said, "they are", Light.AMBER,
                  place=("console.ledger_periods", {}))  # fmt: skip


def _check(
    name: str, title: str, wrong: Iterable[str], fine: str, light: Light = Light.RED,
    *, place: Place = _ACCOUNTS,
) -> Check:  # fmt: skip
    said = "; ".join(wrong)
    return Check(name, title, light if said else Light.GREEN, said or fine, place)


def _failing(found: Given, about: Callable[[str], bool]) -> list[str]:
    return [
        f"{sheet.account}: {one.name}, {one.first}"
        for sheet in found.sheets
        for one in sheet.failing
        if about(one.name)
    ]


EVERY: tuple[Callable[[Given], Check], ...] = (
    _covered, _outside, _tied, _balance, _explained, _breaks, _owned, _journals, _settlements, _suspense, _signed,
    _proved, _cover, _before,
)  # fmt: skip

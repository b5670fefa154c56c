"""What every format answers: lines of statements, and the rows that are none.

Decimals are exact and in whole coins. `EXACT` computes with them: the usual context rounds to 28 digits, and venues
tell 40.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow
from enum import StrEnum

# 60 digits either side of the point and exponents of two digits fit; what would have to be rounded raises instead.
EXACT = Context(prec=400, traps=[Inexact, InvalidOperation, Overflow, DivisionByZero])
ZERO = Decimal(0)


class Kind(StrEnum):
    """What a movement is, in few words; the teller's own word stands in `raw`."""

    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    PAYMENT = "payment"  # a bank's line, either way
    TRADE = "trade"
    FEE = "fee"
    TRANSFER = "transfer"  # between accounts of ours at the same teller
    REWARD = "reward"
    SETTLEMENT = "settlement"
    REFUND = "refund"
    REVERSAL = "reversal"
    ADJUSTMENT = "adjustment"


class Raw(Mapping[str, str]):
    """The cells of a row by their names; the names are shared by all rows, so that a million of them fit in memory."""

    __slots__ = ("_cells", "_names")

    def __init__(self, names: Mapping[str, int], cells: Sequence[str]) -> None:
        self._names, self._cells = names, cells

    def __getitem__(self, name: str) -> str:
        return self._cells[self._names[name]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return repr(dict(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One movement of one asset in one account, as told.

    `delta` is what the balance changes by, fee included, above zero when we have more. Where the fee is in the same
    asset, `delta = principal - fee`; in another asset it is told alone and moves nothing here. `fee` is below zero when
    it is given back. `external_id` is empty where the format has no id that is unique per movement.
    """

    row: int  # row, entry or block in the file, from 1; two lines of one row are two legs of it
    at: datetime  # aware, UTC; a day without a time is its first moment where the account is kept
    booked_on: date  # the day that the teller says
    asset: str
    delta: Decimal
    principal: Decimal
    fee: Decimal = ZERO
    fee_asset: str = ""
    balance_after: Decimal | None = None
    kind: Kind
    account: str = ""  # the teller's account or wallet
    external_id: str = ""
    group: str = ""  # what belongs together: an order, a settlement, a transfer with its fee
    refs: tuple[str, ...] = ()  # as written: some ids differ by case alone
    counterparty: str = ""
    narration: str = ""
    raw: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """A row that moves nothing, kept and counted: a pending twin, a change of what is available alone."""

    row: int
    reason: str
    account: str = ""
    asset: str = ""
    raw: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A row that can be read and not be placed (a type never seen), kept and counted. Somebody must look at it."""

    row: int
    column: str
    reason: str
    account: str = ""
    asset: str = ""
    raw: Mapping[str, str] = field(default_factory=dict)


Told = Line | Ignored | Rejected


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One account and asset over a period, lines oldest first. Balances are None where the file does not tell them."""

    ref: str = ""
    account: str = ""
    asset: str = ""
    opening: Decimal | None = None
    closing: Decimal | None = None
    period_from: date | None = None
    period_to: date | None = None
    lines: tuple[Line, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    gaps: tuple[int, ...] = ()  # rows whose balance does not follow from the one before
    untied: str = ""  # why the balances cannot be compared at all

    @property
    def rows_total(self) -> int:
        """Rows that touch this statement: those with lines, ignored and rejected."""
        return len({line.row for line in self.lines}) + len(self.ignored) + len(self.rejected)

    @property
    def moved(self) -> Decimal:
        """The sum of the lines."""
        return total(line.delta for line in self.lines)

    @property
    def difference(self) -> Decimal | None:
        """Closing less (opening plus lines): what the file does not explain. None where it tells no balances."""
        if self.opening is None or self.closing is None or self.untied:
            return None
        return EXACT.subtract(self.closing, EXACT.add(self.opening, self.moved))

    @property
    def ties(self) -> bool | None:
        """Whether opening plus lines is closing. None where the file tells no balances."""
        if self.untied:
            return False
        return None if self.difference is None else not self.difference


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """A whole file. `rows_total` is counted in the file, before anything is made of the rows."""

    format: str
    version: int
    statements: tuple[Statement, ...]
    rows_total: int
    heading_rows: int = 0  # rows before the first that could be a movement, blank ones not counted
    notes: tuple[str, ...] = ()  # what somebody should know: another encoding, a unit that was found by looking

    @property
    def lines(self) -> tuple[Line, ...]:
        """Of all statements."""
        return tuple(line for statement in self.statements for line in statement.lines)

    @property
    def ignored(self) -> tuple[Ignored, ...]:
        """Of all statements."""
        return tuple(row for statement in self.statements for row in statement.ignored)

    @property
    def rejected(self) -> tuple[Rejected, ...]:
        """Of all statements."""
        return tuple(row for statement in self.statements for row in statement.rejected)

    @property
    def whole(self) -> bool:
        """Whether each row of the file is told exactly once: as line or lines, as ignored, or as rejected."""
        told = [
            *{line.row for line in self.lines},
            *(row.row for row in self.ignored),
            *(row.row for row in self.rejected),
        ]
        return len(told) == self.rows_total == len(set(told))


def total(amounts: Iterator[Decimal]) -> Decimal:
    """The exact sum."""
    found = ZERO
    for amount in amounts:
        found = EXACT.add(found, amount)
    return found


def negative(amount: Decimal) -> Decimal:
    """The amount with the other sign; unary minus would round it. Zero stays without a sign."""
    return amount.copy_negate() if amount else amount


def statements_of(told: Sequence[Told], *, ref: str = "") -> tuple[Statement, ...]:
    """The rows of a file that tells a balance per row or none at all, as one statement per account and asset."""
    keys: dict[tuple[str, str], list[Told]] = {}
    for each in told:
        keys.setdefault((each.account, each.asset), []).append(each)
    return tuple(_statement(account, asset, rows, ref) for (account, asset), rows in keys.items())


def _statement(account: str, asset: str, told: list[Told], ref: str) -> Statement:
    lines = oldest_first([each for each in told if isinstance(each, Line)])
    opening, closing, gaps = chain(lines)
    return Statement(
        ref=ref,
        account=account,
        asset=asset,
        opening=opening,
        closing=closing,
        period_from=min((line.booked_on for line in lines), default=None),
        period_to=max((line.booked_on for line in lines), default=None),
        lines=tuple(lines),
        ignored=tuple(each for each in told if isinstance(each, Ignored)),
        rejected=tuple(each for each in told if isinstance(each, Rejected)),
        gaps=gaps,
    )


def oldest_first(lines: list[Line]) -> list[Line]:
    """By time; what has the same time stays in the file's order, or in its reverse when the file is newest first."""
    newest_first = bool(lines) and lines[0].at > lines[-1].at
    return sorted(reversed(lines) if newest_first else lines, key=lambda line: line.at)


def chain(lines: Sequence[Line]) -> tuple[Decimal | None, Decimal | None, tuple[int, ...]]:
    """Opening, closing and the rows that do not follow, from balances told per line.

    Every balance before a line is the balance after another one, but for the first; so the opening balance is the one
    "before" that is no "after", whatever the order of lines of the same second. Where several are left, lines are
    missing: each start of a new piece is a gap.
    """
    pairs = [
        (EXACT.subtract(line.balance_after, line.delta), line.balance_after, line.row)
        for line in lines
        if line.balance_after is not None
    ]
    if not pairs or len(pairs) < len(lines):
        return None, None, ()
    befores, afters = Counter(pair[0] for pair in pairs), Counter(pair[1] for pair in pairs)
    starts, ends = befores - afters, afters - befores
    opening = next((before for before, _, _ in pairs if before in starts), pairs[0][0])
    closing = next((after for _, after, _ in reversed(pairs) if after in ends), opening)
    gaps = tuple(row for before, _, row in pairs if before in starts and before != opening)
    return opening, closing, gaps

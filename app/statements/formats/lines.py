"""What every format answers: lines of statements, and the rows that are none.

Decimals are exact and in whole coins. `EXACT` computes with them: the usual context rounds to 28 digits, and venues
tell 40.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow
from enum import StrEnum
from functools import cached_property

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


class Header(dict[str, int]):
    """The names of a file's columns, each with its place, and a mould in which a row becomes JSON."""

    @cached_property
    def mould(self) -> str:
        """For `%`: an object with a text for each column; empty where the names are not as many as the columns."""
        if list(self.values()) != list(range(len(self))):
            return ""
        return "{" + ", ".join(json.dumps(name).replace("%", "%%") + ': "%s"' for name in self) + "}"


class Raw(Mapping[str, str]):
    """The cells of a row by their names; the names are shared by all rows, so that a million of them fit in memory."""

    __slots__ = ("_cells", "_names")

    def __init__(self, names: Mapping[str, int], cells: Sequence[str]) -> None:
        self._names, self._cells = names, cells

    @property
    def json(self) -> str:
        """An object of texts, in the order of the file. Cells that need no quoting, as most do, are poured in."""
        said = "".join(self._cells)
        if said.isprintable() and '"' not in said and "\\" not in said and isinstance(self._names, Header):
            mould = self._names.mould
            if mould:
                return mould % tuple(self._cells)
        return json.dumps(dict(self), ensure_ascii=False)

    def __getitem__(self, name: str) -> str:
        return self._cells[self._names[name]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return repr(dict(self))


@dataclass(slots=True, kw_only=True)  # (not frozen: that makes each of a million lines four times as slow to make)
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
class Summary:
    """What a statement says of itself and what its lines add up to, without them."""

    ref: str = ""
    account: str
    asset: str
    opening: Decimal | None
    closing: Decimal | None
    moved: Decimal
    period_from: date | None
    period_to: date | None
    closes_at: datetime | None = None
    gaps: tuple[int, ...] = ()
    untied: str = ""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One account and asset over a period, lines oldest first. Balances are None where the file does not tell them.

    `closes_at` is the moment of a balance that is told by itself, of no period.
    """

    ref: str = ""
    account: str = ""
    asset: str = ""
    opening: Decimal | None = None
    closing: Decimal | None = None
    period_from: date | None = None
    period_to: date | None = None
    closes_at: datetime | None = None
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
    def summary(self) -> Summary:
        """The statement without its lines."""
        return Summary(**{each.name: getattr(self, each.name) for each in fields(Summary)})

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


class Chain:
    """Opening, closing and the rows that do not follow, from balances told per line, line by line as a file has them.

    Every balance before a line is the balance after another one, but for the first; so the opening balance is the one
    "before" that is no "after", whatever the order of lines of the same second. Where several are left, lines are
    missing: each start of a new piece is a gap. What follows the line beside it is joined at once: of a million lines
    in order two loose ends are kept.
    """

    __slots__ = (
        "_after",
        "_at",
        "_before",
        "_begun_at",
        "_ends",
        "_first",
        "_last",
        "_place",
        "_row",
        "_starts",
        "_whole",
    )

    def __init__(self) -> None:
        self._whole, self._place, self._row = True, 0, 0
        self._begun_at: datetime | None = None  # the first line's time, and the line before's
        self._at: datetime | None = None
        self._before: Decimal | None = None  # of the line before, while nothing was joined to it there
        self._after: Decimal | None = None
        self._first: tuple[datetime, Decimal] | None = None  # the oldest moment: what was before it in the file's order
        self._last: tuple[datetime, Decimal] | None = None  # and in its reverse
        self._starts: list[tuple[datetime, int, Decimal, int]] = []  # when, the how manieth, balance, row
        self._ends: list[tuple[datetime, int, Decimal, int]] = []

    def add(self, line: Line) -> None:
        """The next line of the file."""
        after, at = line.balance_after, line.at
        if after is None:
            self._whole = False
            return
        before = EXACT.subtract(after, line.delta)
        if self._after is not None and before == self._after:
            self._loosen(self._before, None)
            self._before, self._after = None, after
        elif self._before is not None and after == self._before:
            self._loosen(None, self._after)
            self._before, self._after = before, None
        else:
            self._loosen(self._before, self._after)
            self._before, self._after = before, after
        if self._last is None or at <= self._last[0]:
            self._last = (at, before)
            if self._first is None or at < self._first[0]:
                self._first = (at, before)
        self._begun_at = self._begun_at or at
        self._at, self._row = at, line.row
        self._place += 1

    def _loosen(self, before: Decimal | None, after: Decimal | None) -> None:
        """Keep the ends of the line before that nothing was joined to."""
        if self._at is None:
            return
        if before is not None:
            self._starts.append((self._at, self._place, before, self._row))
        if after is not None:
            self._ends.append((self._at, self._place, after, self._row))

    def ends(self) -> tuple[Decimal | None, Decimal | None, tuple[int, ...]]:
        """Opening, closing, and the rows that begin a new piece; asked once, when all lines were added."""
        if not self._whole or not self._first or not self._last or not self._begun_at or not self._at:
            return None, None, ()
        self._loosen(self._before, self._after)
        turned = -1 if self._begun_at > self._at else 1  # a file that is newest first is read from its end
        starts = sorted(self._starts, key=lambda each: (each[0], turned * each[1]))
        ends = sorted(self._ends, key=lambda each: (each[0], turned * each[1]))
        begun, ended = Counter(each[2] for each in starts), Counter(each[2] for each in ends)
        opens, closes = begun - ended, ended - begun
        oldest = (self._first if turned > 0 else self._last)[1]
        opening = next((before for _, _, before, _ in starts if before in opens), oldest)
        closing = next((after for _, _, after, _ in reversed(ends) if after in closes), opening)
        return opening, closing, tuple(row for _, _, before, row in starts if before in opens and before != opening)


def chain(lines: Iterable[Line]) -> tuple[Decimal | None, Decimal | None, tuple[int, ...]]:
    """Opening, closing and the rows that do not follow; None where a line tells no balance."""
    found = Chain()
    for line in lines:
        found.add(line)
    return found.ends()

"""The journal as tax people and auditors ask for it: each leg dated, with its account, its amount and its worth then.

Dated by when things took effect. What the legs come to on every account is held against the trial balance before and
after.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text

from app.core.clock import written
from app.core.db import db, rows
from app.core.errors import Malformed
from app.core.money import ASSETS, NGN, Money, zero
from app.ledger import prices, trial
from app.ledger.prices import Price
from app.ledger.trial import Basis
from app.ledger.whole import CHUNK_ROWS
from reports.tables import TICK, Line, Parameters, Section, Tie

COLUMNS = (
    "Journal", "Took effect", "Booked", "Kind", "About", "Leg", "Account", "Asset", "Debit", "Credit",
    "Price in naira", "Worth in naira",
)  # fmt: skip
ACCOUNT, DEBIT, CREDIT = 6, 8, 9
# The price of a leg is the last one stored when it took effect.
_LEGS = """
SELECT j.id, j.effective_at, j.booked_at, j.kind, j.ref, e.leg, a.code, e.asset, e.amount, p.naira, p.at, p.source
  FROM ledger.journals j JOIN ledger.entries e ON e.journal_id = j.id JOIN ledger.accounts a ON a.id = e.account_id
  LEFT JOIN LATERAL (SELECT q.naira, q.at, q.source FROM ledger.prices q
                      WHERE q.asset = e.asset AND q.at <= j.effective_at ORDER BY q.at DESC LIMIT 1) p
            ON e.asset <> 'NGN'
 WHERE j.effective_at >= :since AND j.effective_at < :until AND (:asset = '' OR e.asset = :asset)
   AND (j.effective_at, j.id, e.leg) > (CAST(:moment AS timestamptz), CAST(:journal AS bigint), CAST(:leg AS integer))
 ORDER BY j.effective_at, j.id, e.leg
"""
_PART = _LEGS + " LIMIT :limit"
_COUNT = """
SELECT count(*) AS n FROM ledger.entries e
 WHERE e.effective_at >= :since AND e.effective_at < :until AND (:asset = '' OR e.asset = :asset)
"""
_NUMBER, _LEG = re.compile("[0-9]{1,18}"), re.compile("[0-9]{1,9}")
_FROM_THE_FIRST = {"moment": "-infinity", "journal": 0, "leg": 0}


def sections(asked: Parameters) -> list[Section]:
    """The legs; then every account's balance before, what moved, and its balance after."""
    return [
        Section(
            "Journal",
            COLUMNS,
            lambda: _lines(asked),
            frozenset({"Leg", "Debit", "Credit", "Price in naira", "Worth in naira"}),
            note="Worth is by the last price stored when a leg took effect, towards zero: the worths of a journal in"
            " several assets need not come out even. Times are West Africa Time.",
            empty="Nothing took effect in these days.",
            tally=lambda: ByAccount(asked, before=_trial(asked, -1), after=_trial(asked, 1)),
            part=lambda after, limit: _part(asked, after, limit),
            expected=lambda: int(
                rows(_COUNT, since=asked.since, until=asked.until, asset=asked.asset)[0].n,
            ),
        ),
        Section(
            "Trial balance before and after",
            ("Account", "Asset", "Before", "Moved", "After"),
            lambda: _movements(asked),
            frozenset({"Before", "Moved", "After"}),
            note="Debits positive, credits negative, by when things took effect. Customers' accounts are one line.",
            empty="There is nothing in the books.",
        ),
    ]


@dataclass
class ByAccount:
    """Adds legs to the balances before, account by account: the balances after must come out.

    Customers' accounts are one, as in the trial balance.
    """

    asked: Parameters
    before: dict[str, Money]
    after: dict[str, Money]
    moved: dict[str, Money] = field(default_factory=dict)

    def take(self, line: Line) -> None:
        """One leg more."""
        code, debit, credit = _folded(str(line[ACCOUNT])), line[DEBIT], line[CREDIT]
        amount = debit if isinstance(debit, Money) else -credit if isinstance(credit, Money) else None
        if amount is not None:
            self.moved[code] = self.moved.get(code, zero(amount.asset)) + amount

    def ties(self) -> list[Tie]:
        """For each account on which something moved, by the legs or by the trial balance."""
        found = []
        for code in sorted(self.before.keys() | self.after.keys() | self.moved.keys()):
            asset = ASSETS[code.rpartition(":")[2]]
            before, after, moved = (side.get(code, zero(asset)) for side in (self.before, self.after, self.moved))
            if moved or before != after:
                found.append(Tie(f"{code} at the end, by the trial balance", before + moved, after))
        return found


def _trial(asked: Parameters, side: int) -> dict[str, Money]:
    """The trial balance just before the span (-1) or at its end (1): debits less credits, by account."""
    moment = (asked.until if side > 0 else asked.since) - TICK
    found = trial.trial_balance(moment, basis=Basis.EFFECTIVE)
    return {line.code: line.balance for line in found if asked.asset in {"", line.asset}}


def _movements(asked: Parameters) -> Iterator[Line]:
    before, after = _trial(asked, -1), _trial(asked, 1)
    for code in sorted(before.keys() | after.keys()):
        nothing = zero(ASSETS[code.rpartition(":")[2]])
        was, is_now = before.get(code, nothing), after.get(code, nothing)
        if was or is_now:
            yield code, nothing.asset.code, was, is_now - was, is_now


def _lines(asked: Parameters) -> Iterator[Line]:
    streamed = {"yield_per": CHUNK_ROWS}
    span = {"since": asked.since, "until": asked.until, "asset": asked.asset}
    for row in db.session.execute(text(_LEGS), span | _FROM_THE_FIRST, execution_options=streamed):
        yield _line(row)


def _part(asked: Parameters, after: str, limit: int) -> tuple[list[Line], str]:
    found = rows(
        _PART, since=asked.since, until=asked.until, asset=asked.asset, limit=limit + 1, **_beginning(after)
    )  # fmt: skip
    last = found[limit - 1] if len(found) > limit else None
    return [_line(row) for row in found[:limit]], (
        f"{last.effective_at.isoformat()}|{last.id}|{last.leg}" if last else ""
    )


def _beginning(after: str) -> dict[str, Any]:
    """Where a page begins. Raises Malformed."""
    if not after:
        return _FROM_THE_FIRST
    moment, _, rest = after.partition("|")
    journal, _, leg = rest.partition("|")
    if not (_NUMBER.fullmatch(journal) and _LEG.fullmatch(leg)):
        raise Malformed("That page is not one of this list.")
    return {"moment": written(moment), "journal": int(journal), "leg": int(leg)}


def _line(row: Any) -> Line:
    amount = Money(ASSETS[row.asset], int(row.amount))
    price = Price(row.asset, row.naira, row.at, row.source) if row.naira is not None else None
    known = {row.asset: price} if price else {}
    return (
        row.id,
        row.effective_at,
        row.booked_at,
        row.kind,
        row.ref,
        row.leg,
        row.code,
        row.asset,
        amount if amount.units > 0 else None,
        None if amount.units > 0 else -amount,
        f"{price.naira:f}" if price else "1" if row.asset == NGN.code else "",
        prices.value(amount, known),
    )


def _folded(code: str) -> str:
    """Customers' accounts of an asset are one line of the trial balance."""
    return f"liability:customer:*:{code.rpartition(':')[2]}" if code.startswith("liability:customer:") else code

"""Reading Paystack's balance ledger for what goes back to payers, a piece at a time. Never inside a transaction.

It tells everything that moved and can only be asked by time: of months of a busy shop no run reads more than it has
time for, and the next goes on where it ended, whichever refund or dispute asks.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from app.clients.paystack import Paystack
from app.clients.paystack_answers import LedgerEntry
from app.core import clock
from app.core.actor import Actor
from app.core.db import atomically, leave
from app.payments import balance_lines
from app.payments.balance_lines import Cause
from app.payments.errors import LedgerNotReadYet

LINES_A_RUN = 5_000  # fifty calls: well below what one task may take
PIECE = timedelta(hours=6)
PIECE_MAX = timedelta(days=1)  # quiet times are read in longer ones
CALL_COSTS = 100  # a call that brings nothing takes as long as one that brings a page
WORTH_KEEPING = 1_000  # what cost less is read anew as fast
MANY = 1_000  # lines in one piece
# So long after what it tells of a line may be written, and with a clock that is not ours.
STILL_MOVING = timedelta(hours=6)


def moved(
    causes: Collection[Cause], *, since: datetime, enough: int | None = None, paystack: Paystack, actor: Actor
) -> int:
    """How these moved our balance since then, in kobo: what was taken is below zero.

    Stops when `enough` was taken. Raises Silent, and LedgerNotReadYet when there is more to read than one run does.
    """
    known = balance_lines.known_for_system(causes)
    certain, until = clock.now() - STILL_MOVING, clock.now() + STILL_MOVING
    at = begun = min(balance_lines.read_from_for_system(since), certain)
    leave()
    lines, cost, piece = list[LedgerEntry](), 0, PIECE
    while at < until and (enough is None or -sum(known.values()) < enough):
        if cost >= LINES_A_RUN and at < certain:
            _keep(lines, begun=begun, until=min(at, certain), actor=actor)
            raise LedgerNotReadYet
        end = min(at + piece, until)
        found = list(paystack.balance_ledger(at, end))
        known |= balance_lines.of(causes, found)
        lines, cost, at = [*lines, *found], cost + len(found) + CALL_COSTS, end
        piece = min(piece * 2, PIECE_MAX) if len(found) < MANY else PIECE
    if cost >= WORTH_KEEPING:
        _keep(lines, begun=begun, until=min(at, certain), actor=actor)
    return sum(known.values())


def _keep(lines: list[LedgerEntry], *, begun: datetime, until: datetime, actor: Actor) -> None:
    """Keep what was read, as far as it will not change; the newest line says what time it is there."""
    newest = max((line.created_at for line in lines if line.created_at is not None), default=begun)
    if newest > begun:  # (else nothing moved for longer than a run reads)
        until = min(until, newest)
    if until > begun:
        atomically(lambda: balance_lines.keep(lines, since=begun, until=until), actor=actor)

"""The work on the demo's breaks: some are somebody's, one waits for treasury, one was booked, one was accepted."""

from datetime import datetime, timedelta

from app.breaks import board, requests, service
from app.breaks.board import Sought
from app.core import actor, clock
from app.core.clock import WAT
from app.core.db import leave, transaction
from app.core.money import NGN
from app.ledger import chart
from app.matching.rules import Reason

Asked = tuple[str, str]  # a request and the hash of its content


def begin(finance: str, *, at: datetime) -> list[Asked]:
    """Finance looks into the first breaks of the bank: what treasury is to agree to now. One more waits."""
    account = chart.house(chart.BANK, asset=NGN)
    with clock.at(at):
        found = board.ids_for_operators(account, Sought(reason=Reason.MISSING_IN_LEDGER), limit=4)
        leave()
        if len(found) < 4:  # noqa: PLR2004 (a short story has fewer)
            return []
        booked, accepted, waits, taken = (row.id for row in found)
        with transaction(who := actor.operator(finance)):
            for number in (booked, waits, taken):
                service.assign(number, owner=finance, actor=who)
            service.comment(taken, words="Zenith was asked for their tariff on the 3rd.", actor=who)
            service.comment(waits, words="The same charge as each week.", actor=who)
            made = [
                requests.request_journal(
                    number, other=chart.house(chart.BANK_CHARGES, asset=NGN), on_its_day=False,
                    reason="Weekly charge of the bank.", maker=finance, actor=who,
                )
                for number in (booked, waits)
            ]  # fmt: skip
            until = at.astimezone(WAT).date() + timedelta(days=30)
            reason = "The bank takes it back with its next statement."
            made.append(requests.request_acceptance(accepted, until=until, reason=reason, maker=finance, actor=who))
            agreed = [(made[place].id, made[place].payload_hash) for place in (0, 2)]
        leave()
    return agreed

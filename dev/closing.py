"""The books of the demo's last month: its sheets signed by two, closed where its checklist lets; each day proved."""

from datetime import date, datetime, timedelta

from app.closing import queries, requests, rerun, rules, service, sheets
from app.closing.errors import NotClosable
from app.closing.rules import SignRole, Span
from app.core import actor
from app.core.actor import Actor
from app.core.clock import WAT
from app.core.db import leave, transaction
from app.governance import flows
from app.governance import service as governance
from app.ledger import periods

PROVED_DAYS = 14
SYSTEM = actor.system("demo")
WHY = {
    "before": "The books begin with it.",
    "breaks": "The bank's charges: they are asked about, and booked next month.",
    "suspense": "Each item was looked at; none is older than two weeks.",
    "settlements": "Paystack has confirmed them for the first working day.",
    "owned": "Finance asks the bank about them on the first of each month.",
    "outside": "What the exchange holds of other coins is told from the next month on.",
    "proved": "The clock proves them in ten minutes.",
    "cover": "Bought back on the first working day.",
}


def close(finance: str, treasury: str, *, at: datetime) -> None:
    """Sign last month's sheets, close it, and prove the days since as each morning does."""
    today = at.astimezone(WAT).date()
    month = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    span = rules.month_of(month)
    for account in queries.accounts_for_operators(span):
        _sign(account, span, SignRole.PREPARED, finance, "The week's charges are with the bank.")
        _sign(account, span, SignRole.REVIEWED, treasury, "")
    try:
        _close(month, finance, treasury)
    except NotClosable:
        leave()  # (a file is missing in it, depending on the day of the month: it shows what is red)
    for account in queries.accounts_for_system():
        for back in reversed(range(PROVED_DAYS)):
            _prove(account, today - timedelta(days=back + 1))


def _close(month: date, finance: str, treasury: str) -> None:
    with transaction(who := actor.operator(finance)):
        payload = requests.proposed(month, WHY)
    for step in (periods.begin_close, periods.settle):
        with transaction(who):
            step(month)
    with transaction(who):
        asked = requests.request_close(payload, reason="All that is open is known.", maker=finance, actor=who)
        request_id, shown = asked.id, asked.payload_hash
    with transaction(agrees := actor.operator(treasury)):
        governance.approve(request_id, operator_id=treasury, shown=shown, actor=agrees)
    flows.carry_out(request_id, actor=SYSTEM)


def _sign(account: str, span: Span, role: SignRole, by: str, note: str) -> None:
    sheet = sheets.of(account, span)
    blocked, shown = sheet.blocked, sheet.digest.hex()
    leave()
    if not blocked:
        who: Actor = actor.operator(by)
        with transaction(who):
            service.sign(account, span, role=role, shown=shown, note=note, operator_id=by)


def _prove(account: str, day: date) -> None:
    with transaction(SYSTEM):
        rerun.look_again(account)
        service.prove(account, day, actor=SYSTEM)
    leave()

"""Months that are signed, closed and opened again by whoever may."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from app.closing import queries, requests, service, sheets
from app.closing.rules import SignRole, Span, month_of
from app.closing.sheets import Sheet
from app.core import actor
from app.core.db import leave, transaction
from app.core.permissions import Role
from app.governance import flows
from app.governance import service as governance
from app.governance.models import Request
from app.governance.queries import about_for_operators, one_for_operators
from app.ledger import periods
from tests.makers import people

SYSTEM = actor.system("test")


@dataclass
class Closers:
    """One of finance, two of treasury."""

    finance: str = field(default_factory=lambda: people.operator(Role.FINANCE)[0])
    treasury: str = field(default_factory=lambda: people.operator(Role.TREASURY)[0])
    second: str = field(default_factory=lambda: people.operator(Role.TREASURY)[0])

    def sheet(self, account: str, span: Span) -> Sheet:
        """As it is now."""
        found = sheets.of(account, span)
        leave()
        return found

    def sign(self, account: str, span: Span, *, role: SignRole, by: str) -> str:
        """In one part, what one sees."""
        shown = self.sheet(account, span).digest.hex()
        with transaction(actor.operator(by)):
            return service.sign(account, span, role=role, shown=shown, note="", operator_id=by)

    def sign_both(self, account: str, month: date) -> None:
        """By two, unless they did."""
        if self.sheet(account, month_of(month)).whole:
            return
        for role, by in ((SignRole.PREPARED, self.finance), (SignRole.REVIEWED, self.treasury)):
            self.sign(account, month_of(month), role=role, by=by)

    def settle(self, month: date) -> None:
        """Let nobody book into it."""
        for step in (periods.begin_close, periods.settle):
            with transaction(actor.operator(self.finance)):
                step(month)

    def ask(self, month: date, *, reasons: Mapping[str, str] | None = None) -> Request:
        """That it be closed."""
        why = {
            "before": "The books begin with it.",
            "breaks": "They are known.",
            "proved": "They are.",
            "owned": "Next week.",
            "balance": "Their balances are made up.",
            "outside": "Nobody tells of them here.",
            **(reasons or {}),
        }
        with transaction(who := actor.operator(self.finance)):
            payload = requests.proposed(month, why)
            return requests.request_close(payload, reason="It is over.", maker=self.finance, actor=who)

    def close(self, month: date) -> str:
        """All of it: what came of it."""
        self.settle(month)
        return self.agree(self.ask(month), self.treasury)

    def reopen(self, month: date) -> str:
        """By two others."""
        closing = queries.closing_for_operators(month)
        assert closing is not None
        with transaction(who := actor.operator(self.finance)):
            asked = requests.request_reopen(closing, reason="A file was lost.", maker=self.finance, actor=who)
        return self.agree(asked, self.treasury, self.second)

    def deny_all(self, month: date) -> None:
        """Whatever was asked for about a month."""
        found = [one.request.id for one in about_for_operators(requests.target_of(month))]
        for request_id in found:
            with transaction(who := actor.operator(self.treasury)):
                governance.deny(request_id, operator_id=self.treasury, reason="Not now.", actor=who)
        leave()

    def agree(self, asked: Request, *voters: str) -> str:
        """Have these agree, and it carried out: what came of it."""
        request_id, shown = asked.id, asked.payload_hash
        leave()
        for voter in voters:
            with transaction(who := actor.operator(voter)):
                governance.approve(request_id, operator_id=voter, shown=shown, actor=who)
        flows.carry_out(request_id, actor=SYSTEM, look=None)
        result = one_for_operators(request_id).request.result
        leave()
        return result

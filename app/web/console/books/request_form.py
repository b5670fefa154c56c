"""The form for a journal by hand: lines are read one by one, and whether they balance is said while they are typed."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask import flash, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from app.adjustments import rules, service
from app.core import crypto, idempotency
from app.core.actor import Actor
from app.core.db import atomically
from app.core.errors import InvalidAmount, KeyReused, Refusal
from app.core.money import ASSETS, Asset, Money, parse
from app.core.permissions import Permission
from app.ledger.journal import Leg
from app.web import guards
from app.web.console.base import bp
from app.web.console.books import reads
from app.web.fragments import page

LINES_FIRST, LINES_MORE, LINES_LEAST = 4, 4, 2
SUGGESTED = 60
DEBIT, CREDIT = "debit", "credit"


@dataclass
class Line:
    """One line as it was typed, and what is wrong with it. `leg` is there when it could be read."""

    account: str = ""
    side: str = DEBIT
    amount: str = ""
    account_error: str = ""
    amount_error: str = ""
    leg: Leg | None = None

    @property
    def blank(self) -> bool:
        """Whether nobody wrote anything here."""
        return not self.account and not self.amount


@dataclass
class Typed:
    """The whole form as it was typed."""

    lines: list[Line]
    reason: str = ""
    effective_on: str = ""
    corrects: str = ""
    key: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    day: date | None = None

    @property
    def legs(self) -> tuple[Leg, ...]:
        """The lines that could be read."""
        return tuple(line.leg for line in self.lines if line.leg)

    @property
    def differences(self) -> list[tuple[Asset, Money, Money]]:
        """Debits and credits per asset, of the lines that could be read."""
        found = []
        for asset in dict.fromkeys(leg.amount.asset for leg in self.legs):
            units = [leg.amount.units for leg in self.legs if leg.amount.asset == asset]
            debits, credits_ = sum(u for u in units if u > 0), -sum(u for u in units if u < 0)
            found.append((asset, Money(asset, debits), Money(asset, credits_)))
        return found

    @property
    def balances(self) -> bool:
        """Whether there is something, and it sums to nothing in every asset."""
        return len(self.legs) >= LINES_LEAST and all(debits == credits_ for _, debits, credits_ in self.differences)

    @property
    def faulty(self) -> bool:
        """Whether anything is wrong."""
        return bool(self.errors) or any(line.account_error or line.amount_error for line in self.lines)


@bp.get("/ledger/requests/new")
@guards.operator(Permission.JOURNALS_REQUEST)
def new_journal_request() -> Response:
    """An empty form; `corrects` may come with the address."""
    corrects = request.args.get("corrects", "")
    return _form(Typed([Line() for _ in range(LINES_FIRST)], corrects=corrects if corrects.isdecimal() else ""))


@bp.get("/ledger/requests/new/check")
@guards.operator(Permission.JOURNALS_REQUEST)
def check_journal_request() -> Response:
    """Whether what has been typed balances, and the accounts that it may mean."""
    return _form(_typed(request.args))


@bp.post("/ledger/requests")
@guards.operator(Permission.JOURNALS_REQUEST)
def request_journal() -> Response | BaseResponse:
    """Ask, or show the form again: with more lines when those were asked for."""
    typed = _typed(request.form)
    if request.form.get("act") == "more":
        more = min(LINES_MORE, rules.LINES_MAX - len(typed.lines))
        typed.lines += [Line() for _ in range(more)]
        return _form(typed)
    _judge(typed)
    if typed.faulty:
        return _form(typed, status=422)
    actor = guards.actor()
    try:
        asked = atomically(lambda: _ask(typed, actor=actor), actor=actor, reason=typed.reason)
    except KeyReused:  # asked for already, then changed and sent again: as another request, if it is sent once more
        typed.key, typed.errors["form"] = "", "This form was sent before with other content. Send it again to ask anew."
        return _form(typed, status=422)
    except Refusal as refused:
        typed.errors["form"] = refused.message
        return _form(typed, status=422)
    flash("Asked for. Somebody else must approve it.", "ok")
    return redirect(url_for("console.journal_request", request_id=asked), 303)


def _ask(typed: Typed, *, actor: Actor) -> str:
    """The id of the request; a form that is sent twice asks once."""
    corrects = int(typed.corrects) if typed.corrects else None
    content = rules.Content(typed.legs, typed.reason, typed.day, corrects)

    def body() -> dict[str, Any]:
        return {"id": service.request(content, operator_id=current_user.id, actor=actor).id}

    answer, _ = idempotency.once(typed.key, actor=actor, request={"content": content.as_json()}, body=body)
    return str(answer["id"])


def _typed(sent: MultiDict[str, str]) -> Typed:
    """Read the lines that were sent."""
    accounts, amounts, sides = sent.getlist("account"), sent.getlist("amount"), sent.getlist("side")
    lines = [
        Line(account.strip(), side if side == CREDIT else DEBIT, amount.strip())
        for account, side, amount in zip(accounts, sides, amounts, strict=False)
    ][: rules.LINES_MAX]
    known = reads.known({line.account for line in lines if line.account})
    for line in lines:
        _read(line, known)
    return Typed(
        lines,
        sent.get("reason", "").strip(),
        sent.get("effective_on", "").strip(),
        sent.get("corrects", "").strip(),
        sent.get("key", ""),
    )


def _read(line: Line, known: dict[str, Any]) -> None:
    found = known.get(line.account)
    if line.blank:
        return
    if found is None:
        line.account_error = "There is no such account." if line.account else "Which account?"
        return
    if found.closed or (found.no_debits if line.side == DEBIT else found.no_credits):
        line.account_error = "It is closed." if found.closed else f"It is frozen for {line.side}s."
    if not line.amount:
        line.amount_error = "How much?"
        return
    try:
        amount = parse(line.amount, asset=ASSETS[found.asset])
    except InvalidAmount as refused:
        line.amount_error = refused.message
        return
    if not amount:
        line.amount_error = "More than nothing."
        return
    line.leg = Leg(line.account, amount if line.side == DEBIT else -amount)


def _judge(typed: Typed) -> None:
    """What is wrong with the form as a whole."""
    if not typed.balances and not typed.faulty:
        typed.errors["form"] = "Debits and credits must be equal in every asset, over two lines or more."
    if not typed.reason:
        typed.errors["reason"] = "Say why. It is kept with the journal."
    elif len(typed.reason) > rules.REASON_MAX:
        typed.errors["reason"] = f"At most {rules.REASON_MAX} characters."
    if typed.corrects and not (typed.corrects.isascii() and typed.corrects.isdecimal() and len(typed.corrects) <= 15):  # noqa: PLR2004 (fits a bigint)
        typed.errors["corrects"] = "The number of a journal, in digits."
    if typed.effective_on:
        try:
            typed.day = date.fromisoformat(typed.effective_on)
        except ValueError:
            typed.errors["effective_on"] = "Write a day, like 2026-10-31."


def _form(typed: Typed, *, status: int = 200) -> Response:
    unknown = [line.account for line in typed.lines if line.account_error and line.account]
    found = [code for part in unknown[:3] for code in reads.suggestions(part)]
    return page(
        "console/books/request_form.html",
        block="check",
        status=status,
        key=typed.key or crypto.new_token(),
        typed=typed,
        codes=list(dict.fromkeys([*found, *reads.house_codes(limit=SUGGESTED)]))[:SUGGESTED],
        lines_max=rules.LINES_MAX,
        reason_max=rules.REASON_MAX,
    )

"""Closing a month and opening it again are requests: finance asks, others agree; then it is looked at again."""

from collections.abc import Mapping
from datetime import date, datetime

from app.closing import checklist, errors, postings, queries, rerun, rules, service
from app.closing.checklist import Given
from app.closing.models import Closing, Reopening
from app.closing.rules import Check, Light
from app.core import clock, ids
from app.core.actor import Actor
from app.core.clock import WAT
from app.core.db import db, rows
from app.core.money import NGN, Money
from app.core.permissions import Permission
from app.governance import service as governance
from app.governance.kinds import Agreed, Kind, Line, Payload
from app.governance.models import Request
from app.ledger import periods, posting
from app.matching import service as matching

SETTLED, CLOSED = "settled", "closed"
ONE_KOBO = Money(NGN, 1)


def target_of(month: date) -> str:
    """What requests about a month are about."""
    return f"period:{month:%Y-%m}"


def proposed(month: date, reasons: Mapping[str, str]) -> Payload:
    """What is asked for when a month (named by its first day) is to be closed on its checklist as it is.

    Raises NotOver, and NotClosable for a red line and for an amber one without its reason.
    """
    service.at_leisure()
    checks = [one.written() for one in checklist.of(checklist.given(rules.month_of(month)))]
    amber = [each["name"] for each in checks if each["light"] == Light.AMBER]
    told = {name: why for name in amber if (why := reasons.get(name, "").strip()[: rules.REASON_MAX])}
    payload: Payload = {
        "month": f"{month:%Y-%m}",
        "checklist": checks,
        "reasons": told,
        "digest": rules.digest_of(checks).hex(),
    }
    _check_close(payload)
    return payload


def request_close(payload: Payload, *, reason: str, maker: str, actor: Actor) -> Request:
    """Ask for it. Raises NotOver, NotClosable, and as governance does."""
    target = target_of(_month(payload))
    return governance.submit(CLOSE.name, payload, target=target, reason=reason, maker=maker, actor=actor)


def request_reopen(closing: Closing, *, reason: str, maker: str, actor: Actor) -> Request:
    """Ask that a closed month be opened again. Raises NotNewest, and as governance does."""
    payload: Payload = {"month": f"{closing.month:%Y-%m}", "closing": closing.id}
    target = target_of(closing.month)
    return governance.submit(REOPEN.name, payload, target=target, reason=reason, maker=maker, actor=actor)


def _check_close(payload: Payload) -> None:
    month = _month(payload)
    if rules.month_of(month).last > queries.yesterday_for_system():
        raise errors.NotOver
    standing = queries.month_for_operators(month)
    if standing is not None and standing.state == CLOSED:
        raise errors.NotClosable("This month is closed.")
    for each in payload["checklist"]:
        if each["light"] == Light.RED:
            raise errors.NotClosable(f"{each['title']}: {each['said']}.")
        if each["light"] == Light.AMBER and not payload["reasons"].get(each["name"]):
            raise errors.NotClosable(f"Say why it can be closed although this is not so: {each['title']}.")


def _close(agreed: Agreed) -> str:
    _check_close(agreed.payload)
    service.at_leisure()
    month = _month(agreed.payload)
    span = rules.month_of(month)
    # Nobody matches and nobody brings lines before the end of this: what is looked at is what is closed.
    for account in sorted(queries.accounts_for_operators(span)):
        matching.turn(account)
        rerun.look_again(account)
    lines_upto = rows("SELECT settle_lines() AS upto")[0].upto
    standing = queries.month_for_operators(month)
    if standing is None or standing.month != month or standing.state != SETTLED:
        raise errors.NotSettled
    found = checklist.given(span)
    checks = checklist.of(found)
    if bad := rules.worse(checks, agreed.payload["checklist"], agreed.payload["reasons"]):
        raise errors.ChecklistWorse(f"It is worse than what was agreed to. {bad[0].title}: {bad[0].said}.")
    periods.close(month)
    made = _sealed(found, checks, month=month, nth=standing.nth, lines_upto=lines_upto, agreed=agreed)
    return f"Closed. Its digest {made.digest.hex()[:12]} is in journal {made.journal_id}"


def _sealed(
    found: Given, checks: list[Check], *, month: date, nth: int, lines_upto: int, agreed: Agreed
) -> Closing:  # fmt: skip
    sheets = {sheet.account: sheet.written() for sheet in found.sheets}
    lines = {"lines": [one.written() for one in checks], "reasons": agreed.payload["reasons"]}
    digest = rules.digest_of({"checklist": lines, "sheets": sheets})
    closing_id = ids.new("clo")
    journal = postings.closed(ref=closing_id, month=f"{month:%Y-%m}", digest=digest.hex(), amount=ONE_KOBO)
    posted = posting.post(journal, key=f"closing:{month:%Y-%m}:{nth}")
    made = Closing(
        id=closing_id,
        month=month,
        nth=nth,
        ends_at=rules.month_of(month).until,
        request_id=agreed.request_id,
        checklist=lines,
        sheets=sheets,
        digest=digest,
        lines_upto=lines_upto,
        journal_id=posted.journal_id,
        closed_at=clock.now(),
    )
    db.session.add(made)
    db.session.flush()
    return made


def _check_reopen(payload: Payload) -> None:
    month = _month(payload)
    found = queries.closing_for_operators(month)
    newest = max((row.month for row in periods.everything()), default=None)
    if found is None or found.id != payload["closing"] or newest != month:
        raise errors.NotNewest


def _reopen(agreed: Agreed) -> str:
    _check_reopen(agreed.payload)
    row = Reopening(
        id=ids.new("rop"),
        closing_id=agreed.payload["closing"],
        request_id=agreed.request_id,
        reason=agreed.reason,
        reopened_at=clock.now(),
    )
    db.session.add(row)
    db.session.flush()
    periods.reopen_closed(_month(agreed.payload))
    return "Open again. Every later sheet says so"


def _month(payload: Payload) -> date:
    return datetime.strptime(payload["month"], "%Y-%m").replace(tzinfo=WAT).date()


def _named(payload: Payload) -> str:
    return f"{_month(payload):%B %Y}"


def _lines(payload: Payload) -> list[Line]:
    words = {Light.GREEN: "", Light.AMBER: "Although: ", Light.RED: "Not so: "}
    found = [Line("Month", _named(payload))]
    for each in payload["checklist"]:
        why = payload["reasons"].get(each["name"], "")
        said = f"{words[Light(each['light'])]}{each['said']}" + (f" (because: {why})" if why else "")
        found.append(Line(each["title"], said))
    return found


CLOSE = Kind(
    name="closing.close",
    title="Closing of a month",
    make=Permission.LEDGER_CLOSE,
    dry_run=_check_close,
    execute=_close,
    describe=_lines,
    summary=lambda payload: f"Close {_named(payload)}",
)

REOPEN = Kind(
    name="closing.reopen",
    title="Reopening of a month",
    make=Permission.LEDGER_CLOSE,
    dry_run=_check_reopen,
    execute=_reopen,
    describe=lambda payload: [
        Line("Month", _named(payload)),
        Line(
            "From then on",
            "journals can take effect in it again, and in those before that closed with it",
        ),
        Line("Closed on", payload["closing"]),
    ],
    summary=lambda payload: f"Open {_named(payload)} again",
)

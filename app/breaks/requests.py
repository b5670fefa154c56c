"""What is asked for about a break and needs others: a journal, a write-off, that it stay for a time."""

from datetime import date
from decimal import Decimal
from typing import Any

from app.adjustments import service as adjustments
from app.breaks import acts, errors, queries, rules, service
from app.breaks.acts import Agreement
from app.breaks.rules import MACHINE, State
from app.core import clock, machine
from app.core.actor import Actor
from app.core.clock import WAT
from app.core.money import ASSETS, NGN, Money
from app.core.permissions import Permission
from app.governance import service as governance
from app.governance.kinds import Agreed, Kind, Line, Payload
from app.governance.models import Request
from app.governance.rules import Facts
from app.identity import queries as identity
from app.ledger import chart
from app.matching import break_queries


def request_journal(break_id: int, *, other: str, on_its_day: bool, reason: str, maker: str, actor: Actor) -> Request:
    """Ask that a difference be booked, its other leg to this account.

    Raises NotFound, BreakGone, UnderWay, BadAccount, ClosesByItself, TooSmall, and as governance and the books do.
    """
    one = break_queries.one_for_operators(break_id)
    if other not in queries.others_for_operators(one.account):
        raise errors.BadAccount
    return _ask_journal(one, other=other, on_its_day=on_its_day, reason=reason, maker=maker, actor=actor)


def request_write_off(break_id: int, *, reason: str, maker: str, actor: Actor) -> Request:
    """Ask that a difference be written off: nobody can explain it. Raises as `request_journal`; NoWorth, AboveLimit."""
    one = break_queries.one_for_operators(break_id)
    worth = worth_of(one.account, one.amount)
    refuse_above(worth, maker=maker)
    other = chart.house(chart.WRITE_OFFS, asset=ASSETS[one.account.rpartition(":")[2]])
    return _ask_journal(one, other=other, on_its_day=False, reason=reason, maker=maker, actor=actor)


def request_acceptance(break_id: int, *, until: date, reason: str, maker: str, actor: Actor) -> Request:
    """Ask that a difference stay as it is until a day. Raises NotFound, BreakGone, UnderWay, BadExpiry."""
    one = break_queries.one_for_operators(break_id)
    payload = _about(one) | {
        "until": until.isoformat(),
        "amount": str(one.amount),
        "worth": _worth(one),
    }
    return _submit(ACCEPT, one, payload, reason=reason, maker=maker, actor=actor)


def worth_of(account: str, amount: Decimal) -> int | None:
    """What a difference is worth in kobo, without its sign, rounded up; None where nobody knows."""
    price = queries.price_for_operators(account)
    return None if price is None else rules.kobo(amount * price)


def refuse_above(worth: int | None, *, maker: str) -> None:
    """Raises NoWorth; AboveLimit, which says who may write so much off."""
    if worth is None:
        raise errors.NoWorth
    limits, own = queries.write_off_limits_for_operators(), own_limit(maker)
    if worth <= own:
        return
    others = sorted(role for role, most in limits.items() if most >= worth)
    way = f"Ask {' or '.join(others)}" if others else "Propose an adjusting journal, which treasury agrees to"
    told = f"{Money(NGN, worth)} is more than the {Money(NGN, own)} that you may write off. {way}."
    raise errors.AboveLimit(told)


def own_limit(maker: str) -> int:
    """The most, in kobo, that somebody may ask to write off at once."""
    limits, held = queries.write_off_limits_for_operators(), identity.roles_for_system(maker)
    return max((most for role, most in limits.items() if role in held), default=0)


def agreement(agreed: Agreed) -> Agreement:
    """What the books keep of who agreed."""
    return Agreement(agreed.request_id, agreed.maker, agreed.voters, agreed.reason)


def _ask_journal(one: Any, *, other: str, on_its_day: bool, reason: str, maker: str, actor: Actor) -> Request:
    units = acts.bookable(one)
    payload = _about(one) | {
        "amount": str(one.amount),
        "units": str(units),
        "into": acts.into(one),
        "other": other,
        "on": acts.day_of(one).isoformat() if on_its_day else None,
        "worth": _worth(one),
        "why": reason.strip(),
    }
    return _submit(JOURNAL, one, payload, reason=reason, maker=maker, actor=actor)


def _submit(kind: Kind, one: Any, payload: Payload, *, reason: str, maker: str, actor: Actor) -> Request:
    case = service.opened(one, actor=actor)
    if case.state != State.OPEN:
        raise errors.UnderWay
    payload = payload | {"case": case.id}
    asked = governance.submit(kind.name, payload, target=f"break:{case.id}", reason=reason, maker=maker, actor=actor)
    case.request_id = asked.id
    service.note(case, "proposed", words=kind.summary(payload), request_id=asked.id, actor=actor)
    machine.move(case, State.PROPOSED, machine=MACHINE, actor=actor, reason=reason)
    return asked


def _worth(one: Any) -> str | None:
    worth = worth_of(one.account, one.amount)
    return None if worth is None else str(worth)


def _about(one: Any) -> Payload:
    return {"account": one.account, "break": one.id}


def _content(payload: Payload) -> Any:
    day = date.fromisoformat(payload["on"]) if payload["on"] else None
    units = int(payload["units"])
    return acts.content(payload["into"], units, other=payload["other"], reason=payload["why"], on=day)


def _try_journal(payload: Payload) -> None:
    if is_write_off(payload) and payload["worth"] is None:
        raise errors.NoWorth
    adjustments.try_out(_content(payload))


def _book(agreed: Agreed) -> str:
    payload = agreed.payload
    case, one = acts.standing(payload["case"], amount=Decimal(payload["amount"]))
    if case.state != State.PROPOSED or case.request_id != agreed.request_id:
        raise errors.ProposalOver
    if acts.into(one) != payload["into"]:
        raise errors.BreakChanged
    if is_write_off(payload):
        refuse_above(int(payload["worth"]), maker=agreed.maker)
    day = date.fromisoformat(payload["on"]) if payload["on"] else None
    said = agreement(agreed)
    return f"journal {acts.book(case, one, other=payload['other'], on=day, agreed=said, actor=agreed.actor)}"


def _check_acceptance(payload: Payload) -> None:
    if not rules.is_good_expiry(date.fromisoformat(payload["until"]), today=clock.now().astimezone(WAT).date()):
        raise errors.BadExpiry


def _accept(agreed: Agreed) -> str:
    payload = agreed.payload
    _check_acceptance(payload)
    case, _ = acts.standing(payload["case"], amount=Decimal(payload["amount"]))
    if case.state != State.PROPOSED or case.request_id != agreed.request_id:
        raise errors.ProposalOver
    until = date.fromisoformat(payload["until"])
    service.accept(case, until=until, request_id=agreed.request_id, actor=agreed.actor)
    return f"Accepted until {until:%-d %B %Y}"


def is_write_off(payload: Payload) -> bool:
    """Whether a journal is one by which a difference is given up."""
    account: str = payload["other"]
    return account == chart.house(chart.WRITE_OFFS, asset=ASSETS[account.rpartition(":")[2]])


def _moved(payload: Payload) -> Money:
    return Money(ASSETS[payload["account"].rpartition(":")[2]], int(payload["units"]))


def _described(payload: Payload) -> list[Line]:
    moved = _moved(payload)
    ours, theirs = ("Debit", "Credit") if moved.units > 0 else ("Credit", "Debit")
    size = moved if moved.units > 0 else -moved
    day = date.fromisoformat(payload["on"]) if payload["on"] else None
    return [
        Line("Break", f"{payload['break']} of {payload['account']}"),
        Line(ours, f"{payload['into']}: {size}"),
        Line(theirs, f"{payload['other']}: {size}"),
        Line("Takes effect", f"{day:%-d %B %Y}" if day else "when it is booked"),
        Line("Then", "the break closes: the entry goes into one match with what it explains"),
    ]


def _named(payload: Payload) -> str:
    moved = _moved(payload)
    size = moved if moved.units > 0 else -moved
    if is_write_off(payload):
        return f"Write off {size} of break {payload['break']}"
    return f"Book {size} for break {payload['break']}"


def _coins(payload: Payload) -> str:
    return f"{Decimal(payload['amount']):+,f} {payload['account'].rpartition(':')[2]}"


JOURNAL = Kind(
    name="breaks.journal",
    title="Journal for a break",
    make=Permission.JOURNALS_REQUEST,
    dry_run=_try_journal,
    execute=_book,
    describe=_described,
    summary=_named,
    facts=lambda payload: Facts(amount=None if payload["worth"] is None else int(payload["worth"])),
)
ACCEPT = Kind(
    name="breaks.accept",
    title="Acceptance of a break",
    make=Permission.JOURNALS_REQUEST,
    dry_run=_check_acceptance,
    execute=_accept,
    describe=lambda payload: [
        Line("Break", f"{payload['break']} of {payload['account']}"),
        Line("Difference", f"{_coins(payload)}; it stays in the sum of the breaks"),
        Line("Until", f"{date.fromisoformat(payload['until']):%-d %B %Y}; then it is to be done again"),
    ],
    summary=lambda payload: f"Accept {_coins(payload)} of break {payload['break']} for a time",
    facts=lambda payload: Facts(amount=None if payload["worth"] is None else int(payload["worth"])),
)

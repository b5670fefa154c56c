"""Breaks, and people who work on them: finance asks, treasury agrees."""

from collections.abc import Callable
from datetime import date, timedelta

from sqlalchemy import text

from app.breaks import bulk, queries, requests, service, terms
from app.breaks import flows as breaks_flows
from app.breaks.board import Sought
from app.breaks.bulk import Deed
from app.breaks.rules import Act
from app.core import actor, clock
from app.core.clock import WAT
from app.core.db import db, leave, rows, transaction
from app.core.permissions import Role
from app.governance import flows
from app.governance import queries as governance_queries
from app.governance import service as governance
from app.governance.models import Request
from tests.makers import people, pictures
from tests.makers.matching import TEST, Outside

_OPEN = "SELECT id, account FROM breaks WHERE account = :account AND closed_by IS NULL ORDER BY line_id, id"


def numbers(outside: Outside) -> list[int]:
    """What is open in an account: lines first."""
    found = rows(_OPEN, account=outside.account)
    leave()
    return [row.id for row in found]


def asked(ask: Callable[[str], Request]) -> str:
    """Somebody of finance asks: the request."""
    maker, _ = people.newcomer(Role.FINANCE)
    with transaction(actor.operator(maker)):
        return ask(maker).id


def journal(break_id: int, other: str, *, on_its_day: bool = False) -> str:
    """Asked for: a journal whose other leg goes there."""
    return asked(
        lambda maker: requests.request_journal(
            break_id, other=other, on_its_day=on_its_day, reason="The bank wrote.", maker=maker,
            actor=actor.operator(maker),
        )
    )  # fmt: skip


def write_off(break_id: int) -> str:
    """Asked for: that it be given up."""
    return asked(
        lambda maker: requests.request_write_off(
            break_id, reason="Nobody knows.", maker=maker, actor=actor.operator(maker)
        )
    )


def acceptance(break_id: int, *, days: int = 10) -> str:
    """Asked for: that it stay for so many days."""
    return asked(
        lambda maker: requests.request_acceptance(
            break_id, until=today() + timedelta(days=days), reason="They correct it.", maker=maker,
            actor=actor.operator(maker),
        )
    )  # fmt: skip


def agree(request_id: str) -> str:
    """Treasury agrees, and it is carried out: the state of the request."""
    voter, _ = people.newcomer(Role.TREASURY)
    with transaction(who := actor.operator(voter)):
        shown = governance_queries.one_for_operators(request_id).request.payload_hash
        governance.approve(request_id, operator_id=voter, shown=shown, actor=who)
    leave()
    flows.carry_out(request_id, actor=TEST)
    return state(request_id)


def deny(request_id: str) -> None:
    """Treasury does not agree."""
    voter, _ = people.newcomer(Role.TREASURY)
    with transaction(who := actor.operator(voter)):
        governance.deny(request_id, operator_id=voter, reason="Look again.", actor=who)
    leave()


def state(request_id: str) -> str:
    """How a request stands."""
    found: str = rows("SELECT state FROM approval_requests WHERE id = :id", id=request_id)[0].state
    leave()
    return found


def a_journal(maker: str) -> Request:
    """Asked for by somebody: a journal for a break that nobody looked at."""
    line, *_ = numbers(Outside.differing())
    with transaction(who := actor.operator(maker)):
        return requests.request_journal(
            line, other="expense:bank_charges:NGN", on_its_day=False, reason="x", maker=maker, actor=who
        )


def an_acceptance(maker: str) -> Request:
    """Asked for by somebody: that a break stay for a while."""
    line, *_ = numbers(Outside.differing())
    with transaction(who := actor.operator(maker)):
        return requests.request_acceptance(line, until=today() + timedelta(days=9), reason="x", maker=maker, actor=who)


def a_bulk(maker: str) -> Request:
    """Asked for by somebody: that both breaks of an account stay for a while."""
    outside = Outside.differing()
    deed = Deed(Act.ACCEPT, "x", until=today() + timedelta(days=9))
    with transaction(who := actor.operator(maker)):
        found = bulk.chosen_for_operators(outside.account, Sought())
        seen = (len(found.rows), found.amount)
        made = bulk.ask(outside.account, Sought(), deed, scope="both", seen=seen, maker=maker, actor=who)
        return governance_queries.one_for_operators(str(made.request_id)).request


def other_terms(maker: str) -> Request:
    """Asked for by somebody: that what is worth least may be open for another time."""
    now = queries.newest_terms_for_operators()
    (naira, hours), *larger = reversed(now.deadlines)
    limits = {role: int(most) for role, most in now.limits.items()}
    told = [(naira, hours + 1), *((least, within) for least, within in larger)]
    with transaction(who := actor.operator(maker)):
        return terms.request(told, limits, reason="x", maker=maker, actor=who)


def begun_bulk(outside: Outside) -> str:
    """A comment on all that is open in an account: the bulk."""
    maker, _ = people.newcomer(Role.FINANCE)
    with transaction(who := actor.operator(maker)):
        found = bulk.chosen_for_operators(outside.account, Sought())
        seen = (len(found.rows), found.amount)
        deed = Deed(Act.COMMENT, "Seen.")
        return bulk.ask(outside.account, Sought(), deed, scope="all", seen=seen, maker=maker, actor=who).id


def evidence() -> str:
    """A file that is kept with a break."""
    line, *_ = numbers(Outside.differing())
    return breaks_flows.keep(line, name="letter.png", body=pictures.png(), actor=TEST)


def worked_on() -> str:
    """The work on a break that somebody commented on."""
    line, *_ = numbers(Outside.differing())
    with transaction(TEST):
        return service.comment(line, words="Seen.", actor=TEST).id


def case_state(break_id: int) -> str:
    """How the work on a break stands."""
    found = rows(
        "SELECT c.state FROM break_cases c JOIN breaks b ON b.id = :id AND break_subject(b) = c.subject",
        id=break_id,
    )
    leave()
    return found[0].state if found else ""


def trail(break_id: int) -> list[str]:
    """What happened to it, the oldest first."""
    found = rows(
        "SELECT n.kind FROM break_notes n JOIN break_cases c ON c.id = n.case_id"
        " JOIN breaks b ON b.id = :id AND break_subject(b) = c.subject ORDER BY n.id",
        id=break_id,
    )
    leave()
    return [row.kind for row in found]


def known_for(outside: Outside, *, days: int) -> None:
    """What is open there was found so many days ago."""
    with transaction(TEST):
        db.session.execute(
            text("UPDATE breaks SET found_at = :at WHERE account = :account AND closed_by IS NULL"),
            {"at": clock.now() - timedelta(days=days), "account": outside.account},
        )
    leave()


def follow(outside: Outside) -> None:
    """The clock looks after an account."""
    with transaction(TEST):
        service.follow(outside.account, actor=TEST)
    leave()


def today() -> date:
    """In Lagos."""
    return clock.now().astimezone(WAT).date()

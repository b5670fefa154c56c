"""One deed for many breaks: fixed when it is asked for, agreed to as a whole, carried out row by row."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any

from sqlalchemy import insert, select

from app.breaks import acts, board, errors, events, queries, requests, rules, service
from app.breaks.acts import Agreement
from app.breaks.board import Sought
from app.breaks.models import Bulk, BulkRow
from app.breaks.rules import BULK, GOVERNED, Act, BulkState, State
from app.core import actor as actors
from app.core import clock, ids, machine, outbox
from app.core.actor import Actor
from app.core.clock import WAT
from app.core.db import db
from app.core.errors import Refusal
from app.core.money import ASSETS
from app.core.permissions import Permission
from app.governance import queries as governance_queries
from app.governance import service as governance
from app.governance.kinds import Agreed, Kind, Line, Payload
from app.governance.rules import Facts
from app.ledger import chart
from app.matching import break_queries, by_hand
from app.matching.errors import TooFew
from app.matching.service import turn

AT_ONCE = 20  # rows of one transaction


@dataclass(frozen=True)
class Deed:
    """What is done to each: `words` are the comment or the reason, `owner` who gets them, `until` how long accepted."""

    act: Act
    words: str
    owner: str | None = None
    until: date | None = None


@dataclass(frozen=True)
class Chosen:
    """Which breaks: their numbers and amounts, the sum, and what all of them are worth without signs, in kobo.

    Of what is below a unit those that can be merged: so many `large` matches are left out, which would only grow, and
    `others`, if any, for which there is no room this time, or about which something is asked.
    """

    rows: list[Any]
    amount: Decimal
    worth: int | None
    large: int = 0
    others: bool = False


def chosen_for_operators(account: str, sought: Sought) -> Chosen:
    """All breaks of an account that fit; of what is below a unit those that can be made one, the least matches first.

    Raises NothingChosen, TooMany (not of what is below a unit).
    """
    found, large, others = board.ids_for_operators(account, sought, limit=rules.BULK_MAX + 1), 0, False
    if not found:
        raise errors.NothingChosen
    if sought.view == "small" and sought.these is None:
        found, large, others = _that_merge(found)
    if len(found) > rules.BULK_MAX:
        raise errors.TooMany
    size = sum((abs(row.amount) for row in found), Decimal(0))
    amount = sum((row.amount for row in found), Decimal(0))
    return Chosen(found, amount, requests.worth_of(account, size), large, others)


def _that_merge(found: list[Any]) -> tuple[list[Any], int, bool]:
    """As many of these as one match is made of; how many large matches are not among them, and whether others are not.

    Where no two can be made one: the first so many, whatever they are.
    """
    free = queries.mergeable_for_system([row.id for row in found])
    sizes = by_hand.sizes_for_operators(list(free))
    fit, room = set[int](), by_hand.LARGE
    for number in sorted(free, key=lambda number: (sizes[number], number)):
        room -= sizes[number]
        if room < 0 or len(fit) == rules.BULK_MAX:
            break
        fit.add(number)
    if len(fit) < 2:  # noqa: PLR2004 (one belongs to another)
        return found[: rules.BULK_MAX], 0, len(found) > rules.BULK_MAX
    large = sum(1 for number in free.keys() - fit if sizes[number] >= by_hand.LARGE)
    return [row for row in found if row.id in fit], large, len(found) > len(fit) + large


def ask(
    account: str, sought: Sought, deed: Deed, *, scope: str, seen: tuple[int, Decimal], maker: str, actor: Actor
) -> Bulk:
    """Do something to all breaks that fit, or ask others to agree to it. `seen` is how many, and what sum, was shown.

    Raises NothingChosen, TooMany, BreakChanged where others fit by now, WordsMissing, BadExpiry, NotOfFinance, NoWorth,
    AboveLimit, and as governance does; of a merge also TooFew, TooMuch, OfStatement, UnderWay.
    """
    found = chosen_for_operators(account, sought)
    if (len(found.rows), found.amount) != seen:
        raise errors.BreakChanged("Other breaks than those shown fit by now. Look again.")
    _check(deed, found, maker=maker)
    if deed.act == Act.MERGE:
        _check_merge(found)
    one = Bulk(
        id=ids.new("bbk"),
        account=account,
        act=deed.act,
        scope=scope,
        words=deed.words.strip(),
        owner=deed.owner,
        until=deed.until,
        state=BulkState.ASKED,
        rows_total=len(found.rows),
        amount=found.amount,
        made_by=maker,
        made_at=clock.now(),
    )
    machine.begin(one, machine=BULK, actor=actor)
    db.session.execute(
        insert(BulkRow), [{"bulk_id": one.id, "break_id": row.id, "amount": row.amount} for row in found.rows]
    )
    if deed.act not in GOVERNED:
        _begin(one, actor=actor)
        return one
    payload = {
        "bulk": one.id,
        "account": account,
        "act": str(deed.act),
        "scope": scope,
        "breaks": str(len(found.rows)),
        "amount": str(found.amount),
        "worth": None if found.worth is None else str(found.worth),
        "until": deed.until.isoformat() if deed.until else None,
        "digest": _digest(one.id),
    }
    asked = governance.submit(
        KIND.name, payload, target=f"break_bulk:{one.id}", reason=deed.words, maker=maker, actor=actor
    )
    one.request_id = asked.id
    db.session.flush()
    return one


def drop(request_id: str, *, reason: str, actor: Actor) -> None:
    """Others did not agree: nothing is done."""
    found = db.session.scalars(select(Bulk).where(Bulk.request_id == request_id).with_for_update()).one_or_none()
    if found is not None and found.state == BulkState.ASKED:
        found.ended_at = clock.now()
        machine.move(found, BulkState.DROPPED, machine=BULK, actor=actor, reason=reason)


def go_on(bulk_id: str, *, actor: Actor) -> bool:
    """Do the next rows of a bulk, each by itself and in the name of who asked: whether there are more."""
    one = _locked(bulk_id)
    if one.state != BulkState.WORKING:
        return False
    waiting = select(BulkRow).where(BulkRow.bulk_id == bulk_id, BulkRow.outcome == "").order_by(BulkRow.break_id)
    agreed, maker = _agreement(one), actors.operator(one.made_by, request_id=actor.request_id)
    if one.act == Act.MERGE:
        _merge(one, list(db.session.scalars(waiting)), actor=maker)
        return False
    found = list(db.session.scalars(waiting.limit(AT_ONCE)))
    for row in found:
        row.outcome, row.why = _tried(one, row, agreed=agreed, actor=maker)
    db.session.flush()
    if len(found) == AT_ONCE:
        return True
    _finish(one, actor=actor)
    return False


def _finish(one: Bulk, *, actor: Actor) -> None:
    one.ended_at = clock.now()
    machine.move(one, BulkState.DONE, machine=BULK, actor=actor)
    db.session.flush()


def _merge(one: Bulk, waiting: list[BulkRow], *, actor: Actor) -> None:
    """Merge all of a bulk, if each is as it was: one deed of the sum that was shown, done whole or not at all."""
    turn(one.account)  # (before any case is locked, as whoever links does)
    amounts = queries.mergeable_for_system([row.break_id for row in waiting])
    changed = {row.break_id for row in waiting if amounts.get(row.break_id) != row.amount}
    outcome, why = "failed", f"{len(changed):,} of them changed meanwhile: what is left is another sum than was shown."
    if not changed:
        try:
            with db.session.begin_nested():
                chosen = [row.break_id for row in waiting]
                group_id = service.merge(chosen, account=one.account, reason=one.words, actor=actor)
                outcome, why = "done", f"match {group_id}"
        except Refusal as no:
            why = no.message
    left_out = "It was closed or changed meanwhile, or something is asked for about it."
    for row in waiting:
        row.outcome, row.why = ("ineligible", left_out) if row.break_id in changed else (outcome, why)
    _finish(one, actor=actor)


def _tried(one: Bulk, row: BulkRow, *, agreed: Agreement | None, actor: Actor) -> tuple[str, str]:
    """What came of a row; what one refuses does not hold up the others."""
    try:
        with db.session.begin_nested():
            return "done", _done(one, row, agreed=agreed, actor=actor)
    except (errors.BreakGone, errors.BreakChanged, errors.UnderWay, errors.ProposalOver, errors.ClosesByItself) as no:
        return "ineligible", no.message
    except Refusal as no:
        return "failed", no.message


def _done(one: Bulk, row: BulkRow, *, agreed: Agreement | None, actor: Actor) -> str:
    if one.act == Act.ASSIGN:
        service.assign(row.break_id, owner=one.owner, actor=actor)
        return ""
    if one.act == Act.COMMENT:
        service.comment(row.break_id, words=one.words, actor=actor)
        return ""
    if agreed is None:
        raise errors.ProposalOver
    turn(one.account)  # (before any case is locked, as whoever links does)
    found = service.opened(break_queries.one_for_operators(row.break_id), actor=actor)
    case, own = acts.standing(found.id, amount=row.amount)
    if case.state != State.OPEN:
        raise errors.UnderWay
    if one.act == Act.ACCEPT and one.until is not None:
        service.accept(case, until=one.until, request_id=agreed.request_id, actor=actor)
        return ""
    other = chart.house(chart.WRITE_OFFS, asset=ASSETS[one.account.rpartition(":")[2]])
    return f"journal {acts.book(case, own, other=other, on=None, agreed=agreed, actor=actor)}"


def _check(deed: Deed, found: Chosen, *, maker: str) -> None:
    if deed.act != Act.ASSIGN:
        service.worded(deed.words)
    if deed.act == Act.ACCEPT:
        today = clock.now().astimezone(WAT).date()
        if deed.until is None or not rules.is_good_expiry(deed.until, today=today):
            raise errors.BadExpiry
    if deed.act == Act.WRITE_OFF:
        requests.refuse_above(found.worth, maker=maker)


def _check_merge(found: Chosen) -> None:
    """Raises TooFew, TooMuch; OfStatement for what is about a statement itself; UnderWay where something is asked."""
    if len(found.rows) < 2:  # noqa: PLR2004 (one belongs to another)
        raise TooFew
    numbers = [row.id for row in found.rows]
    if queries.of_statements_for_operators(numbers):
        raise errors.OfStatement
    if under_way := len(numbers) - len(queries.mergeable_for_system(numbers)):
        raise errors.UnderWay(
            f"Something is asked for about {under_way:,} of these, or they were accepted. Choose others."
        )
    by_hand.refuse_much(numbers)


def _begin(one: Bulk, *, actor: Actor) -> None:
    machine.move(one, BulkState.WORKING, machine=BULK, actor=actor)
    outbox.emit(events.BulkBegun(bulk_id=one.id))


def _agreement(one: Bulk) -> Agreement | None:
    if one.request_id is None:
        return None
    standing = governance_queries.one_for_operators(one.request_id)
    voters = tuple(cast.vote.voter for cast in standing.votes if cast.counts)
    return Agreement(one.request_id, one.made_by, voters, one.words)


def _dry_run(payload: Payload) -> None:
    one = _locked(payload["bulk"])
    if payload["until"]:
        until = date.fromisoformat(payload["until"])
        if not rules.is_good_expiry(until, today=clock.now().astimezone(WAT).date()):
            raise errors.BadExpiry
    if one.state != BulkState.ASKED or _digest(one.id) != payload["digest"]:
        raise errors.ProposalOver


def _execute(agreed: Agreed) -> str:
    payload = agreed.payload
    _dry_run(payload)
    if payload["act"] == Act.WRITE_OFF:
        requests.refuse_above(int(payload["worth"]), maker=agreed.maker)
    _begin(_locked(payload["bulk"]), actor=agreed.actor)
    return f"Begun for {payload['breaks']} breaks; its page says what came of each"


def _digest(bulk_id: str) -> str:
    """Of the breaks and their amounts: what others agree to is these."""
    found = queries.rows_for_operators(bulk_id, limit=rules.BULK_MAX)
    return sha256("\n".join(f"{row.break_id} {row.amount:f}" for row in found).encode()).hexdigest()


def _locked(bulk_id: str) -> Bulk:
    wanted = select(Bulk).where(Bulk.id == bulk_id).with_for_update()
    return db.session.scalars(wanted.execution_options(populate_existing=True)).one()


_VERBS = {Act.ACCEPT: "Accept", Act.WRITE_OFF: "Write off"}
KIND = Kind(
    name="breaks.bulk",
    title="Many breaks at once",
    make=Permission.JOURNALS_REQUEST,
    dry_run=_dry_run,
    execute=_execute,
    describe=lambda payload: [
        Line("What", _VERBS[Act(payload["act"])]),
        Line("Which", payload["scope"]),
        Line("Sum", f"{Decimal(payload['amount']):+,f} {payload['account'].rpartition(':')[2]}"),
        *([Line("Until", f"{date.fromisoformat(payload['until']):%-d %B %Y}")] if payload["until"] else []),
        Line("Each", "by itself; what changed meanwhile is left out, and said on the page of results"),
    ],
    summary=lambda payload: f"{_VERBS[Act(payload['act'])]} {payload['breaks']} breaks of {payload['account']}",
    facts=lambda payload: Facts(amount=None if payload["worth"] is None else int(payload["worth"])),
)

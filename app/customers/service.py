"""Commands of customers."""

from datetime import datetime

from sqlalchemy import select, update

from app.core import clock, crypto, ids, machine, outbox
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import NotFound
from app.customers import errors, events, queries, rules
from app.customers.models import Customer, TierChange, Viewing
from app.customers.rules import State, Tier
from app.identity import api_keys, phones, rehearsal, renewal, sessions
from app.identity import queries as identity_queries
from app.identity import rules as identity_rules
from app.identity import service as identity
from app.identity.rules import Audience
from app.identity.service import Applicant, Claim


def sign_up(name: str, *, email: str, phone: str, password: str, about: tuple[str, ...] = ()) -> Claim:
    """Register somebody as a customer and mail a code: the claim that the code confirms.

    The door looks the same for an address that has an account: its claim is a decoy, and its owner gets a mail. For an
    address that was never confirmed the last sign-up counts, name, number and password. Each does the work of all, and
    takes back what is not its own. `about` are words that a password may not consist of. Raises BadName, BadEmail,
    BadPhone, WeakPassword, CommonPassword, PersonalPassword.
    """
    cleaned = identity_rules.clean_name(name)
    if cleaned is None:
        raise errors.BadName
    number = phones.canonical(phone)
    who = identity.applicant(email, password=password, audience=Audience.CUSTOMER, about=(cleaned, *about))
    with rehearsal.work(counts=who.first):
        new = identity.add_login(who)
        db.session.add(Customer(id=ids.new("cus"), login_id=new.login_id, name=cleaned, created_at=clock.now()))
        db.session.flush()
        phones.put(new.login_id, number=number)
    with rehearsal.work(counts=who.unproved):
        again = identity.claim_anew(who, login_id=_claimed_anew(who, new=new))
        db.session.execute(update(Customer).where(Customer.login_id == again.login_id).values(name=cleaned))
        phones.put(again.login_id, number=number)
    claim = new if who.first else again if who.unproved else identity.decoy()
    identity.issue_code(claim, mailed=not who.confirmed)
    if who.confirmed:
        outbox.emit(events.SignUpRepeated(login_id=who.login_id))
    return claim


def _claimed_anew(who: Applicant, *, new: Claim) -> str:
    """The login that is claimed anew; where none is, one to rehearse it on that nobody waits for."""
    if who.first:
        return new.login_id
    return who.login_id if who.unproved else rehearsal.NOBODY


def reset_password(token: str, *, password: str, about: tuple[str, ...] = ()) -> None:
    """Set a customer's new password by a mailed link. Raises as identity's `renewal.reset` does."""
    login_id = identity_queries.reset_owner_for_system(token, audience=Audience.CUSTOMER)
    known = queries.by_login(owner=login_id) if login_id else None
    words = (known.name, *about) if known else about
    renewal.reset(token, password=password, audience=Audience.CUSTOMER, about=words)


def lock(customer_id: str, *, here: str, actor: Actor, reason: str = "", until: datetime | None = None) -> None:
    """Freeze an account at once: nothing leaves it, and every key and session ends but the one at work (`here`).

    One `until` a time ends by itself. Locking again ends sessions and keys again, and a lock without an end takes the
    end off one that has it: what matters is that it is locked. Raises NotFound.
    """
    customer = _locked_row(customer_id)
    sessions.end_all(customer.login_id, but=here)
    api_keys.revoke_all(customer.login_id)
    if customer.state == State.LOCKED:
        customer.locked_until = customer.locked_until if until else None
        db.session.flush()
        return
    customer.locked_until = until
    machine.move(customer, State.LOCKED, machine=rules.MACHINE, actor=actor, reason=reason)
    outbox.emit(events.Locked(customer_id=customer_id))


def freeze(customer_id: str, *, reason: str, actor: Actor) -> None:
    """Compliance freezes an account; lifting it takes others. Raises FreezeUnexplained, NotFound."""
    lock(customer_id, here="", actor=actor, reason=_why(reason))


def safety_lock(customer_id: str, *, reason: str, actor: Actor) -> None:
    """Others freeze it for a day, in which compliance can look. Raises FreezeUnexplained, NotFound."""
    lock(customer_id, here="", actor=actor, reason=_why(reason), until=clock.now() + rules.SAFETY_LOCK)


def lift_safety_locks(*, actor: Actor) -> int:
    """Lift the safety locks whose time is over: how many."""
    moment = clock.now()
    over = queries.safety_locked_for_system(until=moment)
    for customer_id in over:
        customer = _locked_row(customer_id)
        if customer.state == State.LOCKED and customer.locked_until and customer.locked_until <= moment:
            unlock(customer_id, actor=actor, reason="The time of the safety lock is over.")
    return len(over)


def unlock(customer_id: str, *, actor: Actor, reason: str = "") -> None:
    """Lift a freeze; what was approved meanwhile goes on its way. For staff, once others have agreed.

    Whoever calls this has the approval: no door calls it by itself. Raises NotFound, IllegalMove.
    """
    customer = _locked_row(customer_id)
    customer.locked_until = None
    machine.move(customer, State.ACTIVE, machine=rules.MACHINE, actor=actor, reason=reason)
    outbox.emit(events.Unlocked(customer_id=customer_id))


def refuse_while_locked(customer_id: str) -> None:
    """Raise AccountFrozen when nothing may leave this account; until the caller's transaction ends, none is locked."""
    if stand_still(customer_id) == State.LOCKED:
        raise errors.AccountFrozen


def stand_still(customer_id: str) -> str | None:
    """The account's state, which nobody changes until the caller's transaction ends; None where there is no account.

    A lock, or a restriction, that comes at the same moment waits for that transaction, or that transaction for it.
    """
    shared = select(Customer.state).where(Customer.id == customer_id).with_for_update(read=True)
    return db.session.scalars(shared).one_or_none()


def set_tier(customer_id: str, tier: Tier, *, application_id: str, actor: Actor) -> None:
    """Give a customer the tier that an application was approved for; the same tier again changes nothing.

    Whoever calls this has the decision, and the database looks: no door calls it by itself. Raises NotFound.
    """
    customer = _locked_row(customer_id)
    was = Tier(customer.tier)
    if was is tier:
        return
    db.session.add(
        TierChange(
            customer_id=customer_id,
            was=was,
            became=tier,
            reason=f"Application {application_id}",
            actor=str(actor),
            changed_at=clock.now(),
            application_id=application_id,
        )
    )
    db.session.flush()  # the database asks for the line of history first
    customer.tier = tier
    db.session.flush()
    outbox.emit(events.TierChanged(customer_id=customer_id, was=was, now=tier))


def rename(customer_id: str, name: str) -> None:
    """Call a customer by the name that was proved. Whoever calls this has the decision. Raises NotFound."""
    _locked_row(customer_id).name = name
    db.session.flush()


def _why(reason: str) -> str:
    if not reason.strip():
        raise errors.FreezeUnexplained
    return reason.strip()


def _locked_row(customer_id: str) -> Customer:
    found = db.session.scalars(select(Customer).where(Customer.id == customer_id).with_for_update()).one_or_none()
    if found is None:
        raise NotFound
    return found


def require(login_id: str) -> Customer:
    """The customer behind a login that was made by `sign_up`."""
    customer = queries.by_login(owner=login_id)
    if customer is None:
        raise LookupError(login_id)
    return customer


def begin_view(customer_id: str, *, operator_id: str, session_id: str, reason: str, ticket: str) -> str:
    """Let an operator look at a customer's pages for a while, from this session: the token, which is not kept.

    It opens nothing before `open_view`. An earlier look ends. Raises ViewUnexplained, NoSuchCustomer.
    """
    if not reason.strip() or not ticket.strip():
        raise errors.ViewUnexplained
    customer, moment, token = queries.one_for_operators(customer_id), clock.now(), crypto.new_token()
    end_views(operator_id)
    db.session.add(
        Viewing(
            id=ids.new("vw"),
            customer_id=customer.id,
            operator_id=operator_id,
            session_id=session_id,
            token_hash=crypto.token_hash(token),
            reason=reason.strip(),
            ticket=ticket.strip(),
            began_at=moment,
            expires_at=moment + rules.VIEW_LIVES,
        )
    )
    db.session.flush()
    return token


def open_view(token: str) -> None:
    """Follow the link from the console: once, and at once. Raises ViewLinkSpent."""
    moment = clock.now()
    begun = (Viewing.token_hash == crypto.token_hash(token)) & Viewing.opened_at.is_(None) & Viewing.ended_at.is_(None)
    soon = Viewing.began_at > moment - rules.VIEW_OPENS
    opened = update(Viewing).where(begun, soon).values(opened_at=moment).returning(Viewing.id)
    if db.session.scalar(opened) is None:
        raise errors.ViewLinkSpent


def end_views(operator_id: str) -> None:
    """End what an operator looks at."""
    open_ones = (Viewing.operator_id == operator_id) & Viewing.ended_at.is_(None)
    db.session.execute(update(Viewing).where(open_ones).values(ended_at=clock.now()))


def end_spent_views() -> None:
    """Write down the end of views whose time is over; they open nothing since then."""
    moment = clock.now()
    spent = (Viewing.expires_at <= moment) & Viewing.ended_at.is_(None)
    db.session.execute(update(Viewing).where(spent).values(ended_at=moment))

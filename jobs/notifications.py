"""Work of notifications: which mail tells of which event."""

from collections.abc import Collection
from datetime import timedelta

from app.cases import rules as cases
from app.core import clock, machine
from app.core.db import atomically
from app.core.errors import NotFound
from app.core.permissions import Role
from app.customers import queries as customers
from app.documents import queries as documents
from app.documents.rules import WAITS_LONG
from app.identity import api_keys, phones, recoveries, recovery, renewal
from app.identity import queries as identity
from app.identity.rules import Audience, masked_ip
from app.notifications import cases as about_cases
from app.notifications import flows, rules
from app.notifications.rules import Words
from app.payments import queries as payments
from app.payments.models import BankAccount
from app.restrictions import queries as restrictions
from app.screening import queries as screening
from app.staff import queries as staff
from app.staff import service as staff_service
from app.staff.rules import WATCHERS
from app.withdrawals import queries as withdrawals
from app.withdrawals.models import Withdrawal
from jobs.work import Work


def email_code(work: Work) -> timedelta | None:
    """The code that confirms an address."""
    return tell(work, login_id=work.facts["login_id"], words=rules.code(identity.code_for_system(work.subject)))


def phone_code(work: Work) -> timedelta | None:
    """The code that confirms a number, unless it may not go there."""
    if phones.may_be_sent(work.subject):
        _text(work, phone_id=work.facts["phone_id"], body=rules.phone_code(identity.code_for_system(work.subject)))
    return None


def phone_changed(work: Work) -> timedelta | None:
    """A security notice: there is another phone number."""
    return tell(work, login_id=work.facts["login_id"], words=rules.phone_changed())


def phone_replaced(work: Work) -> timedelta | None:
    """The same, to the number before."""
    return _text(work, phone_id=work.subject, body=rules.phone_changed_text())


def new_device(work: Work) -> timedelta | None:
    """A security notice: a device that was not seen before signed in."""
    session = identity.session_for_system(work.subject)
    staff = session.audience == Audience.OPERATOR
    words = rules.new_device(
        session.device_name,
        at=session.created_at.astimezone(clock.WAT),
        place=masked_ip(session.ip),
        page=f"{work.console_url}/console/account/password" if staff else f"{work.public_url}/security/freeze",
        staff=staff,
    )
    return tell(work, login_id=session.login_id, words=words)


def operator_invited(work: Work) -> timedelta | None:
    """The link with which somebody joins the staff; once it is mailed only its reader knows it."""
    token = staff.token_for_system(work.subject)
    if token is not None:
        words = rules.invitation(f"{work.console_url}/console/join/{token}")
        tell(work, login_id=work.facts["login_id"], words=words)
        atomically(lambda: staff_service.forget_token(work.subject), actor=work.actor)
    return None


def glass_broken(work: Work) -> timedelta | None:
    """An administrator took a role alone: whoever watches is told, each once."""
    lent = identity.borrowed_one_for_system(work.subject)
    who = identity.operator_for_operators(lent.operator_id)
    words = rules.glass_broken(
        who.name,
        role=lent.role.replace("_", " "),
        until=lent.until.astimezone(clock.WAT),
        reason=lent.reason,
        review=lent.review_id,
    )
    return tell_holders(work, words, roles=WATCHERS)


def reveals_exceeded(work: Work) -> timedelta | None:
    """An operator looks at too much that is masked: whoever watches is told, each once."""
    words = rules.reveals_exceeded(identity.operator_for_operators(work.subject).name)
    return tell_holders(work, words, roles=WATCHERS)


def documents_viewed(work: Work) -> timedelta | None:
    """An operator looks at many documents: whoever watches is told, each once."""
    words = rules.documents_viewed(identity.operator_for_operators(work.subject).name)
    return tell_holders(work, words, roles=WATCHERS)


def cases_opened(work: Work) -> timedelta | None:
    """Something stands still, or went wrong: whose queue it is in is told, of all at once."""
    owner = work.subject
    words = about_cases.opened(
        work.facts["many"], queue=owner.replace("_", " "), page=f"{work.console_url}/console/cases?view=mine"
    )
    return tell_holders(work, words, roles=(Role(owner),))


def cases_raised(work: Work) -> timedelta | None:
    """Nobody closed these cases in time: whose queue they are in is told, and who is senior to them."""
    owner = work.subject
    words = about_cases.raised(
        work.facts["many"], queue=owner.replace("_", " "), page=f"{work.console_url}/console/cases?view=raised"
    )
    return tell_holders(work, words, roles=(Role(owner), cases.senior_to(owner)))


def list_aged(work: Work) -> timedelta | None:
    """Nobody loads a list any more: whoever watches is told, each once."""
    return tell_holders(work, rules.list_aged(screening.list_for_system(work.subject).title), roles=WATCHERS)


def documents_waiting(work: Work) -> timedelta | None:
    """Documents wait for long for something that does not answer: whoever watches is told."""
    waiting = documents.waiting_long_for_system(before=clock.now() - WAITS_LONG)
    return tell_holders(work, rules.documents_waiting(waiting), roles=WATCHERS) if waiting else None


def sign_up_repeated(work: Work) -> timedelta | None:
    """Somebody used this address again."""
    return tell(work, login_id=work.subject, words=rules.sign_up_repeated())


def api_key_issued(work: Work) -> timedelta | None:
    """A program can act for them from now on."""
    words = rules.api_key_issued(api_keys.name_for_system(work.subject))
    return tell(work, login_id=work.facts["login_id"], words=words)


def password_reset(work: Work) -> timedelta | None:
    """The link that sets a new password; once its mail is written, only the mail has the token."""
    audience, token = identity.reset_token_for_system(work.subject)
    if token is None:
        return None
    theirs = audience is Audience.OPERATOR
    door = f"{work.console_url}/console/reset-password" if theirs else f"{work.public_url}/reset-password"
    words = rules.password_reset(f"{door}/{token}")
    tell(work, login_id=work.facts["login_id"], words=words)
    atomically(lambda: renewal.forget_token(work.subject), actor=work.actor)
    return None


def password_changed(work: Work) -> timedelta | None:
    """A security notice: there is another password."""
    return tell(work, login_id=work.subject, words=rules.password_changed(how=work.facts["how"]))


def signed_out_elsewhere(work: Work) -> timedelta | None:
    """A security notice: all sessions but one were ended."""
    return tell(work, login_id=work.subject, words=rules.signed_out_elsewhere())


def recovery_asked(work: Work) -> timedelta | None:
    """A security notice with the link that stops it; once it is written, only the mail has the token."""
    token = recoveries.recovery_token_for_system(work.subject)
    if token is None:
        return None
    words = rules.recovery_asked(f"{work.public_url}/stop-recovery/{token}")
    tell(work, login_id=work.facts["login_id"], words=words)
    atomically(lambda: recovery.forget_token(work.subject), actor=work.actor)
    return None


def recovered(work: Work) -> timedelta | None:
    """The account has another address: this one."""
    return tell(work, login_id=work.subject, words=rules.recovered())


def recovered_from(work: Work) -> timedelta | None:
    """The account had this address until now."""
    former = recovery.former_address_for_system(work.facts["recovery_id"])
    if former is None:
        return None
    words, mailer = rules.recovered_from(), work.clients.mailer
    flows.tell(work.cause, login_id=work.subject, words=words, mailer=mailer, actor=work.actor, to=former)
    atomically(lambda: recovery.forget_address(work.facts["recovery_id"]), actor=work.actor)
    return None


def closure_asked(work: Work) -> timedelta | None:
    """A customer asked to close their account."""
    return tell(work, login_id=customers.login_for_system(work.facts["customer_id"]), words=rules.closure_asked())


def account_locked(work: Work) -> timedelta | None:
    """The account is frozen."""
    return tell(work, login_id=customers.login_for_system(work.subject), words=rules.account_locked())


def account_unlocked(work: Work) -> timedelta | None:
    """The freeze is lifted."""
    return tell(work, login_id=customers.login_for_system(work.subject), words=rules.account_unlocked())


def factor_added(work: Work) -> timedelta | None:
    """A second factor was added."""
    return tell(work, login_id=work.subject, words=rules.factor_added(work.facts["kind"]))


def factor_removed(work: Work) -> timedelta | None:
    """A second factor was taken away."""
    return tell(work, login_id=work.subject, words=rules.factor_removed(work.facts["kind"]))


def recovery_code_used(work: Work) -> timedelta | None:
    """Somebody came in with a recovery code."""
    return tell(work, login_id=work.subject, words=rules.recovery_code_used(work.facts["left"]))


def factor_guessed(work: Work) -> timedelta | None:
    """Somebody guesses codes behind the right password."""
    return tell(work, login_id=work.subject, words=rules.factor_guessed(work.facts["minutes"]))


def passkey_suspected(work: Work) -> timedelta | None:
    """A passkey may have been copied."""
    return tell(work, login_id=work.subject, words=rules.passkey_suspected())


def deposit_credited(work: Work) -> timedelta | None:
    """The money is there."""
    deposit = payments.deposit_for_system(deposit_id=work.subject)
    if deposit is None:
        raise NotFound
    login_id = customers.login_for_system(deposit.customer_id)
    return tell(work, login_id=login_id, words=rules.deposit_credited(deposit.amount))


def bank_account_added(work: Work) -> timedelta | None:
    """A security notice: money can go to another bank account, a day from now."""
    customer_id = work.facts["customer_id"]
    words = rules.bank_account_added(_in_words(payments.bank_account(work.subject, customer_id=customer_id)))
    return tell(work, login_id=customers.login_for_system(customer_id), words=words)


def withdrawal_requested(work: Work) -> timedelta | None:
    """Money is about to leave."""
    withdrawal = withdrawals.one_for_operators(work.subject)
    words = rules.withdrawal_requested(withdrawal.amount, destination=_destination(withdrawal))
    return tell(work, login_id=customers.login_for_system(withdrawal.customer_id), words=words)


def withdrawal_settled(work: Work) -> timedelta | None:
    """The bank has the money."""
    withdrawal = withdrawals.one_for_operators(work.subject)
    words = rules.withdrawal_settled(withdrawal.amount, destination=_destination(withdrawal))
    return tell(work, login_id=customers.login_for_system(withdrawal.customer_id), words=words)


def withdrawal_ended(work: Work) -> timedelta | None:
    """It ended without payment."""
    withdrawal = withdrawals.one_for_operators(work.subject)
    state = work.facts["state"]
    reason = next((move.reason for move in machine.history(withdrawal.id) if move.new_state == state), "")
    words = rules.withdrawal_ended(withdrawal.amount, state=state, reason=reason)
    return tell(work, login_id=customers.login_for_system(withdrawal.customer_id), words=words)


def restriction_placed(work: Work) -> timedelta | None:
    """Their account may do less, if that is for them to know."""
    told = restrictions.words_for_system(work.subject)
    if told is None:
        return None
    words = rules.restriction_placed(told.title, text=told.text, works=told.works, asks=told.asks)
    return tell(work, login_id=customers.login_for_system(work.facts["customer_id"]), words=words)


def restriction_ended(work: Work) -> timedelta | None:
    """It may do so again, if they knew of it."""
    told = restrictions.words_for_system(work.subject)
    if told is None:
        return None
    words = rules.restriction_ended(told.title)
    return tell(work, login_id=customers.login_for_system(work.facts["customer_id"]), words=words)


def _destination(withdrawal: Withdrawal) -> str:
    return _in_words(payments.bank_account(withdrawal.bank_account_id, customer_id=withdrawal.customer_id))


def _in_words(account: BankAccount) -> str:
    return f"{account.bank_name}, account ending in {account.account_number[-4:]}"


def tell(work: Work, *, login_id: str, words: Words) -> timedelta | None:
    """One mail to one person, once for each cause."""
    flows.tell(work.cause, login_id=login_id, words=words, mailer=work.clients.mailer, actor=work.actor)
    return None


def tell_holders(work: Work, words: Words, *, roles: Collection[Role]) -> timedelta | None:
    """Whoever has one of these roles, each once; one who cannot be told keeps nobody else from it.

    What failed is tried again.
    """
    failed: list[Exception] = []
    for holder in identity.holders_for_system([str(role) for role in roles]):
        cause = f"{work.cause}:{holder.id}"
        try:
            flows.tell(cause, login_id=holder.login_id, words=words, mailer=work.clients.mailer, actor=work.actor)
        except OSError as error:
            failed.append(error)
    if failed:
        raise failed[0]
    return None


def _text(work: Work, *, phone_id: str, body: str) -> timedelta | None:
    flows.text(work.cause, phone_id=phone_id, body=body, sms=work.clients.sms, actor=work.actor)
    return None

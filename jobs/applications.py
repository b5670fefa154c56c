"""Work of applications: what other rooms found out, what is due, what was forgotten; and the mails about them."""

from datetime import timedelta

from app.applications import again, decisions, due, looking, queries, reasons, review, service, standing
from app.applications.rules import StepState
from app.core.db import atomically
from app.customers import queries as customers
from app.documents.rules import State as FileState
from app.notifications import flows
from app.notifications import verification as words
from app.notifications.rules import Words
from app.restrictions import service as restrictions
from app.restrictions.rules import Kind
from app.screening import service as screening
from jobs import identification
from jobs.work import Work

STEPS_MAX = 20


def look_into(work: Work) -> timedelta | None:
    """It was handed in, or is over: everybody whom it names, or who was named before, is held against the lists.

    The name on its bank account is compared with theirs.
    """
    account_id, name = looking.account_of(work.subject)
    atomically(lambda: identification.compare(account_id, name, actor=work.actor), actor=work.actor)
    atomically(lambda: looking.look_into(work.subject, actor=work.actor), actor=work.actor)
    return None


def note_standing(work: Work) -> timedelta | None:
    """Lists or registers say something else of a customer."""
    atomically(lambda: standing.refresh_open(work.facts["customer_id"]), actor=work.actor)
    return None


def note_lists(work: Work) -> timedelta | None:
    """The lists can be searched again: whoever waited for that stands otherwise now."""
    atomically(screening.fence, actor=work.actor)  # (what began while they could not be is written by then)
    for customer_id in queries.unavailable_for_system():
        atomically(lambda each=customer_id: standing.refresh_open(each), actor=work.actor)  # type: ignore[misc]
    return None


def note_file(work: Work) -> timedelta | None:
    """A file turned out to be none: its place is empty again."""
    if work.facts["state"] == FileState.REFUSED:
        atomically(lambda: service.refuse_file(work.subject), actor=work.actor)
    return None


def take_up_again(work: Work) -> timedelta | None:
    """The second person said no, or nobody did in time: the application is under review again."""
    kind, _, application_id = work.facts["target"].partition(":")
    if kind == "application":
        atomically(lambda: decisions.take_up_again(application_id, work.subject), actor=work.actor)
    return None


def reopen_for_phone(work: Work) -> timedelta | None:
    """Somebody who was verified has another phone: we make sure that it is still them."""
    customer = customers.by_login(owner=work.facts["login_id"])
    if customer is not None:
        atomically(lambda: again.after_phone_change(customer.id, actor=work.actor), actor=work.actor)
    return None


def restrict(work: Work) -> timedelta | None:
    """What we asked for was not done in time, or refused: nothing goes out until people have looked at it."""
    application = queries.one_for_operators(work.subject)
    if not due.goes_over_for_system(application):
        return None  # (they have what they had before)
    came_to = "was refused" if application.reason_code else "is overdue"
    note = f"Application {application.id} ({application.about}) {came_to}. {application.reason_code or ''}".strip()
    atomically(
        lambda: restrictions.place(
            application.customer_id, kind=Kind.NO_DEBIT, reason="identity_check", note=note, cause=work.cause,
            actor=work.actor,
        ),
        actor=work.actor,
    )  # fmt: skip
    return None


def open_reviews(work: Work) -> timedelta | None:
    """Ask those whose review is due, some at a time; what is left waits for the next hour."""
    for _ in range(STEPS_MAX):
        if not atomically(lambda: service.open_reviews(actor=work.actor), actor=work.actor):
            break
    return None


def abandon_forgotten(work: Work) -> timedelta | None:
    """End what lay in customers' hands for too long; note what we asked for ourselves and wait for."""
    atomically(lambda: service.abandon_forgotten(actor=work.actor), actor=work.actor)
    atomically(lambda: again.note_overdue(actor=work.actor), actor=work.actor)
    return None


def end_claims(work: Work) -> timedelta | None:
    """Write down the end of claims that ran out."""
    atomically(lambda: review.end_claims(actor=work.actor), actor=work.actor)
    return None


def mail_asked_again(work: Work) -> timedelta | None:
    """What has to be sent again, and why."""
    owner = work.facts["customer_id"]
    steps = queries.steps(work.subject, owner=owner)
    again = [(each.row.step, each.row.again_words) for each in steps if each.row.state == StepState.AGAIN]
    return _tell(work, words.asked_again(again, page=f"{work.public_url}/verification")) if again else None


def mail_approved(work: Work) -> timedelta | None:
    """They have another tier."""
    application = queries.one(work.subject, owner=work.facts["customer_id"])
    tier, wanted, had = str(application.decided_tier), application.wanted, application.had
    return _tell(work, words.approved(tier, wanted=wanted, had=had, page=f"{work.public_url}/limits"))


def mail_rejected(work: Work) -> timedelta | None:
    """It was refused, in the words that the customer may read."""
    application = queries.one(work.subject, owner=work.facts["customer_id"])
    return _tell(work, words.rejected(reasons.REFUSALS[str(application.reason_code)].customer))


def mail_reopened(work: Work) -> timedelta | None:
    """Something has to be gone over again."""
    application = queries.one(work.subject, owner=work.facts["customer_id"])
    return _tell(work, words.reopened(application.about, page=f"{work.public_url}/verification"))


def _tell(work: Work, written: Words) -> timedelta | None:
    login_id = customers.login_for_system(work.facts["customer_id"])
    flows.tell(work.cause, login_id=login_id, words=written, mailer=work.clients.mailer, actor=work.actor)
    return None

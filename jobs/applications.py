"""Work of applications: what lists and registers say by now, files that were no files, decisions that ended, claims."""

from datetime import timedelta

from app.applications import decisions, queries, review, service
from app.applications import news as standings
from app.core.db import atomically, leave
from app.customers import queries as customers
from app.documents import queries as documents
from app.documents.rules import State as DocumentState
from app.identification import queries as identification
from app.screening import queries as screening
from app.screening import service as lists
from app.screening.rules import Kind, Subject
from jobs.work import Work


def screen(work: Work) -> timedelta | None:
    """It was handed in: hold the applicant against the lists, and note how they stand there and in the registers."""
    application = queries.one_for_operators(work.subject)
    customer_id, actor = application.customer_id, work.actor
    said = queries.profile_for_operators(customer_id)
    names = [str(said.get(name, "")) for name in ("first_name", "middle_name", "last_name")]
    subject = Subject(
        ref=f"customer:{customer_id}",
        customer_id=customer_id,
        kind=Kind.PERSON,
        name=" ".join(name for name in names if name) or customers.one_for_operators(customer_id).name,
        born=str(said.get("born", "")),
        countries=(application.country.lower(),) if application.country else (),
    )
    leave()
    atomically(lambda: lists.screen(subject, actor=actor), actor=actor)
    _note_screening(customer_id, work)
    _note_identity(customer_id, work)
    return None


def hear_lists(work: Work) -> timedelta | None:
    """Something was found or decided about a customer on a list."""
    _note_screening(str(work.facts["customer_id"]), work)
    return None


def hear_registers(work: Work) -> timedelta | None:
    """A register answered."""
    _note_identity(str(work.facts["customer_id"]), work)
    return None


def hear_documents(work: Work) -> timedelta | None:
    """A file was looked into; one that is none leaves its place empty."""
    refused = documents.one_for_operators(work.subject).state == DocumentState.REFUSED
    leave()
    if refused:
        atomically(lambda: service.refuse_file(work.subject), actor=work.actor)
    return None


def take_up_again(work: Work) -> timedelta | None:
    """A decision was asked for, and nothing comes of it."""
    kind, _, application_id = str(work.facts["target"]).partition(":")
    if kind == "application":
        atomically(lambda: decisions.take_up_again(application_id, work.subject), actor=work.actor)
    return None


def end_claims(work: Work) -> timedelta | None:
    """Write down which claims ran out."""
    atomically(lambda: review.end_claims(actor=work.actor), actor=work.actor)
    return None


def sweep(work: Work) -> timedelta | None:
    """End what lay in customers' hands for long, and begin the reviews that are due."""
    atomically(lambda: service.abandon_forgotten(actor=work.actor), actor=work.actor)
    atomically(lambda: service.open_reviews(actor=work.actor), actor=work.actor)
    return None


def _note_screening(customer_id: str, work: Work) -> None:
    cleared = bool(screening.cleared_by_for_system(customer_id))
    state = standings.of_lists(screening.state_for_system(customer_id), cleared=cleared)
    leave()
    atomically(lambda: service.note_screening(customer_id, state=state), actor=work.actor)


def _note_identity(customer_id: str, work: Work) -> None:
    checks = identification.of_customer_for_operators(customer_id)
    facts = [(one.subject, one.kind, one.verdict, one.state, one.score) for one in checks]
    identity, score = standings.of_registers(facts)
    leave()
    atomically(lambda: service.note_identity(customer_id, identity=identity, name_score=score), actor=work.actor)

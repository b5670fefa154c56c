"""What was decided about a customer before, and what it means for the application that is under way."""

from datetime import datetime

from sqlalchemy import func, select

from app.applications import rules
from app.applications.models import Application, StepRow
from app.applications.rules import State, StepState, Subject
from app.core.db import db
from app.customers import queries as customers
from app.customers.rules import Tier, lower


def last_approved(*, owner: str) -> Application | None:
    """The approval that stands: whom it was about and what they said of themselves holds until the next."""
    theirs = select(Application).where(Application.customer_id == owner, Application.state == State.APPROVED)
    return db.session.scalars(theirs.order_by(Application.decided_at.desc(), Application.id.desc()).limit(1)).first()


def is_business(*, owner: str) -> bool:
    """Whether what was approved last was about a business."""
    last = last_approved(owner=owner)
    return last is not None and last.subject == Subject.BUSINESS


def shown(*, owner: str) -> set[str]:
    """The steps that a customer has shown: those that counted for the tier that was given, and that they still have."""
    has = customers.tier(owner=owner)
    theirs = select(StepRow.step, Application.decided_tier, Application.subject).join(Application)
    theirs = theirs.where(
        Application.customer_id == owner, Application.state == State.APPROVED, StepRow.state == StepState.DONE
    )
    return {
        row.step
        for row in db.session.execute(theirs)
        if row.step in rules.counted(lower(Tier(row.decided_tier), has), subject=Subject(row.subject))
    }


def is_refused(*, owner: str) -> bool:
    """Whether a refusal stands: it is for good, until two people lift it."""
    theirs = select(Application.id).where(Application.customer_id == owner, Application.state == State.REJECTED)
    return db.session.scalars(theirs.where(Application.lifted_at.is_(None)).limit(1)).first() is not None


def review_due_at(*, owner: str) -> datetime | None:
    """When they are to be looked at again, by what was approved so far."""
    theirs = select(func.min(Application.review_due_at)).where(Application.customer_id == owner)
    return db.session.scalar(theirs.where(Application.state == State.APPROVED, Application.reviewed_at.is_(None)))


def holds_office(application: Application) -> bool:
    """By their word now, or by that of the last approval: that somebody no longer does is once more for two to say."""
    last = last_approved(owner=application.customer_id)
    return application.pep or (last is not None and last.pep)


def needs_two(application: Application, *, tier: Tier, operator_id: str) -> bool:
    """Whether this person may not approve this alone: it is grave, or they gave it to somebody senior themselves."""
    if application.escalated_by == operator_id:
        return True
    return rules.needs_two(
        tier, pep=holds_office(application), screening=application.screening, identity=application.identity
    )

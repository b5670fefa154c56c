"""Reads for the house's own work on applications: who takes one up, what is waited for, what was sent back."""

from datetime import datetime

from sqlalchemy import func, select

from app.applications import rules
from app.applications.models import Application, StepRow
from app.applications.rules import About, StepState
from app.core.db import db
from app.core.permissions import Permission, Role, granted
from app.customers import queries as customers
from app.identity import queries as identity


def reviewers_for_system() -> list[str]:
    """Who may review: their ids. A role that is borrowed does not count."""
    roles = [role for role in Role if Permission.APPLICATIONS_REVIEW in granted([role])]
    return [one.id for one in identity.holders_for_system(roles)]


def least_loaded_for_system(*, customer_id: str) -> str | None:
    """The reviewer with the fewest applications in hand, who is not the customer; None when there is nobody."""
    load = select(Application.assigned_to, func.count().label("many")).where(Application.state.in_(rules.OURS))
    loads = {row.assigned_to: row.many for row in db.session.execute(load.group_by(Application.assigned_to))}
    for operator_id in sorted(reviewers_for_system(), key=lambda each: (loads.get(each, 0), each)):
        if not customers.is_related_for_system(operator_id, [customer_id]):
            return operator_id
    return None


def goes_over_for_system(application: Application) -> bool:
    """Whether it shows anew what holds already, so that a no is one to what the customer has."""
    return application.about != About.TIER or asks_about_phone_for_system(application.id)


def asks_about_phone_for_system(application_id: str) -> bool:
    """Whether steps were sent back in it because the phone became another."""
    asked = select(StepRow.id).where(StepRow.application_id == application_id)
    return db.session.scalars(asked.where(StepRow.again_code == rules.PHONE_CHANGED).limit(1)).first() is not None


def sent_back_for_system(application_id: str) -> dict[str, str]:
    """The steps that have to be done again, each with its reason's code."""
    again = select(StepRow).filter_by(application_id=application_id, state=StepState.AGAIN).order_by(StepRow.place)
    return {row.step: str(row.again_code) for row in db.session.scalars(again)}


def overdue_for_system(about: About, *, before: datetime, limit: int) -> list[str]:
    """What we asked for before a time, and customers have not done; noted as such once."""
    late = select(Application.id).where(Application.state.in_(rules.THEIRS), Application.about == about)
    late = late.where(Application.queued_at < before, Application.overdue_at.is_(None))
    return list(db.session.scalars(late.order_by(Application.queued_at).limit(limit)))

"""What customers have to go over again because we ask them to: after another phone; and what became of it."""

from app.applications import due, events, queries, rules, service
from app.applications.models import Application, StepRow
from app.applications.reasons import AGAIN
from app.applications.rules import About, State, Step, StepState
from app.core import clock, outbox
from app.core.actor import Actor
from app.core.db import db


def after_phone_change(customer_id: str, *, actor: Actor) -> None:
    """Somebody has another phone: what is under way asks for it and for their face anew, or an application for that."""
    found = queries.open_one(owner=customer_id)
    application = service.locked(found.id) if found is not None else None
    if application is None or application.state not in rules.OPEN:
        service.reopen(customer_id, about=About.PHONE, actor=actor)
        return
    rows = {view.row.step: view.row for view in queries.steps_for_operators(application.id)}
    words = AGAIN[rules.PHONE_CHANGED].customer
    for step in rules.OF_A_PHONE:
        row = rows.get(step) or _one_more(application, step, place=len(rows), actor=actor)
        rows[step] = row
        service.send_back(row, rules.PHONE_CHANGED, words, actor=actor)
    if application.state in rules.OURS:
        codes = {str(step): rules.PHONE_CHANGED for step in rules.OF_A_PHONE}
        service.hand_back(application, codes, actor=actor)
    elif application.state != State.PROPOSED:  # (others decide on that one first; it comes back when they do not agree)
        outbox.emit(events.AskedAgain(application_id=application.id, customer_id=customer_id))
    db.session.flush()


def note_overdue(*, actor: Actor, limit: int = 100) -> int:
    """Write down what we asked for and was not done in its time: how many."""
    late = 0
    for about, lasts in rules.OVERDUE_AFTER.items():
        for application_id in due.overdue_for_system(about, before=clock.now() - lasts, limit=limit):
            application = service.locked(application_id)
            if application.state not in rules.THEIRS:
                continue
            application.overdue_at = clock.now()
            service.tell(application, "overdue", actor=actor)
            outbox.emit(events.Overdue(application_id=application_id, customer_id=application.customer_id))
            late += 1
    return late


def _one_more(application: Application, step: Step, *, place: int, actor: Actor) -> StepRow:
    return service.add_step(application, step, place=place, state=StepState.AGAIN, actor=actor)

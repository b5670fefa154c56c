"""What was handed in, kept as it was each time: a later round is written over the steps."""

from collections.abc import Sequence

from app.applications.models import Application, RoundRow, StepRow
from app.core import ids
from app.core.db import db


def keep(application: Application, steps: Sequence[StepRow]) -> None:
    """Keep what these steps say, sealed as it is there, under the application's round."""
    for step in steps:
        if step.answers_sealed is not None:
            kept = RoundRow(id=ids.new("apr"), application_id=application.id, customer_id=application.customer_id)
            kept.step_id, kept.round, kept.answers_sealed = step.id, application.round, step.answers_sealed
            db.session.add(kept)
    db.session.flush()

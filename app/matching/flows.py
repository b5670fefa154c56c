"""Rules are tried in a transaction of their own, and why they could not be is kept by another one."""

from sqlalchemy.exc import DBAPIError

from app.core.actor import Actor
from app.core.db import atomically, sqlstate
from app.matching import trials

# By what PostgreSQL calls it. All else is a fault of ours: the work fails, and whoever looks after jobs sees it.
_TROUBLES = {
    "57014": "They find so much that it takes too long. Look for a rule that fits nearly everything.",
}


def try_rules(trial_id: int, *, actor: Actor) -> None:
    """Try rules; what they cannot be tried for is kept as what came of it. Asked again, it has the effect of once."""
    try:
        atomically(lambda: trials.carry_out(trial_id), actor=actor)
    except DBAPIError as error:
        why = _TROUBLES.get(sqlstate(error))
        if why is None:
            raise
        atomically(lambda: trials.give_up(trial_id, why=why), actor=actor)

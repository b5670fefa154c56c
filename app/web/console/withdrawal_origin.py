"""From where a withdrawal was asked for, beside where its owner usually comes from."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.audit import queries as audit
from app.identity import visits
from app.identity.visits import Came
from app.web.console import reveals
from app.withdrawals.models import Withdrawal

NEW_FOR = timedelta(days=1)


@dataclass(frozen=True)
class Origin:
    """The session of the request: on what, from where, and since when they come so."""

    came: Came
    ip: reveals.Veil
    asked_at: datetime

    @property
    def new_device(self) -> bool:
        """Whether they came with this device for the first time a short while before, and had come with another."""
        return bool(self.came.other_devices) and self.asked_at - self.came.device_since < NEW_FOR

    @property
    def new_network(self) -> bool:
        """As `new_device`, of the network."""
        return bool(self.came.other_networks) and self.asked_at - self.came.network_since < NEW_FOR


def of(withdrawal: Withdrawal, *, login_id: str) -> Origin | None:
    """None where it was no session of theirs, or nothing is known of it any more."""
    session_id = audit.session_that_made_for_operators(withdrawal.id, table="withdrawals")
    came = visits.came_for_operators(session_id, login_id=login_id) if session_id else None
    return Origin(came, reveals.veil("ip", came.session_id, came.ip), withdrawal.created_at) if came else None

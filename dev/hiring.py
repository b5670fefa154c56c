"""What administrators of the demo ask of one another: other roles for somebody, and new people."""

from collections.abc import Mapping

from app.core import actor
from app.core.db import transaction
from app.governance import service as governance
from app.staff import service as staff

MAIL = "demo.example"


def ask(known: Mapping[str, str]) -> None:
    """One change of roles waits, one was denied; somebody is to be invited, and somebody was."""
    who, other = actor.operator(known["admin2"]), actor.operator(known["admin"])
    support = known["support"]
    with transaction(who):
        denied = staff.request_roles(
            support, roles=["finance"], reason="Stands in for finance.", maker=who.id, actor=who
        )
    with transaction(other):
        governance.deny(denied.id, operator_id=other.id, reason="Finance has its own stand-in.", actor=other)
    with transaction(who):
        roles = ["compliance_officer", "support"]
        staff.request_roles(support, roles=roles, reason="Helps with reviews.", maker=who.id, actor=who)
    invited = [_invite(name, maker=known["admin2"]) for name in ("Uche Nnamdi", "Rukayat Bello")]
    with transaction(other):
        governance.approve(invited[0][0], operator_id=other.id, shown=invited[0][1], actor=other)


def _invite(name: str, *, maker: str) -> tuple[str, str]:
    who, address = actor.operator(maker), f"{name.split(maxsplit=1)[0].lower()}@{MAIL}"
    with transaction(who):
        asked = staff.request_invitation(
            name, email=address, roles=["support"], reason="Joins support.", maker=who.id, actor=who
        )
    return asked.id, asked.payload_hash

"""Who acts. Every transaction that writes has exactly one actor, and the database refuses the write without one."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The kinds of actor an auditor tells apart."""

    CUSTOMER = "customer"
    OPERATOR = "operator"
    SYSTEM = "system"


@dataclass(frozen=True)
class Actor:
    """One who acts: `customer:cus_…`, `operator:op_…` or `system:<job>`; `request_id` ties it to the logs.

    `ip` and `session` say from where and on which device. A job has neither.
    """

    kind: Kind
    id: str
    request_id: str = ""
    ip: str = ""
    session: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


def customer(customer_id: str, *, request_id: str = "", ip: str = "", session: str = "") -> Actor:
    """The customer themself, through the portal or the API."""
    return Actor(Kind.CUSTOMER, customer_id, request_id, ip, session)


def operator(operator_id: str, *, request_id: str = "", ip: str = "", session: str = "") -> Actor:
    """A member of staff, through the console."""
    return Actor(Kind.OPERATOR, operator_id, request_id, ip, session)


def system(job: str, *, request_id: str = "", ip: str = "") -> Actor:
    """A job, a command or a door at which nobody is signed in yet, by its name."""
    return Actor(Kind.SYSTEM, job, request_id, ip)

"""What cases decide without looking anything up: states, whose queue is whose to work on, for how long one waits."""

from collections.abc import Collection
from datetime import timedelta
from enum import StrEnum

from app.core.machine import Machine, Wait
from app.core.permissions import Role

STUCK = "stuck"  # the kind of case that the clock opens: something stands still
TASK_PREFIX = "task_"
TASK = "task"  # and the one for work that was given up, or is late
LATE_AFTER = timedelta(minutes=30)  # work that was due so long ago and is not done: nobody works
RETRY_IT = "See why it failed, and try it again, among the jobs that were given up."
SEE_THE_WORKERS = "See whether workers run, and what they wait for; then it is done by itself."
FOREVER = timedelta(days=3_650)  # a limit of ten years and more is none: nothing is looked through for it
NOTE_MAX = 500
RAISED_AFTER = timedelta(hours=24)
PUT_OFF_MAX = timedelta(days=30)
PUT_OFF_FOR: dict[str, tuple[str, timedelta]] = {
    "1h": ("1 hour", timedelta(hours=1)),
    "4h": ("4 hours", timedelta(hours=4)),
    "1d": ("1 day", timedelta(days=1)),
    "3d": ("3 days", timedelta(days=3)),
    "7d": ("7 days", timedelta(days=7)),
    "30d": ("30 days", PUT_OFF_MAX),
}


class State(StrEnum):
    """A case from its opening to its end. `raised`: nobody closed it for a day."""

    OPEN = "open"
    PUT_OFF = "put_off"
    RAISED = "raised"
    CLOSED = "closed"


STANDING = (State.OPEN, State.PUT_OFF, State.RAISED)
NEEDS_WORK = (State.OPEN, State.RAISED)
# What stands still here opens no case about a case: the clock raises it, and tells more people.
MACHINE = Machine(
    "case",
    {
        State.OPEN: frozenset({State.PUT_OFF, State.RAISED, State.CLOSED}),
        State.RAISED: frozenset({State.PUT_OFF, State.CLOSED}),
        State.PUT_OFF: frozenset({State.OPEN, State.CLOSED}),
    },
    waits={
        State.OPEN: Wait(
            RAISED_AFTER, "admin", "Its owner follows the way out that it names; then the clock raises it."
        ),
        State.RAISED: Wait(
            RAISED_AFTER, "admin", "Its owner and the administrators are written to each day until it moves."
        ),
        State.PUT_OFF: Wait(PUT_OFF_MAX, "admin", "The clock opens it again at the hour that was set."),
    },
)

# Who reads about people that compliance looks at: what is kept from others stays so in the list of cases.
CONFIDENTIAL = frozenset({Role.COMPLIANCE_OFFICER, Role.COMPLIANCE_MANAGER})
OWNERS = frozenset(Role) - {Role.AUDITOR}


def seen(*, confidential: bool) -> frozenset[Role]:
    """Whose queues somebody reads."""
    return OWNERS if confidential else OWNERS - CONFIDENTIAL


def may_work(owner: str, *, state: str, roles: Collection[str]) -> bool:
    """Whether somebody with these roles may act: its owner, and those who are senior once it was raised."""
    return owner in roles or (state == State.RAISED and senior_to(owner) in roles)


def senior_to(owner: str) -> Role:
    """Who is told, and may act, when a queue leaves something lying."""
    return Role.COMPLIANCE_MANAGER if owner in CONFIDENTIAL else Role.ADMIN


def subject_of_task(task_id: int) -> str:
    """What a case calls a piece of work."""
    return f"{TASK_PREFIX}{task_id}"


def in_words(limit: timedelta) -> str:
    """How long: in minutes, hours or days, rounded down to what is whole."""
    for unit, length in (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1))):
        many = limit // length
        if many and (many > 1 or limit % length == timedelta(0)):
            return f"{many} {unit}{'' if many == 1 else 's'}"
    return f"{int(limit.total_seconds())} seconds"


def words_of(machine: Machine, state: StrEnum, *, limit: timedelta) -> str:
    """What the clock says of something that stands still."""
    return f"This {machine.name} has been {state.replace('_', ' ')} for more than {in_words(limit)}."

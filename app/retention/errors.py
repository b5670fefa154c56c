"""Why retention says no."""

from app.core.errors import Conflict


class NothingDue(Conflict):
    code = "nothing_due"
    message = "Nothing is due, or all that is due is held back."


class RunUnderWay(Conflict):
    code = "retention_under_way"
    message = "A run was asked for or is under way. It must end before the next one."

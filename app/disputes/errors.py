"""How disputes say no."""

from app.core.errors import Conflict


class DisputeEnded(Conflict):
    code = "dispute_ended"
    message = "This dispute has ended."


class EndUnderWay(Conflict):
    code = "end_under_way"
    message = "It was asked for already."

"""How screening says no."""

from app.core.errors import Conflict, NotFound, Unprocessable


class UnknownHit(NotFound):
    message = "There is no such hit."


class UnknownVersion(NotFound):
    message = "There is no such version of a list."


class UnknownList(NotFound):
    message = "There is no such list, or it is retired."


class HitDecided(Conflict):
    code = "hit_decided"
    message = "This hit is not open any more."


class HitUnexplained(Unprocessable):
    code = "hit_unexplained"
    message = "Say what you compared and why. It is kept, and not asked again for this pair."


class HitChanged(Conflict):
    code = "hit_changed"
    message = "The customer or the entry has changed since you were shown this. Look at it again, then decide."


class ClearedByTwo(Conflict):
    code = "cleared_by_two"
    message = "More than a name agrees: ask a compliance manager to agree that it is somebody else."


class BadVerdict(Unprocessable):
    code = "bad_verdict"
    message = "Say whether it is them, somebody else, or a match to be withdrawn."


class AskedAlready(Conflict):
    code = "asked_already"
    message = "Somebody has asked about this hit already, and it waits for a compliance manager."


class ListUnreadable(Unprocessable):
    code = "list_unreadable"
    message = "This file has not the shape of such a list."


class ListSuspicious(Unprocessable):
    """`facts`: how many entries and names it has, how many are there now, and how many lines could not be read."""

    code = "list_suspicious"
    message = "This list was not taken: it looks cut short. Look at it, and load it with --anyway if it is right."

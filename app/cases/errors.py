"""How cases say no."""

from app.core.errors import Conflict, Forbidden, NotFound, Unprocessable


class NoSuchCase(NotFound):
    message = "There is no such case."


class NotYours(Forbidden):
    code = "not_yours"
    message = "This case is in another queue."


class NoteMissing(Unprocessable):
    code = "note_missing"
    message = "Write a note: what you found, for whoever looks after you."


class BadTime(Unprocessable):
    code = "bad_time"
    message = "Choose for how long it may wait."


class IsClosed(Conflict):
    code = "closed"
    message = "This case is closed already."


class StandsStill(Conflict):
    code = "stands_still"
    message = "It closes by itself when what it is about moves on. If that may wait, put it off."

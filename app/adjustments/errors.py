"""How adjustments says no."""

from app.core.errors import Conflict, Forbidden, Unprocessable


class OwnRequest(Forbidden):
    code = "own_request"
    message = "You asked for this journal. It needs a second person."


class OwnAccount(Forbidden):
    code = "own_account"
    message = "This journal is about an account of yours as a customer. It is for others to ask for and to decide."


class NotYourRequest(Forbidden):
    code = "not_your_request"
    message = "Only who asked for a journal can withdraw the request."


class ContentChanged(Conflict):
    code = "content_changed"
    message = "This request is not what you were shown. Look again before you approve."


class ReasonMissing(Unprocessable):
    code = "reason_missing"
    message = "Say why. It is kept with the journal."


class TooManyLines(Unprocessable):
    code = "too_many_lines"
    message = "A manual journal has at most 20 lines."


class NotHappenedYet(Unprocessable):
    code = "not_happened_yet"
    message = "A journal cannot take effect on a day that has not come."

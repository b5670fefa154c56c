"""How the audit says no."""

from app.core.errors import Unprocessable


class ReasonMissing(Unprocessable):
    code = "reason_missing"
    message = "Say why these records leave the house."

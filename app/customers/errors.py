"""How customers says no."""

from app.core.errors import Conflict, Unprocessable


class BadName(Unprocessable):
    code = "bad_name"
    message = "Write your full name as your bank knows it."


class AccountFrozen(Conflict):
    code = "account_frozen"
    message = "This account is frozen: nothing leaves it until our staff have lifted that."

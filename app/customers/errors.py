"""How customers says no."""

from app.core.errors import Unprocessable


class BadName(Unprocessable):
    code = "bad_name"
    message = "Write your full name as your bank knows it."

"""How the market says no."""

from app.core.errors import NotFound


class NoSuchFeed(NotFound):
    code = "no_such_feed"
    message = "There is no such feed."

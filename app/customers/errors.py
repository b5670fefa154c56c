"""How customers says no."""

from app.core.errors import Conflict, NotFound, Unprocessable


class BadName(Unprocessable):
    code = "bad_name"
    message = "Write your full name as your bank knows it."


class AccountFrozen(Conflict):
    code = "account_frozen"
    message = "This account is frozen: nothing leaves it until our staff have lifted that."


class FreezeUnexplained(Unprocessable):
    code = "freeze_unexplained"
    message = "Say why the account is to be frozen. It is kept."


class NotFrozen(Conflict):
    code = "not_frozen"
    message = "This account is not frozen."


class AskedAlready(Conflict):
    code = "asked_already"
    message = "Somebody has asked for this already, and it waits for others."


class NoSuchCustomer(NotFound):
    message = "There is no customer with that address or id."


class ViewUnexplained(Unprocessable):
    code = "view_unexplained"
    message = "Give the ticket that this is about, and a reason."


class ViewLinkSpent(NotFound):
    code = "view_link_spent"
    message = "This link was used or has run out. Begin the view again in the console."


class ClosureAskedAlready(Conflict):
    code = "closure_asked_already"
    message = "You asked to close this account already. You can take that back."


class NoClosure(Conflict):
    code = "no_closure"
    message = "There is no request to take back."

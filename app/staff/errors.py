"""How staff says no."""

from app.core.errors import Conflict, Forbidden, NotFound, Unprocessable


class NothingChanges(Unprocessable):
    code = "nothing_changes"
    message = "These are the roles that they have."


class RolesMoved(Conflict):
    code = "roles_moved"
    message = "Their roles were changed since this was asked for. Ask anew."


class RolesMissing(Unprocessable):
    code = "roles_missing"
    message = "Choose at least one role."


class NameMissing(Unprocessable):
    code = "name_missing"
    message = "Write their full name, at most 100 characters."


class LinkSpent(NotFound):
    code = "link_spent"
    message = "This link was used, has run out, or is not one of ours. Ask for another invitation."


class JoinedAlready(Conflict):
    code = "joined_already"
    message = "They have joined already. What they may do is changed by their roles."


class NotLent(Forbidden):
    code = "not_lent"
    message = "Only an administrator can take a role in an emergency, and not this one."


class BorrowedAlready(Conflict):
    code = "borrowed_already"
    message = "You have a role for the hour already. Give it back first."


class ReviewWaits(Conflict):
    code = "review_waits"
    message = "Nobody has looked yet at what you did with your last one. That comes first."


class NobodyWatches(Conflict):
    code = "nobody_watches"
    message = "There is nobody to tell: a compliance manager or an auditor has to be here first."


class HouseStaffed(Conflict):
    code = "house_staffed"
    message = "Those who can invite others are there: ask them for an invitation."

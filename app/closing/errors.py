"""What tie-out and closing refuse."""

from app.core.errors import Conflict, Unprocessable


class OtherFigures(Conflict):
    code = "other_figures"
    message = "The figures have changed since you saw them. Look at them again before you sign."


class SignedAlready(Conflict):
    code = "signed_already"
    message = "You have signed these figures, or somebody has in this part. Another person does the other."


class NotPrepared(Conflict):
    code = "not_prepared"
    message = "Nobody has prepared these figures yet."


class DoesNotHold(Conflict):
    code = "does_not_hold"
    message = "An invariant of this sheet does not hold. Nobody can stand for it before it does."


class NotOver(Unprocessable):
    code = "not_over"
    message = "These days are not over yet."


class NotClosable(Conflict):
    code = "not_closable"
    message = "This month cannot be closed yet."


class NotSettled(Conflict):
    code = "not_settled"
    message = "This month was opened again since. Begin to close it, and ask anew."


class ChecklistWorse(Conflict):
    code = "checklist_worse"
    message = "The checklist is worse than what was agreed to. Ask anew."


class NotNewest(Conflict):
    code = "not_newest"
    message = "Only the newest closed month can be opened again."

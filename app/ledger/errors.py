"""How the books say no. The database decides; `posting` turns its codes into these."""

from app.core.errors import Conflict, KeyReused, NotFound, Unprocessable


class Unbalanced(Unprocessable):
    code = "unbalanced"
    message = "The legs of a journal must sum to zero in every asset."


class InsufficientFunds(Unprocessable):
    code = "insufficient_funds"
    message = "There is not enough available for that."


class AccountBlocked(Unprocessable):
    code = "account_blocked"
    message = "That account is unknown, or frozen in this direction."


class PostingKeyReused(KeyReused):
    code = "posting_key_reused"
    message = "This posting key was used for another journal."


class HoldEnded(Conflict):
    code = "hold_ended"
    message = "That hold has ended already."


class NoSuchHold(Unprocessable):
    code = "no_such_hold"
    message = "There is no such hold."


class HoldExceeded(Unprocessable):
    code = "hold_exceeded"
    message = "That is more than remains held, or nothing of it."


class PeriodClosed(Conflict):
    code = "period_closed"
    message = "That month is closed or being closed, has not ended, or another one must be closed first."


class DuplicateKey(Conflict):
    code = "duplicate_key"
    message = "That key stands twice in one batch."


class AlreadyReversed(Conflict):
    code = "already_reversed"
    message = "That journal has been reversed already."


class NoSuchJournal(Unprocessable):
    code = "no_such_journal"
    message = "There is no such journal."


class AccountUnfit(Unprocessable):
    code = "account_unfit"
    message = "That account is not empty, or cannot have both stripes and a floor or holds."


class AccountExists(Conflict):
    code = "account_exists"
    message = "That account exists with another asset, floor or number of stripes."


class NoSuchAsset(NotFound):
    code = "no_such_asset"
    message = "There is no such asset."


class NoSuchTime(Unprocessable):
    code = "no_such_time"
    message = "A journal takes effect between the years 1900 and 2200."

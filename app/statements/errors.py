"""How statements say no."""

from app.core.errors import Conflict, NotFound, Unprocessable


class NoSuchSource(NotFound):
    code = "no_such_source"
    message = "There is no source of statements with this name, or it was retired."


class SourceTaken(Conflict):
    code = "source_taken"
    message = "There is a source of this name already."


class NotContinued(Conflict):
    code = "not_continued"
    message = "A source goes on with one that was retired, and that no other source goes on with."


class BadSource(Unprocessable):
    code = "bad_source"
    message = "A source has a name of small letters, digits and dashes, a title, and a format that is known."


class Settled(Conflict):
    code = "settled"
    message = "What it told would be told a second time. Retire this source, and add another that goes on with it."


class NoSuchAccount(Unprocessable):
    code = "no_such_ledger_account"
    message = "The books have no account of this name, or it is of another class than what we own."


class StandsFor(Conflict):
    code = "stands_for_another"
    message = "What it told of this asset was held against another account already. Retire this source and add another."


class BadTolerance(Unprocessable):
    code = "bad_tolerance"
    message = "A tolerance is an amount in whole coins, zero or more."


class MoreNeedsTwo(Conflict):
    code = "more_needs_two"
    message = "A larger tolerance is what somebody else must agree to. Keep what it is, and ask for more."


class RetiringNeedsTwo(Conflict):
    code = "retiring_needs_two"
    message = "It told of an account. That it tells of it no more others must agree to."


class WalletNeedsTwo(Conflict):
    code = "wallet_needs_two"
    message = "That a source tells of a wallet of ours is what somebody else must agree to, on the source's page."


class AddressStays(Conflict):
    code = "address_stays"
    message = "Its address is what others agreed to. Retire this source, add one of the other, and ask for that."


class OtherWallet(Conflict):
    code = "other_wallet"
    message = "The address of the source, or whether there is such an account, is not as it was asked for. Ask anew."


class CountedWithAnother(Conflict):
    code = "counted_with_another"
    message = "This account is counted together with another one. It must leave that one first."


class OthersCountedWith(Conflict):
    code = "others_counted_with"
    message = "Other accounts are counted together with the one that it stands for now. They must leave it first."


class BadPull(Unprocessable):
    code = "bad_pull"
    message = "Say from which day on to ask, and how often: each hour, each six hours or each day."


class NoSuchTeller(Unprocessable):
    code = "no_such_teller"
    message = "There is no key for its API, or it has none. Bring its files by hand."


class TakenAlready(Conflict):
    code = "taken_already"
    message = "This counts so already."


class NothingRejected(Conflict):
    code = "nothing_rejected"
    message = "No row of this file is rejected any more."


class BadDays(Unprocessable):
    code = "bad_statement_days"
    message = "Say the first and the last day that it covers, in this order, and none that has not begun yet."


class NoReason(Unprocessable):
    code = "no_reason_for_days"
    message = "Say why, in a few words: whoever closes the month reads it."


class NotItsDays(Unprocessable):
    code = "not_its_days"
    message = "It tells of other days, too."


class RowsUntold(Unprocessable):
    code = "rows_untold"
    message = "Not each row of it became a line, or was ignored or rejected: that is a fault of how it is read."


class NoSuchFile(NotFound):
    code = "no_such_file"
    message = "There is no statement file with this id."

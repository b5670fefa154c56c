"""How breaks says no."""

from app.core.errors import Conflict, Unprocessable


class BreakGone(Conflict):
    code = "break_gone"
    message = "This break was closed meanwhile. Nothing is done about it any more."


class BreakChanged(Conflict):
    code = "break_changed"
    message = "This break is of another amount by now. Look again, and ask anew."


class ProposalOver(Conflict):
    code = "proposal_over"
    message = "This break was closed, or something else was asked for about it, meanwhile. Nothing is booked."


class UnderWay(Conflict):
    code = "under_way"
    message = "Something is asked for about this break already, or it was accepted."


class BroughtIt(Conflict):
    code = "brought_it"
    message = "You brought the file that says so. Somebody else of finance looks at it and takes it."


class OfStatement(Conflict):
    code = "of_statement"
    message = "Some of these are about a statement itself: nothing belongs to them. Choose others."


class InLargeMatch(Conflict):
    code = "in_large_match"
    message = "It is in a very large match. Take that apart first."


class WordsMissing(Unprocessable):
    code = "words_missing"
    message = "Write what is to be kept, in at most 500 characters."


class NotOfFinance(Unprocessable):
    code = "not_of_finance"
    message = "A break is given to somebody who may work on breaks."


class BadAccount(Unprocessable):
    code = "bad_account"
    message = "Choose one of the accounts that a difference may be booked to."


class ClosesByItself(Unprocessable):
    code = "closes_by_itself"
    message = "It is not told yet: it closes by itself with the statement, and there is nothing to book."


class TooSmall(Unprocessable):
    code = "too_small"
    message = (
        "It is less than one smallest unit of the books, and cannot be booked. Merge it with others, or accept it."
    )


class BadExpiry(Unprocessable):
    code = "bad_expiry"
    message = "Say until when: a day after today, within a year."


class NoWorth(Unprocessable):
    code = "no_worth"
    message = "Nobody knows at the moment what this is worth in naira, so it cannot be held against the limit."


class AboveLimit(Unprocessable):
    code = "above_limit"
    message = "This is more than may be written off."


class BadTerms(Unprocessable):
    code = "bad_terms"
    message = "Say within how many hours a break of any amount is to be closed."


class NothingChosen(Unprocessable):
    code = "nothing_chosen"
    message = "No break fits what was chosen."


class TooMany(Unprocessable):
    code = "too_many"
    message = "These are more than 5,000 breaks. Narrow the choice."


class TooManyFiles(Unprocessable):
    code = "too_many_files"
    message = "A break has at most twenty files."


class CannotRead(Unprocessable):
    code = "cannot_read"
    message = "This file cannot be read. Save it anew as a PDF or a picture."

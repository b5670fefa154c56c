"""How documents say no."""

from app.core.errors import TooMany, Unavailable, Unprocessable


class EmptyFile(Unprocessable):
    code = "file_empty"
    message = "This file is empty. Choose another one."


class FileTooLarge(Unprocessable):
    code = "file_too_large"
    message = "This file is larger than 10 MB. Send a smaller one: a photo with a lower resolution will do."


class WrongKind(Unprocessable):
    code = "file_kind_unknown"
    message = "Send a photo (JPEG or PNG) or a PDF. This file is neither, whatever its name says."


class UnknownPurpose(Unprocessable):
    code = "purpose_unknown"
    message = "Say what this file shows."


class TooManyDocuments(TooMany):
    code = "too_many_documents"
    message = "You have sent as many files as we take in a day. Send the rest tomorrow."


class TooManyViews(TooMany):
    code = "too_many_views"
    message = "You have looked at as many documents in an hour as anybody may. Compliance was told."


class NotReady(Unprocessable):
    code = "document_not_ready"
    message = "There is nothing to show of this file: it is being checked, was refused, or its time was over."


class Damaged(Unavailable):
    code = "document_damaged"
    message = "This file does not open: it was altered where it is kept, or its key is gone."

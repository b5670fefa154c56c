"""What exports refuses."""

from app.core.errors import Conflict, Refusal, Unprocessable


class TooManyFiles(Conflict):
    code = "too_many_files"
    message = "You have asked for as many files as are made at a time. Wait until one of them is ready."


class FileGone(Refusal):
    status = 410
    code = "file_gone"
    message = "This file was kept for its time and is gone. Make it again: its report is there for every day."


class NotReady(Conflict):
    code = "file_not_ready"
    message = "This file is not made yet."


class NobodyToTell(Unprocessable):
    code = "nobody_to_tell"
    message = "Choose who is told: somebody who may read reports."

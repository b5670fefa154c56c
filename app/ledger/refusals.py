"""The database's codes of refusal, and what they are called here."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from app.core.db import sqlstate
from app.core.errors import Refusal
from app.ledger import errors

REFUSALS: dict[str, type[Refusal]] = {
    "LG001": errors.Unbalanced,
    "LG002": errors.PostingKeyReused,
    "LG003": errors.AccountBlocked,
    "LG004": errors.InsufficientFunds,
    "LG005": errors.Unbalanced,
    "LG006": errors.NoSuchHold,
    "LG007": errors.HoldEnded,
    "LG008": errors.HoldExceeded,
    "LG009": errors.PeriodClosed,
    "LG010": errors.DuplicateKey,
    "LG011": errors.AlreadyReversed,
    "LG012": errors.AccountUnfit,
    "LG013": errors.NoSuchJournal,
    "LG014": errors.AccountExists,
    "LG015": errors.NoSuchTime,
}


@contextmanager
def refused() -> Iterator[None]:
    """Turn what the ledger's functions raise in the body into refusals; anything else goes on as it is."""
    try:
        yield
    except DBAPIError as error:
        refusal = REFUSALS.get(sqlstate(error))
        if refusal is None:
            raise
        raise refusal from error

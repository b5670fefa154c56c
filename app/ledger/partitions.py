"""Room for entries: partitions by journal number, made before they are needed."""

from sqlalchemy import text

from app.core.db import db


def make_ahead() -> int:
    """Make the partitions that the next 25 million journals need (an hour at 7,000 a second): how many were made."""
    return int(db.session.execute(text("SELECT ledger.make_partitions()")).scalar_one())

"""How migrations run: as the owner role, one process at a time, giving up early rather than blocking the business."""

from alembic import context
from sqlalchemy import create_engine, pool

ADVISORY_LOCK = 7_302_026

SETTINGS = (
    "SET ROLE bursar_owner",
    "SET lock_timeout = '5s'",
    "SET statement_timeout = '60s'",
    f"SELECT pg_advisory_lock({ADVISORY_LOCK})",  # the session's; freed when the connection closes
)


def run() -> None:
    """Upgrade through a direct connection: an advisory lock does not survive a transaction pooler."""
    engine = create_engine(context.config.attributes["url"], poolclass=pool.NullPool)
    with engine.connect() as connection:
        for setting in SETTINGS:
            connection.exec_driver_sql(setting)
        connection.commit()
        context.configure(connection=connection, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()


run()

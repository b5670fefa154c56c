"""A payout float for show: what tests and stories pay withdrawals from, put in by the owners before all else."""

from sqlalchemy import create_engine, pool, text

UNITS = 1_000_000_000_000  # ten thousand million naira: no test's amount is a large part of it
_POST = """
SELECT FROM ledger.post('opening float', 'opening.float', 'opening', ARRAY['asset:paystack:NGN', 'equity:capital:NGN'],
                        ARRAY[:units, -:units]::numeric[], now() - interval '730 days', '{}'::jsonb, NULL, NULL)
"""


def put_in(owner_url: str) -> None:
    """Book it, once."""
    engine = create_engine(owner_url, poolclass=pool.NullPool)
    with engine.begin() as connection:
        connection.execute(text("SELECT set_config('bursar.actor', 'system:opening', true)"))
        connection.execute(text(_POST), {"units": UNITS})

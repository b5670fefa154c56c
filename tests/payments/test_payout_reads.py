"""Reads of payouts: what is asked before each of them is found by an index."""

import pytest
from sqlalchemy import Engine, text


class TestAMillion:
    """What is asked before every payout reads an index, and not the table."""

    @pytest.mark.parametrize(
        "asked",
        [
            (
                "SELECT sum(amount_units) FROM payouts WHERE created_at BETWEEN now() - interval '15 min' AND now()"
                " OR taken_up_at BETWEEN now() - interval '15 min' AND now()"
            ),
            "SELECT id FROM payouts WHERE state IN ('sending', 'sent') ORDER BY id LIMIT 26",
            "SELECT FROM payouts WHERE base_id = 'po_x' ORDER BY created_at",
            "SELECT id FROM payouts WHERE state = 'awaiting_float' AND id < 'po_x' LIMIT 1",
        ],
    )
    def test_is_not_read_through(self, owner_engine: Engine, asked: str) -> None:
        with owner_engine.connect() as connection:
            connection.execute(text("SET enable_seqscan = off"))  # (of a few rows it would read all)
            plan = "\n".join(connection.execute(text(f"EXPLAIN {asked}")).scalars())
        assert "Index" in plan
        assert "Seq Scan" not in plan

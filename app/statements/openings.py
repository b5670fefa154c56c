"""What an account had before the first of its statements: a line like any other, so that told is the teller's balance.

An account is told from the first statement that says its balances. That one's opening balance, less what other files
told of before it and what another source told that this one goes on with, is a line of the evening before. Where an
earlier statement comes, or more is told of before it, the line is taken back by another, and there is one of the new
beginning: nothing that was told is changed. Another account of an asset that was told of before may be the same one
under another name: what it had is counted once somebody says that it is not.
"""

from sqlalchemy import Connection, text

from app.statements.models import Source

_TELL = """
WITH begun AS MATERIALIZED (
    SELECT b.*, b.day - 1 AS booked_on FROM statement_beginnings(:source, :import) b
     WHERE NOT b.waits OR (b.account, b.asset) = (:account, :asset)
), there AS (
    SELECT l.account, l.asset, l.booked_on, sum(l.delta) AS amount, max(l.occurrence) AS nth
      FROM statement_lines l JOIN begun b ON (b.account, b.asset) = (l.account, l.asset)
     WHERE l.source_id = :source AND l.basis = 'opening' GROUP BY 1, 2, 3
), lacking AS (
    SELECT account, asset, booked_on, coalesce(b.amount, 0) - coalesce(t.amount, 0) AS amount,
           coalesce(t.nth, 0) + 1 AS nth
      FROM begun b FULL JOIN there t USING (account, asset, booked_on)
)
INSERT INTO statement_lines (source_id, import_id, part, row_no, identity, occurrence, at, booked_on, account, asset,
                             delta, fee, fee_asset, kind, group_key, refs, counterparty, narration, raw, basis)
SELECT :source, b.import_id, b.part, 0,
       sha256(convert_to(concat_ws(E'\\t', 'opening', n.account, n.asset, n.booked_on), 'UTF8')), n.nth,
       (n.booked_on + 1)::timestamp AT TIME ZONE :zone - interval '1 second', n.booked_on, n.account, n.asset,
       n.amount, 0, n.asset, 'opening balance', concat_ws(' ', 'opening', n.booked_on, n.account), '{}', '',
       'Opening balance', '{}', 'opening'
  FROM lacking n JOIN begun b USING (account, asset) WHERE n.amount <> 0
RETURNING id, account, asset
"""


def tell(connection: Connection, source: Source, *, import_id: str, agreed: tuple[str, str] | None = None) -> list[int]:
    """Have the opening balances of a file's accounts be what their statements say. The source must be locked.

    `agreed` is an account of the teller and its asset that somebody says is another one than those told of before: the
    answer is the ids of its lines.
    """
    account, asset = agreed or (None, None)
    place = {"source": source.id, "import": import_id, "zone": source.zone, "account": account, "asset": asset}
    made = connection.execute(text(_TELL), place).all()
    return [row.id for row in made if (row.account, row.asset) == agreed]

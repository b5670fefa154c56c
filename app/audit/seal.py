"""The seal of the audit: a chain of blocks over every record, so that one changed behind the guards is named."""

from app.audit.chain import Chain
from app.core.db import rows

CHAIN = Chain(
    mark="audit",
    seal="SELECT audit.seal(:rows)",
    newest="SELECT no, last_id, encode(hash, 'hex') AS hash, sealed_at FROM audit.blocks ORDER BY no DESC LIMIT 1",
    unsealed="SELECT count(*) AS n FROM audit.records"
    " WHERE id > coalesce((SELECT last_id FROM audit.blocks ORDER BY no DESC LIMIT 1), 0)",
    check="SELECT problem FROM audit.check_block(:no)",
    hash="SELECT encode(hash, 'hex') AS hash FROM audit.blocks WHERE no = :no",
)


def sealed() -> tuple[int, int]:
    """How many blocks the seal has, and how many records are in them."""
    found = rows("SELECT count(*) AS blocks, coalesce(sum(records), 0) AS records FROM audit.blocks")[0]
    return int(found.blocks), int(found.records)

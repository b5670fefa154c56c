"""Our own wallets on chains: the account of the books for one is opened when a source of it is set up, by two persons.

It is empty then; so is the one for what its chain takes. Their opening stands in the audit.
"""

from app.core.money import ASSETS
from app.ledger import accounts, balances, chart
from app.statements import errors
from app.statements.formats.registry import FORMATS
from app.statements.models import Source


def is_new(source: Source, account: str) -> bool:
    """Whether this is the account of a wallet that is to be opened for a source which tells of a chain."""
    found = chart.wallet_of(account)
    if found is None or not FORMATS[source.format].of_chain or found[1] not in ASSETS:
        return False
    try:
        balances.of(account)
    except LookupError:
        return True
    return False


def open_for(source: Source, account: str) -> None:
    """Open the account of a wallet, and that of what its chain takes. Raises NoSuchAccount for what is no new one."""
    if not is_new(source, account):
        raise errors.NoSuchAccount
    asset = ASSETS[account.rpartition(":")[2]]
    for code in (account, chart.house(chart.NETWORK_FEES, asset=asset)):
        accounts.open_account(code, asset=asset, floor_units=None)

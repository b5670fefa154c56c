"""Our own wallets on chains: the account of the books for one is opened when a source of it is set up.

It is empty then, and what comes into it two people agree to; so is the one for what its chain takes. Their opening
stands in the audit.
"""

from app.core.money import ASSETS
from app.ledger import accounts, chart
from app.statements.formats.registry import FORMATS
from app.statements.models import Source


def open_for(source: Source, account: str) -> None:
    """Open the account of a wallet for a source that tells of a chain; what is there stays, and so does any other."""
    found = chart.wallet_of(account)
    if found is not None and FORMATS[source.format].of_chain and found[1] in ASSETS:
        asset = ASSETS[found[1]]
        for code in (account, chart.house(chart.NETWORK_FEES, asset=asset)):
            accounts.open_account(code, asset=asset, floor_units=None)

"""Our own wallets on chains: that a source tells of one is what two agree to, with its address.

The account of the books is opened with its first source, by the same request. It is empty then; so is the one for what
its chain takes. Their opening stands in the audit.
"""

from app.core.money import ASSETS
from app.ledger import accounts, balances, chart
from app.statements import errors, queries
from app.statements.formats.registry import FORMATS
from app.statements.models import Source

_WALLETS = chart.WALLET.partition("{")[0]


def needs_two(source_id: str, *, asset: str, account: str) -> bool:
    """Whether two must agree that an account stands for what a source tells of an asset: a wallet's, if not so yet."""
    return account.startswith(_WALLETS) and queries.accounts_for_operators(source_id).get(asset) != account


def tells_of_one(source_id: str) -> bool:
    """Whether a source stands for a wallet's account."""
    return any(account.startswith(_WALLETS) for account in queries.accounts_for_operators(source_id).values())


def is_new(source: Source, account: str) -> bool:
    """Whether this is the account of a wallet that is to be opened for a source which tells of a chain."""
    found = chart.wallet_of(account)
    of_chain = FORMATS[source.format].of_chain
    return found is not None and of_chain and found[1] in ASSETS and not _is_there(account)


def check(source: Source, *, asset: str, account: str) -> None:
    """Raises what stands in the way of a source's telling of a wallet, whoever agrees."""
    if source.retired_at is not None:
        raise errors.NoSuchSource
    if not asset or not account.startswith(_WALLETS) or not (is_new(source, account) or _is_there(account)):
        raise errors.NoSuchAccount(
            "That is no account of a wallet, asset:wallet:name:BTC, or a new one, and its source tells of no chain."
        )
    if not FORMATS[source.format].tells_moves and not address_of(source):
        raise errors.BadSource("Say first, where the source is edited, whose address it is for.")
    if not needs_two(source.id, asset=asset, account=account):
        raise errors.TakenAlready


def address_of(source: Source) -> str:
    """Whose balances or movements are taken from its files; empty where none is said."""
    return str(source.settings.get("account") or "")


def open_for(source: Source, account: str) -> None:
    """Open the account of a wallet, and that of what its chain takes. Raises NoSuchAccount for what is no new one."""
    if not is_new(source, account):
        raise errors.NoSuchAccount
    asset = ASSETS[account.rpartition(":")[2]]
    for code in (account, chart.house(chart.NETWORK_FEES, asset=asset)):
        accounts.open_account(code, asset=asset, floor_units=None)


def _is_there(account: str) -> bool:
    try:
        balances.of(account)
    except LookupError:
        return False
    return True

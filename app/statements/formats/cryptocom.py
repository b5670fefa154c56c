"""Crypto.com's app wallet: signed amounts, one row per movement, two legs where one coin became another.

There is no id and no balance. Native amounts are values in the user's money, up to forty digits, and move nothing.
"""

from app.statements.formats import cells, formats
from app.statements.formats.formats import Format
from app.statements.formats.lines import Kind, Line, Told
from app.statements.formats.reading import Column, Layout, Row
from app.statements.formats.settings import Settings

LAYOUT = Layout(
    (
        Column("time", ("timestamp (utc)",)),
        Column("description", ("transaction description",)),
        *(Column(name) for name in ("currency", "amount", "to currency", "to amount")),
        Column("kind", ("transaction kind",)),
        Column("hash", ("transaction hash",), needed=False),
    )
)
HEADERS = (
    (
        "Timestamp (UTC),Transaction Description,Currency,Amount,To Currency,To Amount,Native Currency,Native Amount,"
        "Native Amount (in USD),Transaction Kind,Transaction Hash"
    ),
)
KINDS = {
    "crypto_deposit": Kind.DEPOSIT,
    "crypto_withdrawal": Kind.WITHDRAWAL,
    "card_top_up": Kind.WITHDRAWAL,
    **dict.fromkeys(("crypto_exchange", "crypto_wallet_swap_credited", "crypto_wallet_swap_debited"), Kind.TRADE),
    **dict.fromkeys(("crypto_to_exchange_transfer", "exchange_to_crypto_transfer"), Kind.TRANSFER),
    **dict.fromkeys(("lockup_unlock", "lockup_lock", "finance.lockup.dpos_lock.crypto_wallet"), Kind.TRANSFER),
    "finance.lockup.dpos_unlock.crypto_wallet": Kind.TRANSFER,
    **dict.fromkeys(("mco_stake_reward", "referral_card_cashback"), Kind.REWARD),
    "finance.lockup.dpos_compound_interest.crypto_wallet": Kind.REWARD,
}


def tell(row: Row, settings: Settings) -> Told | list[Line]:
    """One row: a line, or what was given and what was got."""
    asset, other, told = cells.ticker(row.needed("currency")), cells.ticker(row.text("to currency")), row.needed("kind")
    account = settings.account or "app"
    (at, booked_on), amount = row.moment("time", settings), row.number_of("amount")
    got = row.number_of("to amount") if other else None
    if told not in KINDS:
        return formats.rejected(row, "kind", f"kind {told[:80]} is not known", account=account, asset=asset)
    legs = [(asset, amount), *([(other, got)] if got is not None else [])]
    return [
        Line(
            row=row.number,
            at=at,
            booked_on=booked_on,
            asset=each,
            delta=moved,
            principal=moved,
            fee_asset=each,
            kind=KINDS[told],
            account=account,
            group=f"{told}/{at:%Y-%m-%dT%H:%M:%SZ}" if other else "",
            refs=tuple(filter(None, (row.text("hash"),))),
            narration=row.text("description"),
            raw=row.raw,
        )
        for each, moved in legs
    ]


CRYPTOCOM: Format = formats.tabular(
    name="cryptocom-app",
    title="Crypto.com app wallet",
    headers=HEADERS,
    layout=LAYOUT,
    tell=tell,
    takes=("account",),
)

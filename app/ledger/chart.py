"""The chart of accounts. A code is a path, `class:what:…:ASSET`; its class decides the normal side.

House accounts are opened by a migration; a customer's account per asset is opened by the wallets room and has floor 0.
"""

from app.core.money import Asset

PAYSTACK = "asset:paystack:{asset}"
SUSPENSE = "liability:suspense:{asset}"
WITHDRAWAL_FEES = "income:withdrawal_fees:{asset}"
PAYSTACK_FEES = "expense:paystack_fees:{asset}"
CUSTOMER = "liability:customer:{customer}:{asset}"

PURPOSES = {
    PAYSTACK: "What Paystack holds for us: charges less fees in, transfers and their fees out.",
    SUSPENSE: "Money that came and that we cannot place yet; owed to somebody until it is.",
    WITHDRAWAL_FEES: "What customers pay us for a withdrawal.",
    PAYSTACK_FEES: "What Paystack keeps of each charge and takes for each transfer.",
    CUSTOMER: "What we owe a customer in one asset. It may not go below zero.",
}


def house(template: str, *, asset: Asset) -> str:
    """The code of a house account in one asset."""
    return template.format(asset=asset.code)


def of_customer(customer_id: str, *, asset: Asset) -> str:
    """The code of a customer's account in one asset."""
    return CUSTOMER.format(customer=customer_id, asset=asset.code)

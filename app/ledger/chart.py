"""The chart of accounts. A code is a path, `class:what:…:ASSET`; its class decides the normal side.

House accounts are opened by a migration or with their asset; those of a wallet of our own on a chain with its first
source. A customer's account per asset is opened by the wallets room and has floor 0.
"""

import re

from app.core.money import Asset

PAYSTACK = "asset:paystack:{asset}"
PAYSTACK_CLEARING = "asset:paystack_clearing:{asset}"
BANK = "asset:bank:{asset}"
OWED_BY_CUSTOMERS = "asset:owed_by_customers:{asset}"
SUSPENSE = "liability:suspense:{asset}"
REFUNDS = "liability:refunds:{asset}"
VENUE = "asset:venue:{venue}:{asset}"
WALLET = "asset:wallet:{wallet}:{asset}"
DEALING = "equity:dealing:{asset}"
CAPITAL = "equity:capital:{asset}"
CLOSING = "equity:closing:{asset}"
WITHDRAWAL_FEES = "income:withdrawal_fees:{asset}"
TRADING_FEES = "income:trading_fees:{asset}"
SPREAD = "income:spread:{asset}"
ROUNDING = "income:rounding:{asset}"
VENUE_FEES = "expense:venue_fees:{asset}"
NETWORK_FEES = "expense:network_fees:{asset}"
PAYSTACK_FEES = "expense:paystack_fees:{asset}"
DISPUTE_LOSSES = "expense:dispute_losses:{asset}"
BANK_CHARGES = "expense:bank_charges:{asset}"
WRITE_OFFS = "expense:write_offs:{asset}"
CUSTOMER = "liability:customer:{customer}:{asset}"

PURPOSES = {
    PAYSTACK: "Our balance at Paystack, from which transfers and their fees are paid; topped up from our bank.",
    PAYSTACK_CLEARING: "Charges that Paystack took for us, less its fees, until it settles them to our bank.",
    BANK: "Our own account at a bank: settlements in, top-ups out.",
    OWED_BY_CUSTOMERS: "What customers owe us: a dispute or refund that was more than they had.",
    SUSPENSE: "Money that came and that we cannot place yet; owed to somebody until it is.",
    REFUNDS: "What we are giving back to payers, until Paystack has paid it.",
    VENUE: "What a venue holds for us, as our own fills and transfers say.",
    WALLET: "What lies in a wallet of our own on a chain: opened when its first source is set up.",
    DEALING: "What was got for what was given, between assets: nil in an asset that dealing left even.",
    CAPITAL: "What the owners put in.",
    CLOSING: "Nothing, ever: the journals of closed months go in and out of it, to be under the seal.",
    WITHDRAWAL_FEES: "What customers pay us for a withdrawal.",
    TRADING_FEES: "What customers pay us for an order.",
    SPREAD: "What customers pay above our own price, or get below it.",
    ROUNDING: "What is left of an order that does not come out even: less than one smallest unit of the coin.",
    VENUE_FEES: "What a venue takes for an order or a transfer.",
    NETWORK_FEES: "What a chain takes for what our own wallets send: opened with the first wallet of its coin.",
    PAYSTACK_FEES: "What Paystack keeps of each charge and takes for each transfer.",
    DISPUTE_LOSSES: "What disputes took from us and nobody owes us any more.",
    BANK_CHARGES: "What a bank takes for keeping our account and for what it moves.",
    WRITE_OFFS: "What our accounts elsewhere were off by and nobody could explain.",
    CUSTOMER: "What we owe a customer in one asset. It may not go below zero.",
}

_WALLET = re.compile(r"asset:wallet:(?P<wallet>[a-z][a-z0-9-]{1,39}):(?P<asset>[A-Z0-9.]{2,20})")
VENUES = ("kraken",)
# What the house keeps in every asset, opened with it; the hot ones are those that very many movements touch.
IN_EVERY_ASSET = {
    DEALING: True,
    TRADING_FEES: True,
    SPREAD: True,
    ROUNDING: True,
    VENUE_FEES: False,
    WRITE_OFFS: False,
    CAPITAL: False,
    **{VENUE.replace("{venue}", venue): False for venue in VENUES},
}


def house(template: str, *, asset: Asset) -> str:
    """The code of a house account in one asset."""
    return template.format(asset=asset.code)


def at_venue(venue: str, *, asset: Asset) -> str:
    """The code of what a venue holds for us in one asset."""
    return VENUE.format(venue=venue, asset=asset.code)


def wallet_of(code: str) -> tuple[str, str] | None:
    """The name of our own wallet and the asset of its account; None where a code is of something else."""
    found = _WALLET.fullmatch(code)
    return (found["wallet"], found["asset"]) if found else None


def of_customer(customer_id: str, *, asset: Asset) -> str:
    """The code of a customer's account in one asset."""
    return CUSTOMER.format(customer=customer_id, asset=asset.code)

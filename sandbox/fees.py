"""What the vendor charges, in kobo, by its published price list. Whole-number arithmetic; a part of a kobo rounds up.

A real integration may hold another plan: the fee in an answer is the truth and this formula is only what to expect.
"""

FLAT_KOBO = 10_000
FLAT_FROM_KOBO = 250_000
LOCAL_CAP_KOBO = 200_000
NUBAN_CAP_KOBO = 30_000
TRANSFER_TIERS_KOBO = ((500_000, 1_000), (5_000_000, 2_500))
TRANSFER_TOP_KOBO = 5_000


def _share(amount_kobo: int, *, per_mille: int) -> int:
    # Upwards: every published sample with a part of a kobo (39100 at 1.5% is 586.5) was charged the next whole one.
    return -(-amount_kobo * per_mille // 1000)


def local(amount_kobo: int) -> int:
    """Cards, bank transfers and USSD: 1.5%, plus NGN 100 from NGN 2,500 upwards, never above NGN 2,000."""
    flat = FLAT_KOBO if amount_kobo >= FLAT_FROM_KOBO else 0
    return min(_share(amount_kobo, per_mille=15) + flat, LOCAL_CAP_KOBO)


def dedicated_nuban(amount_kobo: int) -> int:
    """Payments into a customer's own account number: 1%, never above NGN 300."""
    return min(_share(amount_kobo, per_mille=10), NUBAN_CAP_KOBO)


def charge(channel: str, amount_kobo: int) -> int:
    """The fee on a successful payment through `channel`."""
    return dedicated_nuban(amount_kobo) if channel == "dedicated_nuban" else local(amount_kobo)


def transfer(amount_kobo: int) -> int:
    """The fee on a payout: NGN 10 up to 5,000, NGN 25 up to 50,000, NGN 50 above."""
    for up_to_kobo, fee_kobo in TRANSFER_TIERS_KOBO:
        if amount_kobo <= up_to_kobo:
            return fee_kobo
    return TRANSFER_TOP_KOBO

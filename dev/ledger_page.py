"""docs/ledger.md, made from the chart of accounts and from every posting, so that the page cannot fall behind.

`python -m dev.ledger_page` writes it; a test fails when it differs.
"""

import inspect
from collections.abc import Callable
from pathlib import Path

from app.adjustments import postings as adjustments
from app.closing import postings as closing
from app.core.money import NGN, Asset, Money
from app.disputes import postings as disputes
from app.exchange import postings as exchange
from app.ledger import chart
from app.ledger.journal import Journal, credit, debit
from app.payments import postings as payments
from app.payments.postings import Shares
from app.settlement import postings as settlement
from app.trading import postings as trading
from app.transfers import postings as transfers
from app.withdrawals import postings as withdrawals

PAGE = Path(__file__).resolve().parents[1] / "docs" / "ledger.md"
CUSTOMER = chart.of_customer("cus_…", asset=NGN)
BTC, USDT = Asset("BTC", 8), Asset("USDT.TRC20", 6)  # (the page is made without a database)
COINS, DOLLARS = chart.of_customer("cus_…", asset=BTC), chart.of_customer("cus_…", asset=USDT)


def naira(amount: int) -> Money:
    """Whole naira."""
    return Money(NGN, amount * 100)


# One example per posting: what happened, and the call.
EXAMPLES: tuple[tuple[str, Callable[..., Journal], dict[str, object]], ...] = (
    (
        "A deposit of ₦50,000 by card; Paystack keeps ₦850.",
        payments.credited,
        {"ref": "dep_…", "account": CUSTOMER, "intent": naira(50_000), "paid": naira(50_000), "fees": naira(850)},
    ),
    (
        "₦35,000 came that nobody announced; Paystack keeps ₦625.",
        payments.suspended,
        {"ref": "charge reference", "paid": naira(35_000), "fees": naira(625)},
    ),
    (
        "A deposit of ₦35,000, of which the payer bore ₦625, waited in suspense while its account took nothing in.",
        payments.placed,
        {"ref": "dep_…", "account": CUSTOMER, "intent": naira(35_000), "paid": naira(35_625)},
    ),
    (
        "₦50,000 went back to their payer, ₦850 of it the fee that the payer bore. The customer has ₦45,000 left.",
        payments.refund_asked,
        {"ref": "rfd_…", "account": CUSTOMER, "shares": Shares(naira(45_000), naira(4_150), naira(850))},
    ),
    (
        "Paystack paid that refund, ₦30,000 of it out of our balance.",
        payments.refund_paid,
        {"ref": "rfd_…", "amount": naira(50_000), "from_balance": naira(30_000)},
    ),
    (
        "That refund could not be paid instead. Paystack had kept all of it of a settlement.",
        payments.refund_failed,
        {
            "ref": "rfd_…",
            "account": CUSTOMER,
            "shares": Shares(naira(45_000), naira(4_150), naira(850)),
            "to_balance": naira(50_000),
        },
    ),
    (
        "The payer of ₦50,000 disputed that, and it was lost; the customer had ₦12,000 left.",
        disputes.lost,
        {
            "ref": "dsp_…",
            "account": CUSTOMER,
            "shares": Shares(naira(12_000), naira(38_000), naira(0)),
            "from_balance": naira(0),
        },
    ),
    (
        "A withdrawal of ₦20,000 reached the bank; the customer pays ₦25, Paystack takes ₦25.",
        withdrawals.settled,
        {"ref": "wd_…", "account": CUSTOMER, "amount": naira(20_000), "fee": naira(25), "vendor_fee": naira(25)},
    ),
    (
        "The bank sent that withdrawal back.",
        withdrawals.returned,
        {"ref": "wd_…", "account": CUSTOMER, "amount": naira(20_000), "fee": naira(25)},
    ),
    (
        "A customer sends another ₦5,000.",
        transfers.sent,
        {"ref": "trf_…", "sender_id": "cus_…", "receiver_id": "cus_other", "amount": naira(5_000)},
    ),
    (
        "Paystack's ledger shows the fee of that payout given back.",
        payments.fee_back,
        {"ref": "po_…", "fee": naira(25)},
    ),
    (
        "Another payout failed, and Paystack's ledger shows its fee kept.",
        payments.fee_kept,
        {"ref": "po_…", "fee": naira(25)},
    ),
    (
        "0.00009876 BTC for ₦10,000, at ₦100,000,000 for one: 1 % spread, a fee of ₦25, and 24 kobo left over.",
        trading.bought,
        {
            "ref": "ord_…",
            "payer": CUSTOMER,
            "taker": COINS,
            "give": naira(10_000),
            "get": Money(BTC, 9_876),
            "fee": naira(25),
            "spread": Money(NGN, 98_76),
            "rounding": Money(NGN, 24),
        },
    ),
    (
        "Those sold again at the same price.",
        trading.sold,
        {
            "ref": "ord_…",
            "payer": COINS,
            "taker": CUSTOMER,
            "give": Money(BTC, 9_876),
            "get": Money(NGN, 9_752_24),
            "fee": naira(25),
            "spread": Money(NGN, 98_76),
            "rounding": Money(NGN, 0),
        },
    ),
    (
        "0.001 BTC for 99.004975 USDT, at 100,000 USDT for one: half a percent spread, half a percent fee.",
        trading.swapped,
        {
            "ref": "ord_…",
            "payer": COINS,
            "taker": DOLLARS,
            "give": Money(BTC, 100_000),
            "get": Money(USDT, 99_004_975),
            "fee": Money(BTC, 500),
            "spread": Money(BTC, 495),
            "rounding": Money(BTC, 0),
        },
    ),
    (
        "Paystack settled ₦83,525 of charges, having kept ₦25 more than was booked, and deducted ₦2,000 for a refund.",
        settlement.settled,
        {
            "ref": "set_…",
            "total": naira(83_525),
            "more_fees": naira(25),
            "deducted": naira(2_000),
            "effective": naira(81_525),
        },
    ),
    (
        "₦1,000,000 went from the bank into the float.",
        settlement.topped_up,
        {"ref": "top_…", "amount": naira(1_000_000)},
    ),
    (
        "0.25 BTC bought at the venue at 60,000 dollars, its fee 39 dollars.",
        exchange.filled,
        {
            "ref": "hdg_…",
            "venue": "kraken",
            "trade": "the venue's trade",
            "moved": (Money(BTC, 25_000_000), Money(USDT, -15_039_000_000)),
            "fees": (Money(USDT, 39_000_000),),
        },
    ),
    (
        "10,000 dollars bought over the counter for ₦15,800,000.",
        exchange.bought_over_the_counter,
        {
            "ref": "otc_…",
            "venue": "kraken",
            "paid": naira(15_800_000),
            "got": Money(Asset("USD", 2, "$"), 1_000_000),
            "counterparty": "their name",
        },
    ),
    (
        "₦100 of Paystack's fees that it gave back had been booked as income.",
        adjustments.booked,
        {
            "ref": "grq_…",
            "legs": (
                debit(chart.house(chart.WITHDRAWAL_FEES, asset=NGN), naira(100)),
                credit(chart.house(chart.PAYSTACK_FEES, asset=NGN), naira(100)),
            ),
            "reason": "A fee that was given back is less cost, not income.",
            "requested_by": "op_…",
            "approved_by": ("op_…",),
            "effective_at": None,
            "corrects": None,
        },
    ),
    (
        "October was closed.",
        closing.closed,
        {"ref": "clo_…", "month": "2026-10", "digest": "9f3c…", "amount": Money(NGN, 1)},
    ),
)


def page() -> str:
    """The page's text."""
    lines = [
        "# The books",
        "",
        "Made by `python -m dev.ledger_page` from `app/ledger/chart.py` and every `postings.py`; not written by hand.",
        "Money is written in one place: the functions of schema `ledger`, called by `app/ledger/posting.py`. The app's",
        "role may read the tables and cannot change them. A debit is positive, a credit negative; each journal sums to",
        "zero per asset.",
        "",
        "## Accounts",
        "",
        "| code | what it is |",
        "|---|---|",
        *(f"| `{code}` | {purpose} |" for code, purpose in chart.PURPOSES.items()),
        "",
        "## Journals",
    ]
    for story, posting, arguments in EXAMPLES:
        journal = posting(**arguments)
        module = posting.__module__.replace(".", "/")
        lines += [
            "",
            f"### `{journal.kind}`",
            "",
            f"{inspect.getdoc(posting)}",
            "",
            f"Example: {story} (`{module}.py::{posting.__name__}`)",
            "",
            "| account | debit | credit |",
            "|---|---:|---:|",
            *(_leg(leg.account, leg.amount) for leg in journal.legs),
        ]
    lines += [
        "",
        "While a withdrawal waits, nothing is moved: amount and fee are *held* on the customer's account, which lowers",
        "what is available. Settling captures the hold; rejecting, cancelling or failing releases it.",
        "",
    ]
    return "\n".join(lines)


def _leg(account: str, amount: Money) -> str:
    return f"| `{account}` | {amount} | |" if amount.units > 0 else f"| `{account}` | | {-amount} |"


if __name__ == "__main__":
    PAGE.write_text(page())

"""What payments decides without looking anything up: states, bounds, and what a charge is worth to whom."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from app.core.machine import Machine, Wait
from app.core.money import NGN, Money
from app.core.permissions import Role

DEPOSIT_MIN = Money(NGN, 100_00)
DEPOSIT_MAX = Money(NGN, 5_000_000_00)
DEPOSIT_LIVES = timedelta(hours=24)  # an unpaid checkout is given up after this
UNPAID_MAX = 20  # of one customer: each of them is asked about at Paystack until it is given up
NUBAN_DIGITS = 10
RESTRICTED = (
    "restricted: the customer's account takes nothing in at present"  # (finance reads it in the suspense queue)
)
ANOTHERS = "sent by somebody else: the sender's name is not the customer's"
ANOTHER_CODE = "it came to a number of one customer, and Paystack says that it is another's"
SIMILAR = "credited and held: the sender's name is {alike} of 100 like the customer's"

# How long to wait before asking Paystack again, by how long the thing has been open: (open for, wait).
WATCH_PAUSES = (
    (timedelta(minutes=2), timedelta(seconds=20)),
    (timedelta(minutes=30), timedelta(minutes=2)),
    (timedelta(hours=6), timedelta(minutes=15)),
    (timedelta(days=365), timedelta(hours=1)),
)


class DepositState(StrEnum):
    """A deposit from intent to credit; `closed` where what came for it went another way in the end."""

    STARTED = "started"
    AWAITING_PAYMENT = "awaiting_payment"
    CREDITED = "credited"
    FAILED = "failed"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class Method(StrEnum):
    """How a deposit is paid. Dedicated accounts and placing have no intent before them."""

    CHECKOUT = "checkout"  # any way that Paystack's page offers
    CARD = "card"
    SAVED_CARD = "saved_card"
    BANK_TRANSFER = "bank_transfer"  # to an account that is theirs for half an hour
    USSD = "ussd"
    DEDICATED_ACCOUNT = "dedicated_account"
    PLACED = "placed"  # by two people, out of suspense


CHOSEN = (Method.CHECKOUT, Method.CARD, Method.SAVED_CARD, Method.BANK_TRANSFER, Method.USSD)
# What of Paystack's page is offered; empty: everything.
CHANNELS: dict[Method, tuple[str, ...]] = {Method.CHECKOUT: (), Method.CARD: ("card",)}
PAY_WITHIN = timedelta(minutes=30)  # of a one-off account: between 15 minutes and 8 hours, or Paystack clamps it
USSD_BANKS = {
    "737": "GTBank",
    "919": "UBA",
    "822": "Sterling Bank",
    "966": "Zenith Bank",
}  # (those whose codes Paystack's charge knows)

DEPOSIT = Machine(
    "deposit",
    {
        DepositState.STARTED: frozenset(
            {DepositState.AWAITING_PAYMENT, DepositState.CREDITED, DepositState.SUSPENDED, DepositState.FAILED}
        ),
        DepositState.AWAITING_PAYMENT: frozenset({DepositState.CREDITED, DepositState.SUSPENDED, DepositState.FAILED}),
        # Money may come after we gave up: a late success is still the customer's.
        DepositState.FAILED: frozenset({DepositState.CREDITED, DepositState.SUSPENDED}),
        # Placed, by two people; or its money went back, was split, or was somebody else's.
        DepositState.SUSPENDED: frozenset({DepositState.CREDITED, DepositState.CLOSED}),
    },
    waits={
        DepositState.STARTED: Wait(
            DEPOSIT_LIVES + timedelta(hours=2),
            Role.TREASURY,
            "The watch asks Paystack and gives it up after a day: run the job payments.watch_deposit again.",
        ),
        DepositState.AWAITING_PAYMENT: Wait(
            DEPOSIT_LIVES + timedelta(hours=2),
            Role.TREASURY,
            "The watch asks Paystack and gives it up after a day: run the job payments.watch_deposit again.",
        ),
        DepositState.SUSPENDED: Wait(
            timedelta(days=2),
            Role.FINANCE,
            "Its money stands in suspense: finance asks that it be placed, assigned or returned, and treasury agrees.",
        ),
    },
    rests={DepositState.FAILED: "nobody paid, and nothing is owed to anybody"},
)
UNPAID = frozenset({DepositState.STARTED, DepositState.AWAITING_PAYMENT})
# What came for it is in the books, or was looked at by people: news of its charge changes nothing.
SETTLED = frozenset({DepositState.CREDITED, DepositState.SUSPENDED, DepositState.CLOSED})

# What a payer's bank does not take back once it was paid. Cards, and whatever stands for one or for an order to debit,
# it does; so may a way to pay that we do not know.
FINAL_CHANNELS = frozenset({"bank_transfer", "dedicated_nuban", "ussd", "bank"})
ALIKE = 100  # of a sender's name and the customer's, where nobody else can have sent it


def pending_for(
    channel: str,
    *,
    bounds: Mapping[str, int],
    amount: Money,
    earlier: int,
    paying_for: timedelta,
    abroad: bool = False,
    alike: int | None = ALIKE,
) -> timedelta:
    """How long a deposit is held: by its channel, by how many came before it and since when, by who sent it.

    A card's payment can be disputed, a bank's transfer cannot (FINAL_CHANNELS). `bounds` are the thresholds of its
    time. `alike` compares the names of sender and customer, 0 to 100; None where the sender is not known.
    """
    hours = 0
    if channel not in FINAL_CHANNELS:
        young = paying_for < timedelta(days=bounds["deposit_young_days"])
        if earlier < bounds["deposit_new_payer_count"] or (young and amount.units > bounds["deposit_large_amount"]):
            hours = bounds["deposit_card_new_hours"]
        if abroad:
            hours = bounds["deposit_card_abroad_hours"]
    if alike is None or alike < bounds["deposit_alike_percent"]:
        hours = max(hours, bounds["deposit_other_sender_hours"])
    return timedelta(hours=hours)


class PayoutState(StrEnum):
    """A payout from the first call to the bank's word. `paid` is not quite final: banks send money back."""

    SENDING = "sending"
    SENT = "sent"
    AWAITING_OTP = "awaiting_otp"
    AWAITING_FLOAT = "awaiting_float"
    PAID = "paid"
    FAILED = "failed"
    REVERSED = "reversed"


P = PayoutState
PAYOUT = Machine(
    "payout",
    {
        P.SENDING: frozenset({P.SENT, P.AWAITING_OTP, P.AWAITING_FLOAT, P.PAID, P.FAILED}),
        P.SENT: frozenset({P.AWAITING_OTP, P.PAID, P.FAILED}),
        P.AWAITING_OTP: frozenset({P.SENT, P.PAID, P.FAILED}),
        # Paystack took nothing, so it is sent anew or called off; and news of it is still possible.
        P.AWAITING_FLOAT: frozenset({P.SENDING, P.SENT, P.AWAITING_OTP, P.PAID, P.FAILED}),
        P.PAID: frozenset({P.REVERSED}),
        # Never by Paystack's word alone: two people say so, where it says that it was paid.
        P.FAILED: frozenset({P.PAID}),
    },
    waits={
        P.SENDING: Wait(
            timedelta(minutes=15),
            "treasury",
            "Ask Paystack for it on its page. It is asked by its reference again and again, and sent anew only under"
            " the same one, where Paystack does not know it. After a day two people can say there how it ended.",
        ),
        P.SENT: Wait(
            timedelta(hours=24),
            "treasury",
            "Ask Paystack for it on its page, then ask Paystack's support what its bank says of the transfer code."
            " With what they write, finance can ask there that it count as paid or failed, and treasury agrees.",
        ),
        P.AWAITING_OTP: Wait(
            timedelta(minutes=30),
            "treasury",
            "Type the code that Paystack sent. Unused for half an hour it is abandoned, and can be sent anew. Where"
            " Paystack does not say so for a day, two people can say on its page how it ended.",
        ),
        P.AWAITING_FLOAT: Wait(
            timedelta(hours=2),
            "treasury",
            "Top up the balance at Paystack: it is sent as soon as there is enough. Or call it off on its page.",
        ),
    },
    rests={
        P.PAID: "the bank has the money; should it come back all the same, that is news of its own",
        P.FAILED: "nothing left us; should Paystack say otherwise, that stands in suspense",
    },
)
UNSENT = frozenset({P.SENDING, P.AWAITING_FLOAT})  # nobody knows that Paystack has it
UNDERWAY = frozenset({P.SENT, P.AWAITING_OTP})  # Paystack has it
OPEN = UNSENT | UNDERWAY
# What two people may say of one whose end Paystack does not tell, once it was begun so long ago; of one that failed,
# where Paystack told otherwise afterwards.
MARKABLE = frozenset({P.SENDING, P.SENT, P.AWAITING_OTP, P.FAILED})
MARKS = frozenset({P.PAID, P.FAILED})
MARK_AFTER = timedelta(hours=24)
# Whoever was about to send, when it was found that there is too little, is over by then: a job lives less than this.
CALL_OFF_AFTER = timedelta(minutes=5)
RESEND_AFTER = timedelta(seconds=15)
FLOAT_TOLD_FOR = timedelta(hours=1)
NEWS_LASTS = timedelta(minutes=1)  # so long ago at most was asked what is being written down now
FEE_CERTAIN_AFTER = timedelta(hours=1)  # when nothing in Paystack's ledger means that nothing was taken
FEE_LATE_AFTER = timedelta(days=3)  # then somebody asks Paystack where the money is
STATUS_MAX = 40  # of somebody else's word
SESSION_MAX = 60
WORDS_MAX = 300
CALL_OFF_REASON_MAX = 300
CODE_DIGITS = (4, 10)
CODE_BEGINS = "TRF_"  # of a transfer, at Paystack
PROOF = re.compile(r"TRF_[A-Za-z0-9]{8,40}|[A-Za-z0-9]{20,60}")  # that, or the banks' session
EVIDENCE = (20, 500)  # letters
BULK_MAX = 100

# Paystack's words for a transfer (docs: how transfers work) → ours. `reversed` before success is a failure to us.
TRANSFER_STATES = {
    "pending": PayoutState.SENT,
    "otp": PayoutState.AWAITING_OTP,
    "received": PayoutState.SENT,
    "processing": PayoutState.SENT,
    "success": PayoutState.PAID,
    "failed": PayoutState.FAILED,
    "abandoned": PayoutState.FAILED,
    "blocked": PayoutState.FAILED,
    "rejected": PayoutState.FAILED,
    "reversed": PayoutState.REVERSED,
}
# What its end means, for whoever decides whether to send it again.
# The same words as people read them.
VENDOR_WORDS = {
    "pending": "it is under way",
    "received": "it waits for our approval address",
    "processing": "it is under way",
    "otp": "it waits for the code",
    "success": "it is paid",
    "failed": "Paystack could not make the payment",
    "abandoned": "nobody typed the code in time",
    "blocked": "our approval address did not answer",
    "rejected": "our approval address said no",
    "reversed": "the bank could not take it",
}

# Refusals of POST /transfer after which the same request cannot succeed; others (a low balance) may pass later.
FINAL_REFUSALS = frozenset({"invalid_transfer_recipient", "invalid_params", "missing_params"})


class SuspenseState(StrEnum):
    """Something that could not be placed, until somebody has dealt with it."""

    OPEN = "open"
    RESOLVED = "resolved"


class Topic(StrEnum):
    """What an item of suspense is about, to look for."""

    NAME = "name"
    RESTRICTED = "restricted"
    AMOUNT = "amount"
    UNKNOWN = "unknown"
    GIVEN_BACK = "given_back"
    PAYOUT = "payout"
    NEWS = "news"


TOPICS = {
    Topic.NAME: "Sender's name",
    Topic.RESTRICTED: "Account takes nothing in",
    Topic.AMOUNT: "Amount, currency or mode",
    Topic.UNKNOWN: "Nobody announced it",
    Topic.GIVEN_BACK: "Refunds and disputes",
    Topic.PAYOUT: "Payouts",
    Topic.NEWS: "Other news",
}
_TOPIC_OF = {"refund": Topic.GIVEN_BACK, "charge.dispute": Topic.GIVEN_BACK, "transfer": Topic.PAYOUT}


def topic_of(event: str) -> Topic:
    """What news is about, by its name."""
    return next((topic for start, topic in _TOPIC_OF.items() if event.startswith(start)), Topic.NEWS)


SUSPENSE = Machine(
    "suspense item",
    {
        SuspenseState.OPEN: frozenset({SuspenseState.RESOLVED}),
        # Money may come for something that was closed with a note.
        SuspenseState.RESOLVED: frozenset({SuspenseState.OPEN}),
    },
    waits={
        SuspenseState.OPEN: Wait(
            timedelta(hours=24),
            Role.FINANCE,
            "Finance asks to place, assign, split or return its money, or closes what no money stands behind.",
        ),
    },
    rests={SuspenseState.RESOLVED: "it was dealt with"},
)


class Verdict(StrEnum):
    """What a charge means for a deposit."""

    CREDIT = "credit"
    SUSPEND = "suspend"
    WAIT = "wait"
    FAIL = "fail"


@dataclass(frozen=True)
class Judgement:
    """The verdict with its reason in words for the suspense queue."""

    verdict: Verdict
    reason: str = ""


def judge(  # noqa: PLR0911 (one line per case)
    *,
    status: str,
    currency: str,
    domain: str,
    our_domain: str,
    paid: int,
    requested: int | None,
    fees: int,
    asked: int,
) -> Judgement:
    """Compare what Paystack verified with what we asked for; all amounts in kobo.

    The customer is credited when exactly that came: `paid` is what was asked for, with what they bear of the fee in it,
    or that plus the fee where Paystack adds it by itself. Anything else is not ours to guess. A failed try is not the
    end: the payer may try again. Nor is a word that we do not know: a refund under way may fail.
    """
    if status == "reversed":
        return Judgement(Verdict.FAIL, f"Paystack says {status}")
    if status != "success":
        return Judgement(Verdict.WAIT)
    if domain != our_domain:
        return Judgement(Verdict.SUSPEND, f"a {domain} payment at a {our_domain} key")
    if currency != NGN.code:
        return Judgement(Verdict.SUSPEND, f"paid in {currency}, not NGN")
    told = paid if requested is None else requested
    if told != asked:
        return Judgement(Verdict.SUSPEND, f"asked {_naira(asked)}, Paystack was asked {_naira(told)}")
    if paid not in {asked, asked + fees}:
        return Judgement(Verdict.SUSPEND, f"asked {_naira(asked)}, paid {_naira(paid)} with fees of {_naira(fees)}")
    return Judgement(Verdict.CREDIT)


def _naira(kobo: int) -> str:
    return str(Money(NGN, kobo))


def legible(text: str, *, most: int) -> str:
    """Somebody else's words as the database and a person can take them: no controls, no half characters, so many."""
    whole = text.encode(errors="replace").decode()
    return "".join(letter if letter.isprintable() else " " for letter in whole[:most]).strip()


def code_fits(code: str) -> bool:
    """Whether this could be a code that Paystack sent."""
    return CODE_DIGITS[0] <= len(code) <= CODE_DIGITS[1] and code.isascii() and code.isdigit()


def watch_pause(open_for: timedelta) -> timedelta:
    """How long until Paystack is asked again about something open for so long."""
    return next((pause for limit, pause in WATCH_PAUSES if open_for < limit), WATCH_PAUSES[-1][1])


def deposit_fits(amount: Money) -> bool:
    """Whether a deposit of this size is taken."""
    return DEPOSIT_MIN <= amount <= DEPOSIT_MAX


def account_number_fits(number: str) -> bool:
    """Whether this could be a Nigerian account number (NUBAN): ten ASCII digits."""
    return len(number) == NUBAN_DIGITS and number.isascii() and number.isdigit()

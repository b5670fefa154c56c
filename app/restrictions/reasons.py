"""Why an account is restricted: each reason with one text for the customer, one for support, one for compliance.

The customer's words tip nobody off: they say what is so and whom to ask, never what somebody suspects. Who must not be
told at all (`told` is False) reads them only when something they try is refused.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """One reason. `told`: whether the customer gets a mail and a banner."""

    code: str
    title: str
    customer_text: str
    support_text: str
    compliance_text: str
    told: bool = True


LISTED = "listed"
_LOOKING = "We are looking at some details of your account, as we have to from time to time. You need not do anything."
_ASK_COMPLIANCE = "Compliance looks at this account. Say that it is being looked at and how long it may take; no more."

REASONS: dict[str, Reason] = {
    reason.code: reason
    for reason in (
        Reason(
            "identity_check",
            "Identity to be checked",
            "We have to check who you are once more. Our support tells you what we need from you.",
            "Who they are must be checked again. Ask for the document that compliance names in the ticket.",
            "Identity data contradicts itself or a provider no longer confirms it: verify before it is lifted.",
        ),
        Reason(
            "documents_expired",
            "Documents out of date",
            "A document that you gave us is out of date. Once we have a new one, you can use everything again.",
            "A document on file is out of date. Ask for a new one.",
            "A document of record has expired and the grace period is over.",
        ),
        Reason(
            "unusual_activity",
            "Unusual activity",
            _LOOKING,
            _ASK_COMPLIANCE,
            "Activity does not fit the profile. A report may follow or be filed: nobody outside compliance is told.",
        ),
        Reason(
            "court_order",
            "Order of a court or authority",
            _LOOKING,
            _ASK_COMPLIANCE,
            "A court or an authority ordered it. Name order, authority and date in the note. Do not tell the customer.",
            told=False,
        ),
        Reason(
            "third_party_claim",
            "Claim of a third party",
            _LOOKING,
            _ASK_COMPLIANCE,
            "A bank or a person claims money in this account. Keep it where it is until that is settled.",
            told=False,
        ),
        Reason(
            "customer_wish",
            "Wish of the customer",
            "You asked us for this. Tell our support when it should end.",
            "The customer asked for this themself. To end it, find out that it is them, then tell compliance.",
            "Placed at the customer's own wish. Lift it when they ask and are known.",
        ),
        Reason(
            "tier_overrun",
            "More than the tier allows",
            "Your account has reached what its level allows. With a higher level you can use everything again.",
            "The account has reached what its tier allows. Help with the next tier.",
            "Balance or turnover is above the tier's limits: verify for the next tier, or have the money go back.",
        ),
        Reason(
            "deceased_owner",
            "Owner reported dead",
            "This account is being looked after by our staff. Please write to our support.",
            "We were told that the owner has died. Be kind, take contact details, promise nothing; tell compliance.",
            "Reported dead. Wait for letters of administration or probate; pay out to the estate only.",
            told=False,
        ),
        Reason(
            LISTED,
            "May be on a list",
            _LOOKING,
            _ASK_COMPLIANCE,
            "A list names somebody with this name and birth date or number, or two people agreed that it is them."
            " Decide on the hit first. Do not tell the customer.",
            told=False,
        ),
    )
}

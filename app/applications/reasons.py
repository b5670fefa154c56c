"""Why something has to be sent again, and why an application is refused: a code with three texts.

The customer's text says what to do or that it ended, never what we suspect; support's says what support may tell;
compliance's says what was found.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """A reason code. `customer` is what the customer reads, `support` and `compliance` are for those rooms."""

    code: str
    title: str
    customer: str
    support: str
    compliance: str


def _by_code(*reasons: Reason) -> dict[str, Reason]:
    return {reason.code: reason for reason in reasons}


_LOOK_AGAIN = "We asked for a better picture; the verification page names it."

AGAIN: dict[str, Reason] = _by_code(
    Reason(
        "blurry",
        "Blurred or too dark",
        "We cannot read this picture. Take it again in daylight, without flash, with every letter sharp.",
        _LOOK_AGAIN,
        "Text or face cannot be read at full size.",
    ),
    Reason(
        "cut_off",
        "Edges cut off or covered",
        "Part of the document is missing. Show all four corners, with nothing on top of them.",
        _LOOK_AGAIN,
        "Not the whole document is in the picture.",
    ),
    Reason(
        "wrong_document",
        "Not the document that was asked for",
        "This is not the document that we need here. Check the list above and send one of those.",
        "A different document is needed; the verification page lists which.",
        "The file belongs to another category.",
    ),
    Reason(
        "expired",
        "Expired",
        "This document has expired. Send one that is valid today.",
        "The document has expired; a valid one is needed.",
        "Its date of expiry is past.",
    ),
    Reason(
        "name_differs",
        "Another name than in the profile",
        "The name here is not the one in your profile. Send a document in your own name, or correct your profile.",
        "The name on the document and the profile differ.",
        "The name does not match the one given; see the comparison.",
    ),
    Reason(
        "number_differs",
        "Another number than the one given",
        "The number does not belong to the name and date of birth that you gave. Check all three and enter them again.",
        "The number and the details given do not belong together.",
        "The registry's record and what was given differ.",
    ),
    Reason(
        "page_missing",
        "A page or side is missing",
        "One side or page is missing. Send all of them.",
        "A page or side of the document is missing.",
        "The document is incomplete.",
    ),
    Reason(
        "too_old",
        "Older than three months",
        "This is older than three months. Send one from the last three months that shows your address.",
        "The proof of address has to be newer than three months.",
        "The date of issue is outside the period.",
    ),
    Reason(
        "address_differs",
        "Another address than in the profile",
        "The address here is not the one in your profile. Send a proof for that address, or correct your profile.",
        "The address on the proof and in the profile differ.",
        "The address on the document does not match the one given.",
    ),
    Reason(
        "no_face",
        "No clear face",
        "We need to see your face alone, from the front, without glasses or a cap.",
        "The selfie needs to be taken again.",
        "No face, several faces, or a covered one.",
    ),
    Reason(
        "other_face",
        "Not the person on the document",
        "We could not tell that this is you. Take the picture again in good light.",
        "The selfie needs to be taken again.",
        "The face does not look like the one on the document.",
    ),
    Reason(
        "copy",
        "A picture of a screen or a copy",
        "Take a picture of the document itself, not of a screen or a photocopy.",
        "A picture of the original document is needed.",
        "A copy of a copy: screen pattern, printed paper or a crop.",
    ),
    Reason(
        "funds_unclear",
        "Source of funds not shown",
        "This does not show where the money comes from. Send payslips, a contract, or statements that do.",
        "More is needed on where the money comes from.",
        "The evidence does not support the declared source or size of funds.",
    ),
    Reason(
        "phone_changed",
        "Another phone number",
        "Your phone number is another. Show us that it is still you.",
        "The phone number became another: they confirm it, and who they are.",
        "The phone number was changed while this was under way.",
    ),
    Reason(
        "partial",
        "Not everything was answered",
        "Something is missing here. Please complete it.",
        "An answer is missing.",
        "Answers are incomplete or too general.",
    ),
)

# What the customer and support read of each of these is the same: nobody is told of a list, or of a forgery.
_NOT_VERIFIED = (
    "We could not verify your details, so we cannot offer you this tier.",
    "We could not verify the details given.",
)
REFUSALS: dict[str, Reason] = _by_code(
    Reason(
        "cannot_verify",
        "Identity cannot be established",
        *_NOT_VERIFIED,
        "Repeated attempts did not establish who this is.",
    ),
    Reason(
        "forged",
        "Altered or forged document",
        *_NOT_VERIFIED,
        "A document was altered or forged.",
    ),
    Reason(
        "impostor",
        "Somebody else's identity",
        *_NOT_VERIFIED,
        "The applicant is not the person whose identity was given.",
    ),
    Reason(
        "listed",
        "On a list",
        *_NOT_VERIFIED,
        "A confirmed match with a sanctions list.",
    ),
    Reason(
        "under_age",
        "Under eighteen",
        "You need to be eighteen to have an account with us.",
        "The applicant is under eighteen.",
        "The date of birth on record is under eighteen years ago.",
    ),
    Reason(
        "country",
        "A country that we do not serve",
        "We do not offer our service in your country yet.",
        "We do not serve the applicant's country.",
        "Residence or nationality is outside of those we serve.",
    ),
    Reason(
        "risk",
        "Outside of our appetite for risk",
        "We cannot offer you this tier.",
        "We cannot offer this tier.",
        "Enhanced due diligence ended against the applicant.",
    ),
)

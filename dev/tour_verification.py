"""The sights of the verification: each step once, empty, with faults, and as others see it who are further."""

from dev.tour import CUSTOMER, FAULTY, NEWCOMER, Sight, click, send

_FAULTY = {"number": "123"}
_STEPS = (
    "contact",
    "profile",
    "bvn",
    "selfie",
    "nin",
    "bank",
    "document",
    "address",
    "funds",
    "company",
    "people",
)

VERIFICATION = (
    Sight("verification", "/verification", CUSTOMER),
    Sight("verification-tier", "/verification", CUSTOMER, (click("details.rung summary", shows=".rung-body"),)),
    Sight("verification-under-way", "/verification", NEWCOMER),
    *(Sight(f"verification-{step}", f"/verification/{step}", NEWCOMER) for step in _STEPS),
    Sight("verification-number-faulty", "/verification/bvn", NEWCOMER, (send("Check this number", **_FAULTY),), FAULTY),
    Sight("verification-contact-faulty", "/verification/contact", NEWCOMER, (send("Save and continue"),), FAULTY),
    Sight(
        "verification-person-more",
        "/verification/people",
        NEWCOMER,
        (click("button[name=add]", shows="[name=name_1]"),),
    ),
    Sight("verification-check", "/verification/check", NEWCOMER),
    Sight("verification-change", "/verification/change", CUSTOMER),
    Sight("verification-change-none", "/verification/change", NEWCOMER),
)

"""Every page on which customers pay one another and ask each other for money, and how to come there."""

from dev.tour import CUSTOMER, MISSING, NEWCOMER, Sight, follow, send

TRANSFERS = (
    Sight("wallets", "/wallets", CUSTOMER),
    Sight("transfers", "/transfers", CUSTOMER),
    Sight("transfers-none", "/transfers", NEWCOMER),
    Sight("transfer-new", "/transfers/new", CUSTOMER),
    Sight(
        "transfer-faulty",
        "/transfers/new",
        CUSTOMER,
        (send("Continue", to="nobody@demo.example", amount="5"),),
        MISSING,
    ),
    Sight("transfer-review", "/transfers/new", CUSTOMER, (send("Continue", to="@best_friend", amount="500"),)),
    Sight("transfer-done", "/transfers", CUSTOMER, (follow("#latest a.line"),)),
    Sight("transfer-handle", "/transfers/handle", CUSTOMER),
    Sight("transfer-ask", "/transfers/ask", CUSTOMER),
    Sight("transfer-split", "/transfers/split", CUSTOMER),
    Sight("transfer-requests", "/transfers/requests", CUSTOMER),
    Sight("transfer-request", "/transfers/requests", CUSTOMER, (follow("#to-pay a.line"),)),
    Sight("transfer-asked", "/transfers/requests", CUSTOMER, (follow("#asked a.line"),)),
)

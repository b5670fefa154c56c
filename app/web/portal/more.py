"""Everything else that the portal has, by what one wants to do: the navigation's last place."""

from dataclasses import dataclass

from flask import url_for
from flask.wrappers import Response

from app.web.fragments import page
from app.web.guards import customer
from app.web.portal.base import bp


@dataclass(frozen=True)
class Way:
    """A page, and what it is for in a few words."""

    name: str
    text: str
    endpoint: str
    icon: str

    @property
    def url(self) -> str:
        """Where it is."""
        return url_for(self.endpoint)


_WAYS = (
    (
        "Your money",
        (
            Way("Add money", "By card, bank transfer or USSD", "portal.deposit", "plus"),
            Way("Withdraw", "To a bank account of yours", "portal.withdraw", "arrow-up-right"),
            Way("Send and ask", "To other customers, and from them", "portal.transfers", "send"),
            Way("Wallets", "Open and close them", "portal.wallet_list", "wallet"),
            Way("Portfolio", "What it cost, and what it is worth", "portal.portfolio", "chart-pie"),
            Way("Recurring buys", "Every week or month, by itself", "portal.recurring_list", "repeat"),
            Way("Price alerts", "We tell you when a price comes", "portal.alerts_list", "bell"),
            Way("Bank accounts", "Where your money may go", "portal.beneficiaries", "building-bank"),
            Way("Cards", "Those that you kept", "portal.card_list", "credit-card"),
        ),
    ),
    (
        "Your account",
        (
            Way("Verification", "Who you are, and your limits with it", "portal.verification", "shield-check"),
            Way("Limits", "What is used, and what is left", "portal.limits", "gauge"),
            Way("Security", "Password, phone, devices, freezing", "portal.security", "shield-lock"),
            Way("Second factors", "Apps and passkeys", "portal.factor_list", "device-mobile"),
            Way("API keys", "For programs of yours", "portal.keys", "key"),
        ),
    ),
)


@bp.get("/more")
@customer
def more() -> Response:
    """The list of them."""
    return page("portal/more.html", groups=_WAYS)

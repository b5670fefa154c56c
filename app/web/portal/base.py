"""The portal's blueprint: what every page of a customer has around it."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, g, request, url_for
from flask_login import current_user

from app.customers import queries as customers
from app.restrictions import queries as restrictions

bp = Blueprint("portal", __name__, template_folder="templates")


@dataclass(frozen=True)
class Item:
    """One place in the portal's navigation."""

    name: str
    url: str
    icon: str
    current: bool


_DEPOSIT = (
    "portal.deposit",
    "portal.review_deposit",
    "portal.deposit_page",
    "portal.account_number",
    "portal.card_list",
)
_WITHDRAW = (
    "portal.withdraw",
    "portal.review_withdrawal",
    "portal.request_withdrawal",
    "portal.withdrawal",
    "portal.bank_account",
    "portal.beneficiaries",
)
_VERIFICATION = (
    "portal.verification",
    "portal.verification_step",
    "portal.check_verification",
    "portal.change_details",
)
_PLACES = (
    ("Home", "portal.home", "home", ("portal.home",)),
    ("Add money", "portal.deposit", "plus", _DEPOSIT),
    ("Withdraw", "portal.withdraw", "arrow-up-right", _WITHDRAW),
    ("Activity", "portal.activity", "list-details", ("portal.activity", "portal.receipt")),
    (
        "Security",
        "portal.security",
        "shield-lock",
        (
            "portal.security",
            "portal.change_password",
            "portal.phone",
            "portal.change_phone",
            "portal.freeze",
            "portal.close",
        ),
    ),
    ("Verification", "portal.verification", "shield-check", _VERIFICATION),
)


_MENU = (
    ("Verification", "portal.verification", "shield-check"),
    ("Security", "portal.security", "shield-lock"),
    ("Second factors", "portal.factor_list", "device-mobile"),
    ("API keys", "portal.keys", "key"),
    ("Wallets", "portal.wallet_list", "wallet"),
    ("Limits", "portal.limits", "gauge"),
)


@bp.context_processor
def around() -> dict[str, Any]:
    """Navigation, who is signed in, what their account may not do at present; nothing while nobody is."""
    if g.get("plain") or not current_user.is_authenticated:
        return {}
    nav = [Item(name, url_for(place), icon, request.endpoint in here) for name, place, icon, here in _PLACES]
    menu = [Item(name, url_for(place), icon, request.endpoint == place) for name, place, icon in _MENU]
    frozen = customers.is_locked(customer_id=current_user.id)
    return {
        "nav": nav,
        "customer": current_user,
        "frozen": frozen,
        "restrictions": restrictions.active(owner=current_user.id),
        "account_items": menu,
    }


def back_to_step(step: str) -> str:
    """The step of the verification that led here; nothing for who came by another way."""
    return url_for("portal.verification_step", step=step) if request.args.get("to") == "verification" else ""

"""The portal's blueprint: what every page of a customer has around it, and how a button of a list answers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, g, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from app.core.actor import Actor
from app.core.db import atomically
from app.core.errors import NotFound, Refusal
from app.customers import queries as customers
from app.restrictions import queries as restrictions
from app.web import errors, guards

bp = Blueprint("portal", __name__, template_folder="templates")


@dataclass(frozen=True)
class Item:
    """One place in the portal's navigation."""

    name: str
    url: str
    icon: str
    current: bool


_PLACES = (
    ("Home", "portal.home", "home", ("portal.home",)),
    ("Prices", "portal.price_list", "trending-up", ("portal.price_list", "portal.asset")),
    (
        "Trade",
        "portal.trade",
        "arrows-exchange",
        ("portal.trade", "portal.make_quote", "portal.quote", "portal.requote", "portal.accept_quote", "portal.order"),
    ),
    ("Activity", "portal.activity", "list-details", ("portal.activity", "portal.receipt")),
)
# Everything that is signed in and stands under none of the places before.
_MORE = ("More", "portal.more", "dots")


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
    """Navigation, who is signed in, what their account may not do at present; nothing while nobody is.

    A part of a page has nothing around it: for it nothing more is looked up.
    """
    if g.get("plain") or not current_user.is_authenticated:
        return {}
    if g.get("part"):
        return {"customer": current_user}
    nav = [Item(name, url_for(place), icon, request.endpoint in here) for name, place, icon, here in _PLACES]
    name, place, icon = _MORE
    nav.append(Item(name, url_for(place), icon, not any(item.current for item in nav)))
    menu = [Item(name, url_for(place), icon, request.endpoint == place) for name, place, icon in _MENU]
    frozen = customers.is_locked(customer_id=current_user.id)
    return {
        "nav": nav,
        "customer": current_user,
        "frozen": frozen,
        "restrictions": restrictions.active(owner=current_user.id),
        "account_items": menu,
    }


def done(deed: Callable[[Actor], object], said: str, *, place: str) -> Response:
    """Do it, and say so on the page of the portal that is named, or why not. Raises NotFound for what is not theirs."""
    actor = guards.actor()
    try:
        atomically(lambda: deed(actor), actor=actor)
        flash(said, "ok")
    except NotFound:
        raise  # (it is not there)
    except Refusal as refused:
        errors.say(refused)
    return redirect(url_for(f"portal.{place}"), 303)


def back_to_step(step: str) -> str:
    """The step of the verification that led here; nothing for who came by another way."""
    return url_for("portal.verification_step", step=step) if request.args.get("to") == "verification" else ""

"""A new asset, and another look or other terms of one, are requests: finance asks, treasury agrees.

What is agreed to is written by a function of the ledger that reads it out of the request itself.
"""

from app.assets import errors, rules
from app.assets.rules import Facts
from app.core.actor import Actor
from app.core.money import NGN, Asset, Money
from app.core.permissions import Permission
from app.governance import queries as governance_queries
from app.governance import service as governance
from app.governance.kinds import Agreed, Kind, Line, Payload
from app.governance.models import Request
from app.governance.payloads import beside
from app.ledger import assets
from app.ledger.assets import Terms
from app.ledger.errors import NoSuchAsset

WORDS = {
    "name": "Name",
    "network": "Network",
    "symbol": "Before an amount",
    "mark": "Mark",
    "digits": "Digits shown",
    "colour": "Colour",
    "position": "Place in lists",
}


def request_new(facts: Facts, *, reason: str, maker: str, actor: Actor) -> Request:
    """Ask for another asset. Raises BadAsset, AssetThere, AssetAskedAlready, and as governance does."""
    payload = {"asset": facts.written(), "was": None}
    return _submit(ADD, payload, reason=reason, maker=maker, actor=actor)


def request_change(facts: Facts, *, reason: str, maker: str, actor: Actor) -> Request:
    """Ask that an asset look otherwise, or for other terms; its decimals stay.

    Raises NoSuchAsset, BadAsset, AssetAskedAlready, and as governance does.
    """
    present = assets.terms(facts.code)
    payload = {"asset": facts.written(), "was": facts_of(present).written(), "version": present.version}
    return _submit(CHANGE, payload, reason=reason, maker=maker, actor=actor)


def facts_of(terms: Terms) -> Facts:
    """What holds for an asset now."""
    asset = terms.asset
    return Facts(
        code=asset.code,
        decimals=asset.decimals,
        name=asset.name,
        network=asset.network,
        symbol=asset.symbol,
        mark=asset.mark,
        digits=asset.digits,
        colour=asset.colour,
        trade_min=terms.trade_min.units,
        send_min=terms.send_min.units,
        position=terms.position,
        open=terms.open,
    )


def target_of(code: str) -> str:
    """What requests about an asset are filed under."""
    return f"asset:{code}"


def _submit(kind: Kind, payload: Payload, *, reason: str, maker: str, actor: Actor) -> Request:
    target = target_of(payload["asset"]["code"])
    if governance_queries.about_for_operators(target):
        raise errors.AssetAskedAlready
    return governance.submit(kind.name, payload, target=target, reason=reason, maker=maker, actor=actor)


def _check_new(payload: Payload) -> None:
    facts = _checked(payload)
    try:
        assets.terms(facts.code)
    except NoSuchAsset:
        return
    raise errors.AssetThere


def _check_change(payload: Payload) -> None:
    facts, present = _checked(payload), assets.terms(payload["asset"]["code"])
    if present.version != payload["version"]:
        raise errors.BadAsset("Somebody changed this asset meanwhile. Look at it again.")
    if facts.decimals != present.asset.decimals:
        raise errors.BadAsset("What an asset is counted in never changes.")
    if facts == facts_of(present):
        raise errors.BadAsset("This is how it is.")
    kept = (facts.name, facts.network, facts.symbol, facts.mark, facts.digits, facts.colour)
    if facts.code == NGN.code and kept != (NGN.name, NGN.network, NGN.symbol, NGN.mark, NGN.digits, NGN.colour):
        raise errors.BadAsset("Naira looks as it does: only its least amounts and its place change.")


def _checked(payload: Payload) -> Facts:
    facts = rules.facts_of(payload["asset"])
    fault = rules.fault_of(facts)
    if fault:
        raise errors.BadAsset(fault)
    return facts


def _add(agreed: Agreed) -> str:
    _check_new(agreed.payload)
    facts = rules.facts_of(agreed.payload["asset"])
    assets.set_by(agreed.request_id)
    assets.open_house_accounts(Asset(facts.code, facts.decimals))
    return f"{facts.code} is there"


def _change(agreed: Agreed) -> str:
    _check_change(agreed.payload)
    assets.set_by(agreed.request_id)
    return f"{agreed.payload['asset']['code']} is changed"


def _describe(payload: Payload) -> list[Line]:
    asset, was = payload["asset"], _in_words(payload["was"]) if payload["was"] else {}
    kept = [Line("Code", asset["code"]), Line("Decimals, for good", str(asset["decimals"]))]
    return [*kept, *beside(_in_words(asset), was)]


def _in_words(written: Payload) -> dict[str, str]:
    facts = rules.facts_of(written)
    coin = Asset(facts.code, facts.decimals, facts.symbol)
    return {label: str(getattr(facts, name)) or "none" for name, label in WORDS.items()} | {
        "Least that is traded": str(Money(coin, facts.trade_min)),
        "Least that is sent": str(Money(coin, facts.send_min)),
        "Trading": "open" if facts.open else "closed",
    }


ADD = Kind(
    name="assets.add",
    title="A new asset",
    make=Permission.ASSETS_REQUEST,
    dry_run=_check_new,
    execute=_add,
    describe=_describe,
    summary=lambda payload: f"Add {payload['asset']['name']} ({payload['asset']['code']})",
)
CHANGE = Kind(
    name="assets.change",
    title="Another look or other terms of an asset",
    make=Permission.ASSETS_REQUEST,
    dry_run=_check_change,
    execute=_change,
    describe=_describe,
    summary=lambda payload: f"Change {payload['asset']['code']}",
)

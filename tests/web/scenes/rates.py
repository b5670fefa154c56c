"""A call of each door through which operators stop a pair, set a price and ask for spreads."""

from datetime import timedelta

from werkzeug.test import TestResponse

from app.core import clock
from app.core.db import leave
from app.core.permissions import Role
from app.pricing import queries
from tests.makers import books, browse, rated
from tests.web.scenes.stage import Call, Scene


def gone_on(pair: str) -> None:
    """Nothing stands in the way of a pair."""
    standing = [halt.id for halt in queries.halts_standing() if halt.pair == pair]
    leave()
    for halt_id in standing:
        rated.agree(rated.ask_go_on(halt_id))


def halt_pair(scene: Scene) -> TestResponse:
    gone_on("BNB/NGN")
    place = "/console/rates/pairs/BNB-NGN"
    return browse.send(scene.staff(Role.TREASURY), f"{place}/halt", form_at=place, reason="Something is wrong.")


def request_pair_on(scene: Scene) -> TestResponse:
    gone_on("ETH/NGN")
    halt, place = rated.off("ETH/NGN"), "/console/rates/pairs/ETH-NGN"
    return browse.send(
        scene.staff(Role.TREASURY),
        f"/console/rates/halts/{halt.id}/on",
        form_at=place,
        reason="It is over.",
        key=books.fresh(),
    )


def request_price(scene: Scene) -> TestResponse:
    place = "/console/rates/pairs/BNB-USDT"
    said = {"price": "901.25", "minutes": "60", "reason": "The feeds are down.", "key": books.fresh()}
    return browse.send(scene.staff(Role.TREASURY), f"{place}/price", form_at=place, **said)


def end_price(scene: Scene) -> TestResponse:
    override, place = rated.override("BNB/USDT", "902"), "/console/rates/pairs/BNB-USDT"
    return browse.send(scene.staff(Role.TREASURY), f"/console/rates/prices/{override.id}/end", form_at=place)


def request_feed(scene: Scene) -> TestResponse:
    place = "/console/rates/feeds/luno"
    said = {"active": "yes", "weight": "2", "age_max_seconds": "55", "reason": "It is quick.", "key": books.fresh()}
    return browse.send(scene.staff(Role.TREASURY), place, **said)


def request_spreads(scene: Scene) -> TestResponse:
    begin = (clock.now() + timedelta(days=9)).date().isoformat()
    said = {"ticker": "BNB", "side": "buy", "tier": "*", "share-0": "1.20", "starts_on": begin, "reason": "x"}
    said["key"] = books.fresh()
    return browse.send(scene.staff(Role.FINANCE), "/console/rates/spreads", **said)


CALLS: dict[str, Call] = {
    "console.halt_pair": halt_pair,
    "console.request_pair_on": request_pair_on,
    "console.request_price": request_price,
    "console.end_price": end_price,
    "console.request_feed": request_feed,
    "console.request_spreads": request_spreads,
}

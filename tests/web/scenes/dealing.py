"""A call of each door through which operators deal for the house, or ask others to."""

import secrets

from werkzeug.test import TestResponse

from app.core.db import leave, rows
from app.core.money import Money
from app.core.permissions import Role
from tests.makers import books, browse, positions
from tests.makers.coins import ETH
from tests.web.scenes.stage import Call, Scene

EXPOSURE, DEALS = "/console/exposure", "/console/exposure/deals"


def request_hedge_policy(scene: Scene) -> TestResponse:
    fields = {
        "asset": "BTC", "pair": "BTC/USDT", "target": "0", "threshold": "0.002", "soft": "0.1", "hard": "0.5",
        "slippage": "0.5", "apart": "3", "starts_on": "2031-05-01", "reason": "Fewer orders.",
    }  # fmt: skip
    return browse.send(
        scene.staff(Role.FINANCE), f"{EXPOSURE}/policies", form_at=f"{EXPOSURE}?asset=BTC", key=books.fresh(), **fields
    )


def hedge_now(scene: Scene) -> TestResponse:
    positions.brought(Money(ETH, 3 * 10**17))
    return browse.send(scene.staff(Role.TREASURY), f"{EXPOSURE}/ETH/hedge", form_at=EXPOSURE)


def request_deal(scene: Scene) -> TestResponse:
    positions.deal(9_000 + secrets.randbelow(900))  # (which leaves something on our bank account)
    fields = {"paid": "1,000", "asset": "USDT.TRC20", "got": f"0.{secrets.randbelow(899_999) + 100_000}"}
    return browse.send(
        scene.staff(Role.FINANCE), DEALS, counterparty="Chidi Exchange Ltd", reason="x", key=books.fresh(), **fields
    )


def abandon_deal(scene: Scene) -> TestResponse:
    deal_id = positions.deal(8_000 + secrets.randbelow(900))
    where = f"{DEALS}/{deal_id}/abandon"
    return browse.send(scene.staff(Role.TREASURY), where, form_at=DEALS, note="They did not answer.")


def read_venue(scene: Scene) -> TestResponse:
    positions.brought(Money(ETH, 10**17))
    (before,) = rows("SELECT count(*) AS n FROM venue_readings")
    leave()
    answer = browse.send(scene.staff(Role.TREASURY), "/console/treasury/venues")
    (after,) = rows("SELECT count(*) AS n FROM venue_readings")
    leave()
    assert after.n > before.n
    return answer


CALLS: dict[str, Call] = {
    "console.request_hedge_policy": request_hedge_policy,
    "console.hedge_now": hedge_now,
    "console.request_deal": request_deal,
    "console.abandon_deal": abandon_deal,
}

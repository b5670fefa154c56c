"""A call of each door of the portal through which a customer trades, or has something done by itself later."""

from decimal import Decimal

from werkzeug.test import TestResponse

from app.core.db import leave, rows, transaction
from app.trading import alerts, recurring
from app.trading.rhythms import Every, Rhythm
from app.trading.watching import Beyond
from tests.makers import browse, priced, trading
from tests.makers.coins import BTC
from tests.makers.people import Customer, naira
from tests.web.scenes.stage import Call, Scene


def dealer() -> Customer:
    """Somebody with money, at prices of now."""
    priced.at()
    return trading.dealer()


def make_quote(scene: Scene) -> TestResponse:
    """An offer is kept by itself, not recorded: it changes nothing."""
    who = dealer()
    answer = browse.send(scene.at_home(who), "/trade", give="NGN", get="BTC", give_amount="50000")
    assert len(rows("SELECT FROM quotes WHERE customer_id = :id", id=who.id)) == 1
    leave()
    return answer


def requote(scene: Scene) -> TestResponse:
    """So is the one that comes in its place."""
    who = dealer()
    quote = trading.quoted(who)
    answer = browse.send(scene.at_home(who), f"/trade/quotes/{quote.id}/again", form_at="/trade")
    assert len(rows("SELECT FROM quotes WHERE replaces = :id", id=quote.id)) == 1
    leave()
    return answer


def accept_quote(scene: Scene) -> TestResponse:
    who = dealer()
    quote, client = trading.quoted(who), scene.at_home(who)
    page = client.get(f"/trade/quotes/{quote.id}")
    deed = {"csrf_token": browse.token_of(page), "key": browse.key_of(page)}
    return client.post(f"/trade/quotes/{quote.id}/accept", data=deed)


def set_recurring(scene: Scene) -> TestResponse:
    return browse.send(scene.at_home(dealer()), "/recurring", amount="5000", get="BTC", when="week-0", hour="9")


def pause_recurring(scene: Scene) -> TestResponse:
    return _with_recurring(scene, "pause", paused=False)


def resume_recurring(scene: Scene) -> TestResponse:
    return _with_recurring(scene, "resume", paused=True)


def end_recurring(scene: Scene) -> TestResponse:
    return _with_recurring(scene, "end", paused=False)


def set_alert(scene: Scene) -> TestResponse:
    return browse.send(scene.at_home(dealer()), "/alerts", base="BTC", beyond="below", price="9")


def end_alert(scene: Scene) -> TestResponse:
    who = dealer()
    return browse.send(scene.at_home(who), f"/alerts/{_alert(who)}/end", form_at="/alerts")


def set_alert_again(scene: Scene) -> TestResponse:
    who = dealer()
    alert_id = _alert(who, price="50000000")
    priced.at(BTC_USDT="30000")
    with transaction(trading.TEST):
        assert alerts.fire("BTC", "NGN", actor=trading.TEST) >= 1
    priced.at()
    return browse.send(scene.at_home(who), f"/alerts/{alert_id}/again", form_at="/alerts")


def _with_recurring(scene: Scene, deed: str, *, paused: bool) -> TestResponse:
    who = dealer()
    with transaction(who.actor):
        rhythm = Rhythm(Every.MONTH, 31)
        made = recurring.set_up(who.id, give=naira(5_000), get=BTC, rhythm=rhythm, actor=who.actor).id
        if paused:
            recurring.pause(made, customer_id=who.id, actor=who.actor)
    leave()
    return browse.send(scene.at_home(who), f"/recurring/{made}/{deed}", form_at="/recurring")


def _alert(who: Customer, *, price: str = "9") -> str:
    with transaction(who.actor):
        made = alerts.set_up(
            who.id, base="BTC", quote="NGN", beyond=Beyond.BELOW, price=Decimal(price), actor=who.actor
        ).id
    leave()
    return made


CALLS: dict[str, Call] = {
    "portal.accept_quote": accept_quote,
    "portal.set_recurring": set_recurring,
    "portal.pause_recurring": pause_recurring,
    "portal.resume_recurring": resume_recurring,
    "portal.end_recurring": end_recurring,
    "portal.set_alert": set_alert,
    "portal.set_alert_again": set_alert_again,
    "portal.end_alert": end_alert,
}

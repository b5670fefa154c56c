"""Pictures while this is built (not kept)."""

from datetime import timedelta
from decimal import Decimal
import math, os
import pytest
from sqlalchemy import create_engine, text
from app.core import clock
from app.core.db import leave, transaction, db
from app.core.money import NGN, Money, ASSETS
from app.identity.rules import Audience
from app.ledger import prices as booked
from app.market.models import Candle
from dev.chromium import NARROW, WIDE
from tests.journeys.conftest import FIRST_REDIS, house
from tests.makers import people, priced, sessions, trading
from tests.makers.coins import BTC, ETH, USDT, TRX
from tests.makers.people import naira

pytestmark = [pytest.mark.timeout(600), pytest.mark.browser]
NOW = {
    "BTC": Decimal(96_000_000),
    "ETH": Decimal(4_800_000),
    "USDT": Decimal(1600),
    "TRX": Decimal(192),
    "TON": Decimal("5120"),
    "BNB": Decimal(992000),
}


def history(now):
    with transaction(trading.TEST):
        for ticker, price in NOW.items():
            for span, step, count in (
                ("5m", timedelta(minutes=5), 300),
                ("1h", timedelta(hours=1), 200),
                ("1d", timedelta(days=1), 400),
            ):
                for n in range(count, 0, -1):
                    wave = lambda k: (
                        price * (1 + Decimal(math.sin((k + len(ticker)) / 9)) * Decimal("0.02") - Decimal(k) / 9000)
                    )
                    o, c = wave(n), wave(n - 1)
                    begin = now.replace(second=0, microsecond=0) - n * step
                    if span == "5m":
                        begin = begin.replace(minute=begin.minute // 5 * 5)
                    db.session.merge(
                        Candle(
                            pair=f"{ticker}/NGN",
                            span=span,
                            starts_at=begin,
                            open=o,
                            close=c,
                            high=max(o, c) * Decimal("1.004"),
                            low=min(o, c) * Decimal("0.996"),
                            prices=5,
                        )
                    )
            for day in range(40, -1, -1):
                for asset in ASSETS.values():
                    if asset.ticker == ticker:
                        booked.record(
                            asset.code,
                            naira=price * (1 - Decimal(day) / 200 + Decimal(math.sin(day)) / 50),
                            at=now - timedelta(days=day, seconds=5),
                            source="test",
                        )


def test_shots(given, home, chromium, visiting):
    out = "/tmp/portal_shots"
    os.makedirs(out, exist_ok=True)
    with house(given, home, name="shots", number=FIRST_REDIS, background=False) as made:
        with made.inside() as app:
            priced.at(TON_USDT="3.2", BNB_USDT="620")
            history(clock.now())
            who = trading.dealer(naira(2_486_310), Money(USDT, 203_620_000))
            new = people.customer()
            people.confirm_phone(new.login_id)
            people.confirm_phone(who.login_id)
            for amount, get in (
                (400_000, BTC),
                (250_000, ETH),
                (50_000, TRX),
                (30_000, ASSETS["TON"]),
                (40_000, ASSETS["BNB"]),
            ):
                trading.accepted(who, trading.quoted(who, naira(amount), get=get))
            trading.accepted(who, trading.quoted(who, Money(BTC, 50_000), give_asset=BTC, get=NGN))
            trading.accepted(who, trading.quoted(who, Money(ETH, 10**16), give_asset=ETH, get=USDT))
            leave()
            tokens = {w: sessions.opened(c.login_id, Audience.CUSTOMER) for w, c in (("rich", who), ("new", new))}
        with made:
            for w in ("rich", "new"):
                visit = visiting(made, size=WIDE)
                visit.expect(409, 422)
                page = visit.page
                visit.keep(Audience.CUSTOMER, tokens[w])
                places = (
                    {
                        "home": "/",
                        "prices": "/prices",
                        "asset": "/assets/BTC",
                        "asset-usdt": "/assets/USDT",
                        "asset-1y": "/assets/ETH?span=1y",
                        "trade": "/trade?get=BTC",
                        "trade-typed": "/trade?get=BTC&give_amount=50,000",
                        "trade-too-much": "/trade?get=ETH&give_amount=50,000,000",
                        "sell": "/trade?give=BTC&get=NGN&whole=1",
                        "swap": "/trade?give=ETH&get=USDT.TRC20",
                        "portfolio": "/portfolio",
                        "recurring": "/recurring",
                        "alerts": "/alerts",
                        "activity": "/activity",
                        "more": "/more",
                    }
                    if w == "rich"
                    else {
                        "new-home": "/",
                        "new-asset": "/assets/TRX",
                        "new-portfolio": "/portfolio",
                        "new-activity": "/activity?kind=trade",
                        "new-trade": "/trade?get=TRX&give_amount=50,000",
                    }
                )
                only = os.environ.get("ONLY")
                for name, place in places.items():
                    if only and not name.startswith(tuple(only.split(","))):
                        continue
                    with made.inside():
                        priced.at(TON_USDT="3.2", BNB_USDT="620")
                    page.goto(place)
                    shoot(page, out, name)
                if w == "rich" and (not only or "review" in only):
                    with made.inside():
                        priced.at(TON_USDT="3.2", BNB_USDT="620")
                    page.goto("/trade?get=BTC&give_amount=50,000")
                    page.get_by_role("button", name="Continue").click()
                    page.wait_for_url("**/trade/quotes/**")
                    shoot(page, out, "review")
                    with made.inside():
                        priced.at(BTC_USDT="60300", TON_USDT="3.2", BNB_USDT="620")
                    page.get_by_text("The price moved").wait_for(timeout=40000)
                    shoot(page, out, "review-moved")
                    page.get_by_role("button", name="Buy ").click()
                    page.wait_for_url("**/orders/**")
                    shoot(page, out, "order")
                    page.get_by_role("link", name="Receipt").click()
                    page.wait_for_url("**/receipts/**")
                    shoot(page, out, "receipt")


def shoot(page, out, name):
    for size in (WIDE, NARROW):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        for theme in ("light", "dark"):
            page.evaluate("t => document.documentElement.dataset.bsTheme = t", theme)
            page.wait_for_timeout(120)
            if size == WIDE and theme == "dark" and name not in ("home", "asset", "review", "trade-typed", "portfolio"):
                continue
            page.screenshot(path=f"{out}/{name}-{size[0]}-{theme}.png", full_page=True, animations="disabled")
    page.evaluate("() => document.documentElement.dataset.bsTheme = 'light'")
    page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})

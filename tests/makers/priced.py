"""Prices for tests: written as the clock's job would write them, without a feed."""

from datetime import timedelta
from decimal import Decimal

from sqlalchemy import delete

from app.core import actor, clock
from app.core.db import db, leave, transaction
from app.market import cache
from app.market.models import PairPrice

USUAL = {"BTC/USDT": "60000", "ETH/USDT": "3000", "USDT/NGN": "1600", "USD/NGN": "1590", "TRX/USDT": "0.12"}


def aged(by: timedelta) -> None:
    """No price was made since so long ago."""
    with transaction(actor.system("test")):
        db.session.execute(delete(PairPrice).where(PairPrice.made_at > clock.now() - by))
    with clock.at(clock.now() - by):
        at()


def at(**mids: str) -> None:
    """From now on the usual prices, but for these: `BTC_USDT="61000"`. An empty one is that there is none."""
    wanted = USUAL | {pair.replace("_", "/"): mid for pair, mid in mids.items()}
    moment = clock.now()
    with transaction(actor.system("test")):
        db.session.execute(delete(PairPrice).where(PairPrice.made_at == moment))  # (another test was here)
        for pair, mid in wanted.items():
            db.session.add(
                PairPrice(
                    pair=pair,
                    made_at=moment,
                    mid=Decimal(mid) if mid else None,
                    told_at=moment if mid else None,
                    feeds=["kraken", "coingecko"] if mid else [],
                    legs=[],
                    verdicts={},
                    why="" if mid else "too_few",
                )
            )
    cache.forget()
    leave()

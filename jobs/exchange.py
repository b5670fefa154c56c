"""Work of our own dealing: look at positions, carry orders, hold the venue against the books, tell of what is amiss."""

from contextlib import suppress
from datetime import timedelta

from app.cases import queries as case_queries
from app.cases import service as cases
from app.clients.http import Silent, Unreadable
from app.core import clock, logs
from app.core.db import atomically
from app.core.money import ASSETS, Money
from app.core.permissions import Role
from app.exchange import days, flows, queries
from app.exchange.errors import HedgingOff
from app.exchange.flows import Verdict
from app.notifications import alerts
from app.pricing import queries as pricing_queries
from app.pricing import service as pricing
from app.pricing.errors import HaltedAlready
from jobs.notifications import tell_holders
from jobs.work import Work, until_it_answers

BOTH = (Role.TREASURY, Role.FINANCE)
LACKING = "What is free at the venue does not allow the order that our position asks for."
FUND_IT = "Bring more of what is given to the venue: a deal over the counter, or a transfer. Then close the case."
DOUBTED = "The venue's price is too far from ours, so no order is placed at it."
COMPARE_PRICES = "Compare the rates board with the venue. It goes on by itself once they agree; then close the case."
UNLISTED = "The venue does not deal in the pair that answers our position."
DEAL_BY_HAND = "See there for how long. Deal by hand, or ask for a policy with another pair; then close the case."
SILENT = "The venue has not said for half an hour what it holds for us."
ASK_FOR_IT = "See whether it is down, or whether it is we who do not reach it. Positions are dealt by hand until then."
SILENT_MOST = timedelta(minutes=30)
STRANGE = "The venue has an order in our account that the house did not place."
ASK_WHO = "Where somebody dealt by hand, book it by a manual journal; else change the key there. Then close the case."
SURFACED = "The venue had an order that counted as never sent. It is booked, and our position was answered anew."
ASK_VENUE = "Ask the venue why it did not show for so long, and close the case with what you found."
REDUCE_IT = "See why it is not answered by an order: the switch, the venue, what is there. Deal by hand if need be."
COMPARE_IT = "Compare the venue's ledger with ours, book what is missing by a manual journal, close the case."

log = logs.get("jobs")


def look(work: Work) -> timedelta | None:
    """Something was traded, an order ended, or a minute is over: see whether our position asks for an order.

    While the venue is silent nothing is planned: the next minute looks again, and limits that are passed are told of.
    """
    with suppress(HedgingOff):
        try:
            found = flows.look(venue=work.clients.venue, actor=work.actor)
        except Unreadable:
            raise
        except Silent as silence:
            log.warning("the venue is silent", extra={"facts": {"work": work.cause}}, exc_info=silence)
            return None
        for each in found:
            if each.verdict is Verdict.LACKING:
                _open(work, "venue_lacks", each.asset, words=LACKING, way_out=FUND_IT)
            if each.verdict is Verdict.DOUBTED:
                _open(work, "venue_price", each.asset, words=DOUBTED, way_out=COMPARE_PRICES)
            if each.verdict is Verdict.UNLISTED:
                _open(work, "venue_unlisted", each.asset, words=UNLISTED, way_out=DEAL_BY_HAND)
    return None


@until_it_answers
def carry(work: Work) -> timedelta | None:
    """Bring an order to the venue, and follow it until it is over."""
    return flows.carry(work.subject, venue=work.clients.venue, actor=work.actor)


def sweep(work: Work) -> timedelta | None:
    """Hold the venue's orders against ours. Where it is silent the next one does it: each looks hours back."""
    try:
        found = flows.sweep(venue=work.clients.venue, actor=work.actor)
    except Unreadable:
        raise
    except Silent:
        return None
    for each in found:
        if not case_queries.was_opened_for_system("strange_order", each.venue_id):  # (it shows for hours)
            _open(work, "strange_order", each.venue_id, words=STRANGE, way_out=ASK_WHO)
    return None


def read_balances(work: Work) -> timedelta | None:
    """Read what the venue holds for us, and book the deals that came. A venue that stays silent is a case, once."""
    try:
        flows.read_balances(venue=work.clients.venue, actor=work.actor)
    except Unreadable:
        raise
    except Silent as silence:
        log.warning("the venue is silent", extra={"facts": {"work": work.cause}}, exc_info=silence)
        read = [one.read_at for one in queries.readings_for_operators(work.clients.venue.name)]
        if not read or clock.now() - max(read) > SILENT_MOST:
            _open(work, "venue_silent", work.clients.venue.name, words=SILENT, way_out=ASK_FOR_IT)
    return None


def keep_results(work: Work) -> timedelta | None:
    """Keep what the days that are over came to, so that pages count the days since alone."""
    while atomically(days.keep, actor=work.actor):
        pass
    return None


def exposure_passed(work: Work) -> timedelta | None:
    """A limit is passed: treasury and finance are told. Beyond the hard one nothing is dealt in it any more.

    Not even what would bring the position back: people look first, and two of them let it go on.
    """
    alert = queries.alert_for_system(work.subject)
    if alert is None or alert.ended_at is not None:
        return None
    ticker, hard = work.facts["ticker"], alert.level == "hard"
    words = f"Our own position in {ticker} is beyond its {alert.level} limit."
    _open(work, f"exposure_{alert.level}", alert.asset, words=words, way_out=REDUCE_IT)
    if hard and (pair := _pair_of(ticker)):
        with suppress(HaltedAlready):
            atomically(lambda: pricing.turn_off(pair, reason=words, actor=work.actor), actor=work.actor)
    letter = alerts.exposure_passed(
        alert.exposure, level=alert.level, stopped=hard, page=f"{work.console_url}/console/exposure"
    )
    return tell_holders(work, letter, roles=BOTH)


def hedge_surfaced(work: Work) -> timedelta | None:
    """An order that counted as never sent was there after all."""
    _open(work, "surfaced_order", work.subject, words=SURFACED, way_out=ASK_VENUE)
    return None


def balance_differs(work: Work) -> timedelta | None:
    """The venue holds something else than the books say, and goes on doing so."""
    reading = queries.reading_for_system(int(work.subject))
    words = f"The venue holds something else of {reading.currency} than the books say, and goes on doing so."
    _open(work, "venue_differs", reading.currency, owner=Role.FINANCE, words=words, way_out=COMPARE_IT)
    by = Money(ASSETS[reading.asset], reading.unexplained) if reading.asset else None
    letter = alerts.venue_differs(reading.currency, by=by, page=f"{work.console_url}/console/exposure")
    return tell_holders(work, letter, roles=BOTH)


def _pair_of(ticker: str) -> str:
    """The pair that stops dealing in a ticker; empty where it has none."""
    return next((code for code in (f"{ticker}/NGN", f"{ticker}/USDT") if pricing_queries.pair(code)), "")


def _open(work: Work, kind: str, subject: str, *, words: str, way_out: str, owner: Role = Role.TREASURY) -> None:
    """A case for it, once while one stands."""
    atomically(
        lambda: cases.open(kind, subject, owner=owner, words=words, way_out=way_out, actor=work.actor),
        actor=work.actor,
    )

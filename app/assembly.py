"""The application without its doors: database, clients, keys, logs. What jobs and commands run in."""

from pathlib import Path

from flask import Flask
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.adjustments import service as adjustments
from app.applications import decisions
from app.assets import requests as assets_requests
from app.breaks import bulk as breaks_bulk
from app.breaks import requests as breaks
from app.breaks import terms as break_terms
from app.clients.anchors import FileAnchor, MailAnchor
from app.clients.bitstamp import BitstampAccount
from app.clients.breaker import Breaker
from app.clients.bundle import Clients, Teller
from app.clients.feeds import BankRate, CoinGecko, Source
from app.clients.kyc import Registry
from app.clients.luno import LunoWallets
from app.clients.mailer import Mailer
from app.clients.paystack import Paystack
from app.clients.sms import Sms
from app.clients.storage import storage_at
from app.clients.venue_orders import VenueOrders
from app.clients.venues import Venue
from app.clients.virus import Scanner
from app.closing import requests as closing
from app.core import crypto, logs
from app.core.db import db
from app.core.money import ASSETS
from app.customers import queries as customers
from app.customers import requests
from app.disputes import requests as disputes
from app.documents import sealing
from app.exchange import requests as exchange
from app.governance import kinds, policies
from app.identity import passwords
from app.ledger import assets
from app.market import cache
from app.payments import name_requests
from app.payments import refund_requests as refunds
from app.payments import requests as payments
from app.pricing import requests as pricing
from app.reconciliation import joining_requests, rule_requests
from app.restrictions import requests as restrictions
from app.retention import requests as retention
from app.risk import changes, fees, switches, thresholds
from app.screening import requests as screening
from app.settlement import price_lists
from app.settlement import requests as settlement
from app.staff import service as staff
from app.withdrawals import marking
from app.withdrawals import requests as withdrawals
from config import Settings

# The server's limits on everything the app does there, nested inside those of a request and of a job.
STATEMENT_TIMEOUT = "5s"
LOCK_TIMEOUT = "2s"
IDLE_TIMEOUT = "15s"
VENUE_SECONDS = 5.0  # several calls fit into a task; less than the venue is given to take an order
LIST_SECONDS = 20.0  # what a page of an exchange's list may take: a thousand rows, and nobody waits for them
FEED_SECONDS = 3.0  # what a feed of prices may take: the next answer is seconds away, and newer


def assemble(settings: Settings) -> Flask:
    """An application context for work. Clients are at `extensions["clients"]`, settings at `extensions["settings"]`."""
    logs.configure(settings.log_level)
    crypto.use_key(settings.data_key)
    sealing.use_keys(settings.document_keys)
    passwords.use_memory(settings.password_kib)
    app = Flask("app", static_folder=None, template_folder=None)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS={
            "pool_pre_ping": True,
            "hide_parameters": True,  # an error's text goes to the logs: what was written does not
            "pool_size": 5,
            "query_cache_size": 2_000,  # more than there are: none is made into text again and again
            "max_overflow": 5,
            "connect_args": {
                "options": f"-c statement_timeout={STATEMENT_TIMEOUT} -c lock_timeout={LOCK_TIMEOUT}"
                f" -c idle_in_transaction_session_timeout={IDLE_TIMEOUT} -c timezone=UTC"
            },
        },
    )
    db.init_app(app)
    redis = Redis.from_url(settings.redis_url, socket_timeout=1, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0))
    cache.use(redis)
    ASSETS.known = assets.known
    govern()
    mailer = Mailer(settings.smtp_url, sender=settings.mail_sender)
    app.extensions["clients"] = Clients(
        paystack=Paystack(
            settings.paystack_base_url,
            secret_key=settings.paystack_secret_key,
            read_seconds=settings.paystack_timeout_seconds,
            breaker=Breaker(
                failures=settings.paystack_silent_calls,
                lasting=settings.paystack_silent_seconds,
                rest=settings.paystack_rest_seconds,
            ),
        ),
        mailer=mailer,
        sms=Sms(settings.sms_url, token=settings.sms_token),
        kyc=Registry(settings.registry_url, token=settings.registry_token),
        anchors=(
            *((FileAnchor(Path(settings.anchor_file)),) if settings.anchor_file else ()),
            *((MailAnchor(mailer, to=settings.anchor_mail),) if settings.anchor_mail else ()),
        ),
        documents=storage_at(
            settings.documents_url,
            endpoint=settings.documents_endpoint,
            access_key=settings.documents_access_key,
            secret_key=settings.documents_secret_key,
        ),
        scanner=Scanner(settings.clamd_url) if settings.clamd_url else None,
        feeds=_feeds(settings),
        tellers=tellers(settings),
        venue=VenueOrders(
            "kraken",
            settings.kraken_base_url,
            key=settings.kraken_key,
            secret=settings.kraken_secret,
            seconds=VENUE_SECONDS,
            turns=redis,
            breaker=Breaker(),
        ),
    )
    app.extensions["settings"] = settings
    return app


def _feeds(settings: Settings) -> dict[str, Source]:
    """Who tells prices. A source that no address is given for is a feed that does not answer."""
    feeds: dict[str, Source] = {
        "kraken": Venue("kraken", settings.kraken_base_url, seconds=FEED_SECONDS),
        "luno": Venue("luno", settings.luno_base_url, seconds=FEED_SECONDS),
        "coingecko": CoinGecko(settings.coingecko_base_url, seconds=FEED_SECONDS),
    }
    if settings.bank_rate_url:
        feeds["bank"] = BankRate(settings.bank_rate_url, seconds=FEED_SECONDS)
    return feeds


def tellers(settings: Settings) -> dict[str, Teller]:
    """Exchanges whose lists we may read, by the format of what they tell."""
    known: dict[str, tuple[str, type[LunoWallets | BitstampAccount], str]] = {
        "luno-wallet": ("luno", LunoWallets, settings.luno_base_url),
        "bitstamp-transactions": ("bitstamp", BitstampAccount, settings.bitstamp_base_url),
    }
    return {
        format_name: teller(url, key=key, secret=secret, seconds=LIST_SECONDS)
        for format_name, (name, teller, url) in known.items()
        for key, secret in [settings.venue_keys[name]]
        if key
    }


def govern() -> None:
    """Hand governance what it governs, and how people are related: it knows none of those rooms by itself."""
    kinds.register(adjustments.KIND, staff.ROLES, staff.INVITATION, staff.REVIEW, policies.CHANGE)
    kinds.register(requests.UNFREEZE, requests.RECOVERY, restrictions.LIFT, changes.KIND, fees.KIND, thresholds.KIND)
    kinds.register(decisions.APPROVAL, decisions.REFUSAL, decisions.LIFT)
    kinds.register(payments.PLACE, payments.ASSIGN, payments.RETURN, payments.SPLIT, name_requests.KIND)
    kinds.register(refunds.REFUND, refunds.REDIRECT)
    kinds.register(disputes.LET_GO, marking.KIND)
    kinds.register(screening.MATCH, retention.RUN, switches.ON)
    kinds.register(assets_requests.ADD, assets_requests.CHANGE)
    kinds.register(pricing.OVERRIDE, pricing.GO_ON, pricing.FEED, pricing.SPREADS)
    kinds.register(exchange.POLICY, exchange.DEAL)
    kinds.register(settlement.TOP_UP, settlement.FLOOR, price_lists.KIND)
    kinds.register(breaks.JOURNAL, breaks.ACCEPT, breaks_bulk.KIND, break_terms.KIND)
    kinds.register(closing.CLOSE, closing.REOPEN)
    kinds.register(rule_requests.RULES, rule_requests.TOLERANCE, rule_requests.WALLET, rule_requests.RETIREMENT)
    kinds.register(joining_requests.JOIN, joining_requests.LEAVE)
    kinds.route(withdrawals.SEND)
    kinds.relate(customers.is_related_for_system)

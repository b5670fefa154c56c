"""Rules of matching and tolerances for tests: tried and asked for by one, agreed to by another, carried out."""

from datetime import datetime
from decimal import Decimal

from app.core import actor, clock
from app.core.db import leave, transaction
from app.core.permissions import Role
from app.governance import flows, service
from app.governance.models import Request
from app.matching import flows as matching_flows
from app.matching import queries, trials
from app.matching.rules import Rule, Step
from app.reconciliation import rule_requests
from app.statements import queries as sources
from app.statements import service as statements
from tests.makers import books, people

SYSTEM = actor.system("test")
BY_REF = Rule(name="our reference", step=Step.KEY, line="ref", entry="ref")


def tried(account: str, *told: Rule, by: str = "") -> int:
    """Rules that were tried on an account, with what came of it."""
    who = actor.operator(by or people.operator(Role.FINANCE)[0])
    with transaction(who):
        trial_id = trials.ask(account, told, actor=who).id
    leave()
    matching_flows.try_rules(trial_id, actor=SYSTEM)
    leave()
    return trial_id


def ask_rules(account: str, *told: Rule, by: str = "") -> Request:
    """A request that rules count for an account."""
    maker = by or people.operator(Role.FINANCE)[0]
    with transaction(who := actor.operator(maker)):
        asked = rule_requests.request_rules(account, told, reason="The bank writes otherwise.", maker=maker, actor=who)
    leave()
    return asked


def ask_tolerance(source: str, tolerance: Decimal, *, by: str = "") -> Request:
    """A request that a difference of so many naira be rounding."""
    maker = by or people.operator(Role.FINANCE)[0]
    with transaction(who := actor.operator(maker)):
        asked = rule_requests.request_tolerance(
            sources.source_for_operators(source).id, asset="NGN", tolerance=tolerance, reason="x", maker=maker,
            actor=who,
        )  # fmt: skip
    leave()
    return asked


def ask_retirement(source_id: str, *, by: str = "") -> Request:
    """A request that a source be retired."""
    maker = by or people.operator(Role.FINANCE)[0]
    with transaction(who := actor.operator(maker)):
        asked = rule_requests.request_retirement(source_id, reason="The account was closed.", maker=maker, actor=who)
    leave()
    return asked


def ask_wallet(source_id: str, account: str, *, asset: str = "", by: str = "") -> Request:
    """A request that a wallet's account stand for a source, and be opened where it is not there."""
    maker, asset = by or people.operator(Role.FINANCE)[0], asset or account.rpartition(":")[2]
    with transaction(who := actor.operator(maker)):
        asked = rule_requests.request_wallet(
            source_id, asset=asset, account=account, reason="Customers may send coins.", maker=maker, actor=who
        )
    leave()
    return asked


def retire(name: str, *, at: datetime | None = None) -> str:
    """Have a source that told be retired, now or as of a time: its id."""
    own = sources.source_for_operators(name)
    leave()
    asked = ask_retirement(own.id)
    if at is None:
        agree(asked)
        return own.id
    approve(asked)
    with clock.at(at), transaction(SYSTEM):
        statements.retire(own.id, request_id=asked.id)
    leave()
    return own.id


def agree(asked: Request) -> None:
    """Treasury's yes, and what it was for is done."""
    approve(asked)
    flows.carry_out(asked.id, actor=SYSTEM)
    leave()


def approve(asked: Request) -> None:
    """Treasury's yes."""
    voter = people.operator(Role.TREASURY)[0]
    with transaction(who := actor.operator(voter)):
        service.approve(asked.id, operator_id=voter, shown=asked.payload_hash, actor=who)
    leave()


def ruling(maker: str) -> Request:
    """Other rules of an account."""
    return ask_rules(books.account("asset"), BY_REF, by=maker)


def tolerating(maker: str) -> Request:
    """A larger tolerance of a source."""
    return ask_tolerance(source(), Decimal(1), by=maker)


def walleting(maker: str) -> Request:
    """The account of a wallet on a chain."""
    with transaction(SYSTEM):
        made = statements.add_source(books.fresh("src"), title="Hot", format_name="bitcoin-core", settings={}).id
    leave()
    return ask_wallet(made, f"asset:wallet:{books.fresh('hot')}:BTC", by=maker)


def retiring(maker: str) -> Request:
    """The end of a source that told."""
    own = sources.source_for_operators(source())
    leave()
    return ask_retirement(own.id, by=maker)


def source() -> str:
    """A source that stands for an account of its own: its name."""
    account = books.account("asset")
    with transaction(SYSTEM):
        made = statements.add_source(books.fresh("src"), title="A teller", format_name="kraken-ledgers", settings={})
        statements.stand_for(made.id, asset="NGN", account=account)
    leave()
    return made.name


def trial() -> str:
    """Rules that were tried on an account: the trial's number."""
    own = sources.source_for_operators(source())
    account = sources.accounts_for_operators(own.id)["NGN"]
    leave()
    return str(tried(account, *queries.rules_for_operators(account)[0][:3]))

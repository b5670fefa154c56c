"""Requests of the rooms that know customers, asked for by whoever a test names; what is refused uses nothing up."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from app.applications import decisions
from app.assets import requests as assets
from app.assets import rules
from app.closing import queries as closings
from app.closing import requests as closing
from app.core import actor, clock
from app.core.db import leave, transaction
from app.core.money import ASSETS, NGN, Money
from app.core.permissions import granted
from app.customers import queries as customers
from app.customers.rules import Tier
from app.exchange import queries as exchange_queries
from app.exchange import requests as exchange
from app.governance import queries as governance_queries
from app.governance import service as governance
from app.governance.models import Request
from app.identity import queries as identity_queries
from app.identity import service as identity
from app.identity.rules import Audience
from app.ledger import assets as coins
from app.ledger import health, periods
from app.payments import banking, name_requests, payouts
from app.payments import queries as payments_queries
from app.payments import requests as payments
from app.payments.models import BankRow
from app.payments.rules import PayoutState
from app.retention import requests as retention
from app.risk import changes, fees, switches, thresholds
from app.risk import queries as risk
from app.risk.rules import ANY, Band, Bounds, Direction, Rail, Scope
from app.screening import requests as screening
from app.settlement import price_lists
from app.settlement import requests as settlement
from app.settlement.partner_fees import Service
from app.withdrawals import marking
from tests.makers import applicants, forgetting, giving_back, listed, paying, people, restricted, settled, switched
from tests.makers.closing import Closers
from tests.makers.people import naira

SYSTEM = actor.system("test")
_READY: dict[str, str] = {}
_SOMEBODY: dict[str, str] = {}


def once(kind: str, make: Callable[[], str], ask: Callable[[str], Request]) -> Request:
    """Ask about something that waits for it; only what was asked about is used up."""
    if kind not in _READY:
        _READY[kind] = make()
        leave()
    asked = ask(_READY[kind])
    del _READY[kind]
    return asked


def closing_a_month(maker: str) -> Request:
    """That a month of long ago be closed, before anything was told of any account."""
    with transaction(actor.system("test")):
        health.record({})
    month = _to_close()
    with transaction(who := actor.operator(maker)):
        why = dict.fromkeys(("before", "breaks", "suspense", "settlements", "cover", "proved"), "It is known.")
        payload = closing.proposed(month, why)
        return closing.request_close(payload, reason="x", maker=maker, actor=who)


def reopening_a_month(maker: str) -> Request:
    """That a month that is closed be opened again."""

    def close() -> str:
        month = _to_close()
        assert Closers().close(month).startswith("Closed")
        return month.isoformat()

    def ask(month: str) -> Request:
        found = closings.closing_for_operators(date.fromisoformat(month))
        assert found
        with transaction(who := actor.operator(maker)):
            return closing.request_reopen(found, reason="x", maker=maker, actor=who)

    return once("closing.reopen", close, ask)


def _to_close() -> date:
    """The month after the last one that was closed, of long before any test's."""
    newest = max((row.month for row in periods.everything()), default=date(2003, 1, 1))
    leave()
    return (newest + timedelta(days=32)).replace(day=1)


def limits(maker: str) -> Request:
    """Other limits of the first tier."""
    with transaction(who := actor.operator(maker)):
        return changes.request(
            Tier.T1, Scope(Rail.CHAIN, Direction.IN, ANY), Bounds(single=1), starts_on=_later(), reason="x",
            maker=maker, actor=who,
        )  # fmt: skip


def charges(maker: str) -> Request:
    """Another schedule of fees."""
    with transaction(who := actor.operator(maker)):
        scope = Scope(Rail.BANK, Direction.OUT, NGN.code)
        return fees.request(scope, [Band(0, flat=9_900)], starts_on=_later(), reason="x", maker=maker, actor=who)


def new_asset(maker: str) -> Request:
    """An asset that is not there yet."""
    with transaction(who := actor.operator(maker)):
        return assets.request_new(facts(f"T{secrets.token_hex(4).upper()}"), reason="x", maker=maker, actor=who)


def other_asset(maker: str) -> Request:
    """Another place in lists, whatever else was asked for about it."""
    present = coins.terms("TON")
    leave()
    was = assets.facts_of(present)
    changed = replace(was, position=secrets.randbelow(9_000) + 100)
    payload = {"asset": changed.written(), "was": was.written(), "version": present.version}
    with transaction(who := actor.operator(maker)):
        return governance.submit(
            assets.CHANGE.name, payload, target=assets.target_of("TON"), reason="x", maker=maker, actor=who
        )


def facts(code: str, *, decimals: int = 8) -> rules.Facts:
    """What there is to say of an asset that a test makes up."""
    return rules.Facts(
        code=code, decimals=decimals, name="Test coin", network="Testnet", symbol="", mark="T", digits=4,
        colour="#5b4a12", trade_min=1_000, send_min=100, position=900, open=True,
    )  # fmt: skip


def threshold(maker: str) -> Request:
    """Another threshold."""
    with transaction(who := actor.operator(maker)):
        return thresholds.request("dormant_days", 90, starts_on=_later(), reason="x", maker=maker, actor=who)


def override_name(maker: str) -> Request:
    """That an account in another name is its customer's."""
    return once("name", others_account, lambda account_id: override_of(account_id, maker))


def others_account() -> str:
    """A customer's bank account that its bank names otherwise."""
    owner = people.customer()
    with transaction(SYSTEM):
        bank = BankRow(code=secrets.token_hex(4), name="Test Bank", fetched_at=clock.now())
        return banking.keep_account(
            owner.id, bank=bank, account_number=f"{secrets.randbelow(10**10):010}",
            account_name="CHUKWUEMEKA BALOGUN", recipient_code="RCP_x",
        ).id  # fmt: skip


def override_of(account_id: str, maker: str) -> Request:
    """That this account is its customer's."""
    (found,) = payments_queries.accounts_for_operators({account_id}).values()
    owner = found.customer_id
    leave()
    with transaction(who := actor.operator(maker)):
        return name_requests.request(account_id, customer_id=owner, reason="x", maker=maker, actor=who)


def match(maker: str) -> Request:
    """That a hit is the customer."""
    return once("hit", listed.open_hit, lambda hit_id: _match(hit_id, maker))


def tier(maker: str) -> Request:
    """A third tier."""
    return once("tier", _answered, lambda application_id: _tier(application_id, maker))


def refusal(maker: str) -> Request:
    """That an application be refused."""
    return once("refusal", _answered, lambda application_id: _refusal(application_id, maker))


def lift(maker: str) -> Request:
    """That a refusal be lifted."""
    return once("lift", _refused, lambda application_id: _lift(application_id, maker))


def placing(maker: str) -> Request:
    """That what waits in suspense go to its customer."""
    return once("placing", lambda: restricted.waiting(people.customer()), lambda item_id: placing_of(item_id, maker))


def switch_on(maker: str) -> Request:
    """That something be turned on again. It is off once: of who asked already, it is that one."""
    off = [one.id for one in risk.switches_off_for_operators() if one.scope == "rail:chain"]
    standing = (
        [one.request for one in governance_queries.about_for_operators(switches.target_of(off[0]))] if off else []
    )
    leave()
    if [one.maker for one in standing] == [maker]:
        if switches.ON.make in granted(identity_queries.roles_for_system(maker)):
            return standing[0]
        with transaction(who := actor.operator(maker)):
            return governance.submit(switches.ON.name, standing[0].payload, reason="x", maker=maker, actor=who)
    if standing:
        switched.on(off[0])
    return switched.asked(off[0] if off and not standing else switched.off("rail:chain").id, by=maker)


def refund(maker: str) -> Request:
    """That a deposit go back to its payer."""
    return once(
        "refund",
        lambda: giving_back.credited(people.customer(), people.naira(200)),
        lambda charge: giving_back.ask_refund(charge, people.naira(200), maker=maker),
    )


def redirect(maker: str) -> Request:
    """That a refund that is stuck go to another account."""
    return once("redirect", giving_back.stuck, lambda refund_id: giving_back.ask_redirect(refund_id, maker=maker))


def marking_payout(maker: str) -> Request:
    """That a payout of which nobody was told anything count as failed."""
    return once("marking", _untold, lambda payout_id: _marking(payout_id, maker))


def letting_go(maker: str) -> Request:
    """That a dispute count as won."""
    return once("letting_go", giving_back.disputed, lambda one: giving_back.ask_letting_go(one, maker=maker))


def assigning(maker: str) -> Request:
    """That a stray be credited to somebody."""
    return once("assigning", lambda: paying.stray(naira(700)), lambda item_id: _assigning(item_id, maker))


def returning(maker: str) -> Request:
    """That a stray go back to its sender."""
    return once("returning", lambda: paying.stray(naira(700)), lambda item_id: _returning(item_id, maker))


def splitting(maker: str) -> Request:
    """That a stray become two."""
    return once("splitting", lambda: paying.stray(naira(700)), lambda item_id: _splitting(item_id, maker))


def run(maker: str) -> Request:
    """That what is due be forgotten. One stands at a time: of who asked already, it is that one."""
    standing = [one.request for one in governance_queries.about_for_operators(retention.TARGET)]
    if [one.maker for one in standing] == [maker]:
        if retention.RUN.make in granted(identity_queries.roles_for_system(maker)):
            return standing[0]
        with transaction(who := actor.operator(maker)):
            return governance.submit(retention.RUN.name, standing[0].payload, reason="x", maker=maker, actor=who)
    forgetting.take_back()
    long_ago = clock.now() - timedelta(days=800)
    login_id, device = people.customer().login_id, identity.Device("an old one")
    with clock.at(long_ago), transaction(actor.system("test")):
        identity.open_session(login_id, audience=Audience.CUSTOMER, device=device)
    with transaction(who := actor.operator(maker)):
        return retention.request_run(reason="x", maker=maker, actor=who)


def top_up(maker: str) -> Request:
    """That money go into the float."""
    settled.in_the_bank(500_000)
    amount = people.naira(1_000 + secrets.randbelow(400_000))
    with transaction(who := actor.operator(maker)):
        return settlement.request_top_up(amount, reason="x", maker=maker, actor=who)


def floor(maker: str) -> Request:
    """Another floor of the float."""
    with transaction(who := actor.operator(maker)):
        return settlement.request_floor(
            people.naira(77), target=people.naira(99), starts_on=_later(), reason="x", maker=maker, actor=who
        )


def prices(maker: str) -> Request:
    """Another price list of Paystack's."""
    with transaction(who := actor.operator(maker)):
        return price_lists.request(
            Service.DEDICATED, [Band(0, flat=9_900)], starts_on=_later(), reason="x", maker=maker, actor=who
        )


def _untold() -> str:
    owner, amount = people.customer(enrolled=True), naira(1_000)
    giving_back.credited(owner, naira(2_000))
    with clock.at(clock.now() - timedelta(days=2)):
        with transaction(SYSTEM):
            bank = BankRow(code=secrets.token_hex(4), name="Test Bank", fetched_at=clock.now())
            account = banking.keep_account(
                owner.id, bank=bank, account_number=f"{secrets.randbelow(10**10):010}",
                account_name=customers.one_for_operators(owner.id).name, recipient_code="RCP_x",
            )  # fmt: skip
        account_id = account.id
        leave()
    asked = people.asked_for(owner, amount, account=account_id)
    with clock.at(clock.now() - timedelta(days=2)), transaction(SYSTEM):
        payouts.begin(asked.payout_id, amount=amount, recipient_code="RCP_x", actor=SYSTEM)
    leave()
    return asked.payout_id


def _marking(payout_id: str, maker: str) -> Request:
    with transaction(who := actor.operator(maker)):
        found = marking.found_now(payout_id, mark=PayoutState.FAILED, fee=None, proof="")
        return marking.request(payout_id, found, evidence="Its bank wrote so on Monday.", maker=maker, actor=who)


def _answered() -> str:
    today = f"{clock.now().astimezone(clock.WAT):%Y-%m-%d}"
    return applicants.answered(applicants.submitted(wanted=Tier.T3, today=today)).id


def _refused() -> str:
    today = f"{clock.now().astimezone(clock.WAT):%Y-%m-%d}"
    return applicants.refused(applicants.submitted(wanted=Tier.T1, today=today)).id


def _match(hit_id: str, maker: str) -> Request:
    with transaction(who := actor.operator(maker)):
        shown = listed.content(hit_id)
        return screening.request_verdict(hit_id, "match", shown=shown, reason="x", maker=maker, actor=who)


def _tier(application_id: str, maker: str) -> Request:
    with transaction(who := actor.operator(maker)):
        return decisions.propose_tier(application_id, tier=Tier.T3, reason="x", operator_id=maker, actor=who)


def _refusal(application_id: str, maker: str) -> Request:
    with transaction(who := actor.operator(maker)):
        return decisions.propose_refusal(application_id, code="forged", reason="x", operator_id=maker, actor=who)


def _lift(application_id: str, maker: str) -> Request:
    with transaction(who := actor.operator(maker)):
        return decisions.propose_lift(application_id, reason="x", operator_id=maker, actor=who)


def placing_of(item_id: str, maker: str) -> Request:
    """That what waits in suspense as this item go to its customer."""
    with transaction(who := actor.operator(maker)):
        return payments.request_placing(item_id, reason="x", maker=maker, actor=who)


def _assigning(item_id: str, maker: str) -> Request:
    owner = _SOMEBODY.setdefault("id", people.customer().id)
    with transaction(who := actor.operator(maker)):
        return payments.request_assigning(
            item_id, customer_id=owner, evidence="Their bank's statement shows it.", maker=maker, actor=who
        )


def _returning(item_id: str, maker: str) -> Request:
    with transaction(who := actor.operator(maker)):
        return payments.request_returning(item_id, reason="x", maker=maker, actor=who)


def _splitting(item_id: str, maker: str) -> Request:
    with transaction(who := actor.operator(maker)):
        parts = [naira(300), naira(400)]
        return payments.request_splitting(item_id, parts=parts, reason="x", maker=maker, actor=who)


def hedge_policy(maker: str) -> Request:
    """Another bound of a position."""
    with transaction(who := actor.operator(maker)):
        policy = exchange_queries.policy_for_system("BNB")
        assert policy is not None
        changed = replace(policy, threshold=secrets.randbelow(10**9))
        return exchange.request_policy(changed, starts_on=_later(), reason="x", maker=maker, actor=who)


def deal(maker: str) -> Request:
    """Dollars for naira."""
    settled.in_the_bank(500_000)
    with transaction(who := actor.operator(maker)):
        return exchange.request_deal(
            people.naira(400_000), got=Money(ASSETS["USD"], 1 + secrets.randbelow(10**9)), counterparty="A Friend Ltd",
            reason="x", maker=maker, actor=who,
        )  # fmt: skip


def _later() -> date:
    return (clock.now() + timedelta(days=40)).date()

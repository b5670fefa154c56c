"""What is done about a position, and deals over the counter, are requests: finance asks, treasury agrees."""

from datetime import date

from app.core import clock
from app.core.actor import Actor
from app.core.money import ASSETS, NGN, Money, zero
from app.core.permissions import Permission
from app.exchange import errors, holdings, queries, rules
from app.exchange.rules import Policy
from app.governance import queries as governance_queries
from app.governance import service as governance
from app.governance.kinds import Agreed, Kind, Line, Payload
from app.governance.models import Request
from app.governance.payloads import begins, beside, starts_at
from app.governance.rules import Facts
from app.ledger.assets import in_words
from app.market.rules import percent

TARGET_DEALS = "exchange:deals"
COUNTERPARTY_MAX = 120


def request_policy(policy: Policy, *, starts_on: date, reason: str, maker: str, actor: Actor) -> Request:
    """Ask that this count for its ticker from a day on. Raises BadPolicy, and as governance does."""
    was = queries.policy_for_system(policy.asset)
    payload = {**_written(policy), "was": _written(was) if was else None, "starts_on": starts_on.isoformat()}
    target = f"exchange:policy:{policy.asset}"
    return governance.submit(POLICY.name, payload, target=target, reason=reason, maker=maker, actor=actor)


def request_deal(paid: Money, *, got: Money, counterparty: str, reason: str, maker: str, actor: Actor) -> Request:
    """Ask that naira from our bank buy something that comes to the venue.

    Raises DealOutOfBounds, DealUnderWay, and as governance does.
    """
    payload = {
        "paid": str(paid.units), "asset": got.asset.code, "got": str(got.units), "counterparty": counterparty.strip(),
    }  # fmt: skip
    for asked in governance_queries.about_for_operators(TARGET_DEALS):
        if (asked.request.payload["asset"], asked.request.payload["got"]) == (payload["asset"], payload["got"]):
            raise errors.DealUnderWay
    return governance.submit(DEAL.name, payload, target=TARGET_DEALS, reason=reason, maker=maker, actor=actor)


def _check_policy(payload: Payload) -> None:
    policy, begin = _read(payload), starts_at(payload)
    known = queries.assets_for_system(rules.VENUE)
    fault = rules.fault_of(policy, known=known.values(), quotes=known.keys() & {"USD", "USDT"})
    if fault:
        raise errors.BadPolicy(fault)
    if begin <= clock.now():
        raise errors.BadPolicy("It begins on a day to come.")
    if queries.policy_for_system(policy.asset, at=begin) == policy:
        raise errors.BadPolicy("This is what counts then.")
    rows = queries.policy_rows_for_operators()
    if any((row.asset, row.starts_at) == (policy.asset, begin) for row in rows):
        raise errors.BadPolicy("Another policy begins on that day.")


def _set_policy(agreed: Agreed) -> str:
    _check_policy(agreed.payload)
    holdings.set_policy(_read(agreed.payload), starts_at=starts_at(agreed.payload), request_id=agreed.request_id)
    return f"Begins on {agreed.payload['starts_on']}"


def _check_deal(payload: Payload) -> None:
    paid, got = Money(NGN, int(payload["paid"])), int(payload["got"])
    dollars = payload["asset"] in queries.assets_for_system(rules.VENUE).values()
    named = 0 < len(payload["counterparty"]) <= COUNTERPARTY_MAX
    under_way = queries.agreed_deals_for_system()
    left = queries.bank_for_system() - sum((one.paid for one in under_way), zero(NGN))
    if any((one.asset, one.got.units) == (payload["asset"], got) for one in under_way):
        raise errors.DealUnderWay
    if not dollars or not named or got <= 0 or not Money(NGN, 0) < paid <= left:
        raise errors.DealOutOfBounds


def _agree_deal(agreed: Agreed) -> str:
    _check_deal(agreed.payload)
    paid, got = _amounts(agreed.payload)
    holdings.agree_deal(
        paid,
        got=got,
        counterparty=agreed.payload["counterparty"],
        request_id=agreed.request_id,
        actor=agreed.actor,
    )
    return f"Pay {paid} from the bank. It is booked when {in_words(got)} show at the venue"


def _amounts(payload: Payload) -> tuple[Money, Money]:
    return Money(NGN, int(payload["paid"])), Money(ASSETS[payload["asset"]], int(payload["got"]))


def _written(policy: Policy) -> Payload:
    """Units as text: JSON's numbers are not exact everywhere."""
    return {
        "asset": policy.asset,
        "pair": policy.pair or None,
        "target": str(policy.target),
        "threshold": str(policy.threshold),
        "soft": str(policy.soft),
        "hard": str(policy.hard),
        "slippage": str(policy.slippage_bps),
        "apart": str(policy.apart_bps),
    }


def _read(payload: Payload) -> Policy:
    sizes = (int(payload[name]) for name in ("target", "threshold", "soft", "hard", "slippage", "apart"))
    return Policy(payload["asset"], payload["pair"] or "", *sizes)


def _describe_policy(payload: Payload) -> list[Line]:
    was = _said(payload["was"]) if payload["was"] else {}
    return [*beside(_said(payload), was), begins(payload)]


def _said(payload: Payload) -> dict[str, str]:
    policy, asset = _read(payload), ASSETS[payload["asset"]]
    return {
        "Of our own": in_words(Money(asset, policy.target)),
        "Dealt at the venue": policy.pair or "by hand",
        "From so much beside it on": in_words(Money(asset, policy.threshold)),
        "Alarm beyond": in_words(Money(asset, policy.soft)),
        "Stop beyond": in_words(Money(asset, policy.hard)),
        "At most worse than the price seen": percent(policy.slippage_bps),
        "At most from the stored price": percent(policy.apart_bps),
    }


def _describe_deal(payload: Payload) -> list[Line]:
    paid, got = _amounts(payload)
    return [
        Line("From", "our bank account"),
        Line("Pays", str(paid)),
        Line("Brings", in_words(got)),
        Line("To", rules.VENUE.capitalize()),
        Line("With", payload["counterparty"]),
    ]


def _sum_up_deal(payload: Payload) -> str:
    paid, got = _amounts(payload)
    return f"Buy {in_words(got)} for {paid} over the counter"


POLICY = Kind(
    name="exchange.policy",
    title="Policy of a position",
    make=Permission.EXCHANGE_REQUEST,
    dry_run=_check_policy,
    execute=_set_policy,
    describe=_describe_policy,
    summary=lambda payload: f"Set the policy of our position in {rules.ticker(payload['asset'])}",
)

DEAL = Kind(
    name="exchange.deal",
    title="Deal over the counter",
    make=Permission.EXCHANGE_REQUEST,
    dry_run=_check_deal,
    execute=_agree_deal,
    describe=_describe_deal,
    summary=_sum_up_deal,
    facts=lambda payload: Facts(amount=int(payload["paid"])),
)

"""Other rules of matching, a larger tolerance, a wallet's account and the end of a source that told are requests.

Finance asks, treasury agrees, and they count at once. They say what is called the same movement, what is called
rounding, what counts as held in a wallet of our own, and what nobody tells of any more: whoever wants less to explain
could widen them.
"""

from collections.abc import Sequence
from decimal import Decimal

from app.core.actor import Actor
from app.core.permissions import Permission
from app.governance import service as governance
from app.governance.kinds import Agreed, Kind, Line, Payload
from app.governance.models import Request
from app.matching import queries as matching
from app.matching import rules, trials
from app.matching.errors import BadRules
from app.matching.rules import Rule
from app.statements import queries as statements
from app.statements import service, wallets
from app.statements.errors import BadTolerance, NoSuchSource, OtherWallet
from app.statements.models import Source


def request_rules(account: str, told: Sequence[Rule], *, reason: str, maker: str, actor: Actor) -> Request:
    """Ask that these rules count for an account. Raises BadRules, and as governance does."""
    payload = {
        "account": account,
        "rules": rules.kept(told),
        "version": matching.own_version_for_operators(account) + 1,
    }
    return governance.submit(RULES.name, payload, target=rules_target(account), reason=reason, maker=maker, actor=actor)


def request_tolerance(
    source_id: str, *, asset: str, tolerance: Decimal, reason: str, maker: str, actor: Actor
) -> Request:
    """Ask that a difference of so many whole coins be rounding. Raises BadTolerance, and as governance does."""
    payload = {
        "source": source_id,
        "asset": asset,
        "tolerance": f"{tolerance:f}",
        "was": f"{statements.tolerance_for_system(source_id, asset):f}",
    }
    target = source_target(source_id)
    return governance.submit(TOLERANCE.name, payload, target=target, reason=reason, maker=maker, actor=actor)


def request_wallet(source_id: str, *, asset: str, account: str, reason: str, maker: str, actor: Actor) -> Request:
    """Ask that a wallet's account stand for a source of its address, and be opened if it is a new one.

    Raises NoSuchAccount, BadSource for a node's that is for no address, TakenAlready, and as governance does.
    """
    source = statements.one_source_for_operators(source_id)
    payload = {
        "source": source_id,
        "asset": asset,
        "account": account,
        "address": wallets.address_of(source),
        "opens": wallets.is_new(source, account),
    }
    target = source_target(source_id)
    return governance.submit(WALLET.name, payload, target=target, reason=reason, maker=maker, actor=actor)


def request_retirement(source_id: str, *, reason: str, maker: str, actor: Actor) -> Request:
    """Ask that a source that told be retired. Raises NoSuchSource, and as governance does."""
    payload = {"source": source_id, "accounts": statements.told_accounts_for_operators(source_id)}
    target = source_target(source_id)
    return governance.submit(RETIREMENT.name, payload, target=target, reason=reason, maker=maker, actor=actor)


def rules_target(account: str) -> str:
    """What requests about an account's rules are filed under."""
    return f"matching:{account}"


def source_target(source_id: str) -> str:
    """What requests about a source are filed under."""
    return f"statements:{source_id}"


def _check_rules(payload: Payload) -> None:
    told = trials.read(payload["rules"])
    now, _ = matching.rules_for_operators(payload["account"])
    if told == now:
        raise BadRules("These are the rules that count now.")
    if payload["version"] != matching.own_version_for_operators(payload["account"]) + 1:
        raise BadRules("Other rules were taken into use meanwhile. Try these beside them, and ask anew.")


def _set_rules(agreed: Agreed) -> str:
    """The database looks at the request too."""
    _check_rules(agreed.payload)
    trials.take_into_use(
        agreed.payload["account"],
        agreed.payload["rules"],
        version=agreed.payload["version"],
        reason=agreed.reason,
        set_by=agreed.maker,
        request_id=agreed.request_id,
    )
    return f"Version {agreed.payload['version']} counts"


def _describe_rules(payload: Payload) -> list[Line]:
    now = {rule.name: rules.in_words(rule) for rule in matching.rules_for_operators(payload["account"])[0]}
    told = trials.read(payload["rules"])
    then = {rule.name: rules.in_words(rule) for rule in told}
    kept = [Line(f"{number}. {rule.name}", then[rule.name], was=_was(rule, now)) for number, rule in enumerate(told, 1)]
    gone = [Line(name, "not any more", was=words) for name, words in now.items() if name not in then]
    return [Line("Account", payload["account"]), Line("Version", str(payload["version"])), *kept, *gone]


def _was(rule: Rule, now: dict[str, str]) -> str | None:
    words = now.get(rule.name, "no such rule")
    return None if words == rules.in_words(rule) else words


def _check_tolerance(payload: Payload) -> None:
    asked = Decimal(payload["tolerance"])
    if not asked.is_finite() or asked < 0:
        raise BadTolerance
    if payload["asset"] not in statements.accounts_for_operators(payload["source"]):
        raise BadTolerance("Say first which account of the books stands for this asset.")
    if asked <= statements.tolerance_for_system(payload["source"], payload["asset"]):
        raise BadTolerance("It is as much already. Less needs nobody's consent.")


def _set_tolerance(agreed: Agreed) -> str:
    """The database looks at the request too."""
    _check_tolerance(agreed.payload)
    told = Decimal(agreed.payload["tolerance"])
    service.tolerate(
        agreed.payload["source"], asset=agreed.payload["asset"], tolerance=told, request_id=agreed.request_id
    )
    return f"A difference of up to {told:f} {agreed.payload['asset']} is rounding"


def _describe_tolerance(payload: Payload) -> list[Line]:
    source = statements.one_source_for_operators(payload["source"])
    asset = payload["asset"]
    return [
        Line("Source", source.title),
        Line("A difference is rounding up to", f"{payload['tolerance']} {asset}", was=f"{payload['was']} {asset}"),
    ]


def _check_wallet(payload: Payload) -> None:
    source, account = _source(payload), payload["account"]
    wallets.check(source, asset=payload["asset"], account=account)
    if (payload["address"], payload["opens"]) != (wallets.address_of(source), wallets.is_new(source, account)):
        raise OtherWallet


def _open_wallet(agreed: Agreed) -> str:
    """The database looks at the request too."""
    payload = agreed.payload
    source = service.held(payload["source"])
    _check_wallet(payload)
    if payload["opens"]:
        wallets.open_for(source, payload["account"])
    service.stand_for(source.id, asset=payload["asset"], account=payload["account"], request_id=agreed.request_id)
    return f"{payload['account']} is open" if payload["opens"] else f"{source.title} tells of {payload['account']}"


def _describe_wallet(payload: Payload) -> list[Line]:
    source = _source(payload)
    return [
        Line("Source", source.title),
        Line("Address", payload["address"] or "none said"),
        Line("Account that is opened" if payload["opens"] else "Account, which is there already", payload["account"]),
        Line("For what the source calls", payload["asset"]),
    ]


def _source(payload: Payload) -> Source:
    return statements.one_source_for_operators(payload["source"])


def _check_retirement(payload: Payload) -> None:
    if statements.one_source_for_operators(payload["source"]).retired_at is not None:
        raise NoSuchSource


def _retire(agreed: Agreed) -> str:
    """The database looks at the request too."""
    service.retire(agreed.payload["source"], request_id=agreed.request_id)
    return "Retired"


def _describe_retirement(payload: Payload) -> list[Line]:
    source = statements.one_source_for_operators(payload["source"])
    return [Line("Source", source.title), *(Line("Tells no more of", each) for each in payload["accounts"])]


RULES = Kind(
    name="matching.rules",
    title="Rules of matching",
    make=Permission.RECONCILIATION_RUN,
    dry_run=_check_rules,
    execute=_set_rules,
    describe=_describe_rules,
    summary=lambda payload: f"Match {payload['account']} by other rules",
)
TOLERANCE = Kind(
    name="statements.tolerance",
    title="Tolerance of a source",
    make=Permission.STATEMENTS_IMPORT,
    dry_run=_check_tolerance,
    execute=_set_tolerance,
    describe=_describe_tolerance,
    summary=lambda payload: f"Call {payload['tolerance']} {payload['asset']} rounding",
)
WALLET = Kind(
    name="statements.wallet",
    title="A wallet of our own",
    make=Permission.STATEMENTS_IMPORT,
    dry_run=_check_wallet,
    execute=_open_wallet,
    describe=_describe_wallet,
    summary=lambda payload: f"{'Open' if payload['opens'] else 'Let a source tell of'} {payload['account']}",
)
RETIREMENT = Kind(
    name="statements.retire",
    title="Retiring a source",
    make=Permission.STATEMENTS_IMPORT,
    dry_run=_check_retirement,
    execute=_retire,
    describe=_describe_retirement,
    summary=lambda payload: f"Let nobody tell of {', '.join(payload['accounts'])}",
)

"""A change of policy is itself a request: who must agree to what is not one person's to say."""

from app.core import clock
from app.core.actor import Actor
from app.core.db import db
from app.core.money import NGN, Money
from app.core.permissions import Permission, granted
from app.governance import errors, kinds, queries, rules, service
from app.governance.kinds import Agreed, Kind, Line, Payload
from app.governance.models import Policy, Request
from app.governance.rules import Leg, Rule
from app.identity import queries as identity

DAYS_FROM_HOURS = 96
TARGETS = {
    "compliance": "compliance roles",
    "other": "other roles",
    "both": "compliance and other roles at once",
    "new": "a destination that is new or that asks for a look",
}


def request_change(kind: str, *, proposed: list[Rule], reason: str, maker: str, actor: Actor) -> Request:
    """Ask for a kind's next version of policy. Raises BadPolicy, PolicyChanged, and as governance does."""
    present = queries.policy_for_operators(kind)
    payload = {
        "kind": kind,
        "rules": [rule.as_json() for rule in proposed],
        "was": present.rules if present else [],
        "version": (present.version if present else 0) + 1,
    }
    return service.submit(CHANGE.name, payload, target=f"policy:{kind}", reason=reason, maker=maker, actor=actor)


def _check(payload: Payload) -> None:
    if kinds.governed(payload["kind"]) is None:
        raise errors.BadPolicy("There is nothing of that name to agree to.")
    proposed = [rules.rule_of(written) for written in payload["rules"]]
    fault = rules.fault_of(proposed, may_ask_nobody=kinds.is_routed(payload["kind"]))
    if fault:
        raise errors.BadPolicy(fault)
    if payload["rules"] == payload["was"]:
        raise errors.BadPolicy("This is the policy that counts now.")
    fault = _fault_of_people(payload["kind"], proposed)
    if fault:
        raise errors.BadPolicy(fault)
    present = queries.policy_for_operators(payload["kind"])
    if payload["version"] != (present.version if present else 0) + 1:
        raise errors.PolicyChanged


def _fault_of_people(kind: str, proposed: list[Rule]) -> str:
    """Whether there are people enough for each approval, beside one who asks; empty when there are."""
    for rule in proposed:
        for leg in rule.legs:
            wanted = sum(each.count for each in rule.legs if set(each.roles) <= set(leg.roles))
            there = identity.active_count_for_system(*leg.roles) - _asks(kind, leg)
            if wanted > there:
                return f"There are not {wanted} of {' or '.join(leg.roles).replace('_', ' ')} beside who asks."
    return ""


def _asks(kind: str, leg: Leg) -> bool:
    """Whether one of those who fill this leg may be who asks, and then does not count."""
    found = kinds.known(kind)
    return found is not None and found.make in granted(leg.roles)


def _change(agreed: Agreed) -> str:
    _check(agreed.payload)
    kind, version = agreed.payload["kind"], agreed.payload["version"]
    db.session.add(
        Policy(
            id=f"pol_{kind}_{version}",
            kind=kind,
            version=version,
            rules=agreed.payload["rules"],
            request_id=agreed.request_id,
            created_at=clock.now(),
        )
    )
    db.session.flush()
    return f"Version {version} counts"


def _describe(payload: Payload) -> list[Line]:
    before = in_words([rules.rule_of(written) for written in payload["was"]])
    after = in_words([rules.rule_of(written) for written in payload["rules"]])
    lines = [Line("For", title_of(payload["kind"])), Line("Version", str(payload["version"]))]
    for place in range(max(len(before), len(after))):
        old = before[place] if place < len(before) else "nothing"
        new = after[place] if place < len(after) else "nothing"
        lines.append(Line(f"Rule {place + 1}", new, was=old if old != new else None))
    return lines


def title_of(kind: str) -> str:
    """What a kind is called."""
    found = kinds.governed(kind)
    return found.title if found else kind


def in_words(policy: list[Rule]) -> list[str]:
    """Rules as people say them, in the order in which they are tried."""
    return [_in_words(rule, otherwise="everything" if len(policy) == 1 else "everything else") for rule in policy]


def _in_words(rule: Rule, *, otherwise: str) -> str:
    conditions = [
        *([f"above {Money(NGN, rule.amount_over)}"] if rule.amount_over is not None else []),
        *([f"risk {rule.risk}"] if rule.risk is not None else []),
        *([TARGETS.get(rule.target, rule.target)] if rule.target is not None else []),
    ]
    if rule.denies:
        return f"{', '.join(conditions) or otherwise}: nobody may agree, it is refused"
    if not rule.legs:
        return f"{', '.join(conditions) or otherwise}: it goes by itself"
    needed = " and ".join(f"{leg.count} of {' or '.join(leg.roles)}".replace("_", " ") for leg in rule.legs)
    hours, minutes = int(rule.ttl.total_seconds() // 3600), int(rule.delay.total_seconds() // 60)
    within = f"{hours} h" if hours < DAYS_FROM_HOURS else f"{hours // 24} days"
    delay = f", carried out {minutes} min later" if minutes else ""
    return f"{', '.join(conditions) or otherwise}: {needed} within {within}{delay}"


CHANGE = Kind(
    name="governance.policy",
    title="Policy",
    make=Permission.POLICIES_REQUEST,
    dry_run=_check,
    execute=_change,
    describe=_describe,
    summary=lambda payload: f"Policy of {title_of(payload['kind']).lower()}, version {payload['version']}",
)

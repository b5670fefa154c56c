"""What can be asked for: each governed room hands in its kinds, so that governance knows none of those rooms.

A payload is plain JSON. A kind's functions are given it as it stands in the request's row, whose hash was voted on.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from app.core.actor import Actor
from app.core.permissions import Permission
from app.governance.rules import Facts

Payload = dict[str, Any]
Relation = Callable[[str, Collection[str]], bool]


@dataclass(frozen=True)
class Line:
    """One line of what is asked for; `was` is what it replaces, None where nothing changes."""

    label: str
    value: str
    was: str | None = None


@dataclass(frozen=True)
class Agreed:
    """What is to be carried out: `request_id` is the key under which it happens once, `actor` who carries it out."""

    request_id: str
    payload: Payload
    reason: str
    maker: str
    voters: tuple[str, ...]
    actor: Actor


def _nobody(_payload: Payload) -> frozenset[str]:
    return frozenset()


def _plain(_payload: Payload) -> Facts:
    return Facts()


@dataclass(frozen=True)
class Kind:
    """One command that needs others' consent.

    `dry_run` raises what `execute` would refuse; `execute` does it, in the caller's transaction, and says what came of
    it. What `must_be_decided` is not taken back by its maker, waits for however long it takes, and is closed also when
    its maker may not ask for such things any more; the database knows these kinds by name.
    """

    name: str
    title: str
    make: Permission
    dry_run: Callable[[Payload], None]
    execute: Callable[[Agreed], str]
    describe: Callable[[Payload], list[Line]]
    summary: Callable[[Payload], str]
    facts: Callable[[Payload], Facts] = field(default=_plain)
    touches: Callable[[Payload], Collection[str]] = field(default=_nobody)  # the customers whom it is about
    must_be_decided: bool = False
    sees: Permission | None = None  # who is shown that there are such requests at all; None: whoever reads approvals


@dataclass(frozen=True)
class Routed:
    """What another room has voted on by itself, on legs that a policy kept here says. Nobody asks for it here.

    Its rules may ask nobody, and may deny.
    """

    name: str
    title: str


_KINDS: dict[str, Kind] = {}
_ROUTED: dict[str, Routed] = {}
_RELATION: list[Relation] = []


def register(*kinds: Kind) -> None:
    """Hand in kinds. Called by the assembly; the last one of a name counts."""
    _KINDS.update({kind.name: kind for kind in kinds})


def route(*routed: Routed) -> None:
    """Hand in what has a policy and is voted on elsewhere. Called by the assembly."""
    _ROUTED.update({one.name: one for one in routed})


def relate(relation: Relation) -> None:
    """Say how it is found out whether an operator is related to one of these customers. Called by the assembly."""
    _RELATION[:] = [relation]


def known(name: str) -> Kind | None:
    """The kind of this name."""
    return _KINDS.get(name)


def governed(name: str) -> Kind | Routed | None:
    """What has a policy of this name."""
    return _KINDS.get(name) or _ROUTED.get(name)


def is_routed(name: str) -> bool:
    """Whether it is voted on elsewhere."""
    return name in _ROUTED


def all_governed() -> list[Kind | Routed]:
    """All that has a policy, by name."""
    both: dict[str, Kind | Routed] = {**_KINDS, **_ROUTED}
    return [both[name] for name in sorted(both)]


def everything() -> list[Kind]:
    """All kinds, by name."""
    return [_KINDS[name] for name in sorted(_KINDS)]


def hidden_from(permissions: Collection[Permission]) -> frozenset[str]:
    """The names of those of which somebody with these permissions may not know that there are any."""
    return frozenset(kind.name for kind in _KINDS.values() if kind.sees and kind.sees not in permissions)


def to_be_decided() -> frozenset[str]:
    """The names of those that somebody must decide."""
    return frozenset(kind.name for kind in _KINDS.values() if kind.must_be_decided)


def related(operator_id: str, customer_ids: Collection[str]) -> bool:
    """Whether this operator may not decide because of who they are privately."""
    return bool(customer_ids) and any(relation(operator_id, customer_ids) for relation in _RELATION)

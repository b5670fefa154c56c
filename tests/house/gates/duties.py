"""Permissions are used and duties kept apart: no role both asks and approves, no door asks for what nobody has."""

import ast
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.house.gates.source import called, sources

Roles = Mapping[Any, Collection[str]]  # a role is a member of an enum, and a text

SHAPE = re.compile(r"[a-z][a-z_]*:[a-z][a-z_]*")
APART = (("request", "approve"), ("propose", "approve"), ("run", "sign"))  # two acts on one resource, two people


def faults(
    permissions: Mapping[str, str],
    *,
    roles: Roles,
    forbidden_pairs: Iterable[Collection[str]],
    used: Collection[str],
) -> list[str]:
    """`permissions` maps member names to values; `used` are the member names that doors ask for."""
    return [
        *_permissions(permissions, roles, used),
        *_roles(permissions, roles),
        *_pairs(forbidden_pairs, roles),
    ]


def asked_for(root: Path) -> set[str]:
    """The members X that doors of app/web ask for: `Permission.X` handed to `operator(…)` or `Door(…)`."""
    return {
        argument.attr
        for source in sources(root, ["app/web"])
        for node in source.nodes
        if isinstance(node, ast.Call) and called(node) in {"operator", "Door"}
        for argument in [*node.args, *(keyword.value for keyword in node.keywords)]
        if isinstance(argument, ast.Attribute)
    }


def _permissions(permissions: Mapping[str, str], roles: Roles, used: Collection[str]) -> Iterator[str]:
    granted = {value for held in roles.values() for value in held}
    for name, value in permissions.items():
        if not SHAPE.fullmatch(value) or name != value.replace(":", "_").upper():
            yield f'{name} = "{value}": write RESOURCE_ACTION = "resource:action".'
        if name not in used:
            yield f"{name}: no door asks for it; use it or remove it."
        if value not in granted:
            yield f"{name}: no role has it, so nobody passes its doors."
    for name in sorted(set(used) - set(permissions)):
        yield f"{name}: a door asks for it and it does not exist."


def _roles(permissions: Mapping[str, str], roles: Roles) -> Iterator[str]:
    resources = {value.partition(":")[0] for value in permissions.values()}
    for role, held in roles.items():
        for resource in sorted(resources):
            for first, second in APART:
                if {f"{resource}:{first}", f"{resource}:{second}"} <= set(held):
                    yield f"{role}: holds {resource}:{first} and {resource}:{second}; four eyes need two people."


def _pairs(forbidden_pairs: Iterable[Collection[str]], roles: Roles) -> Iterator[str]:
    for pair in forbidden_pairs:
        if len(set(pair)) != 2 or not set(pair) <= set(roles):
            yield f"forbidden pair {sorted(pair)}: name two different roles that exist."

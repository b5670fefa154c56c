"""Paystack's own specification of the calls that we make, and what of a request it does not allow."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from openapi_schema_validator import OAS30WriteValidator, oas30_format_checker

from tests.makers.vendor import Asked

ROOT = Path(__file__).resolve().parents[1]
OPERATIONS: dict[str, dict[str, Any]] = json.loads((ROOT / "vectors/paystack/operations.json").read_text())[
    "operations"
]

# Where the documentation, by which Paystack works, knows more than the specification: what we send all the same.
PER_PAGE = "the documentation writes perPage everywhere, the specification per_page for these lists"
FILTERS = "in the documentation alone"
BEYOND = {
    "transaction_list.perPage": PER_PAGE,
    "transfer_list.perPage": PER_PAGE,
    "charge_create.bank_transfer": "pay with transfer is in the documentation alone",
    "refund_list.transaction": FILTERS,
    "settlements_fetch.from": FILTERS,
    "settlements_fetch.to": FILTERS,
    "settlements_transaction.perPage": FILTERS,
    "settlements_transaction.page": FILTERS,
    "dedicatedAccount_requery.date": "a day to look through: the documentation has YYYY-MM-DD, the specification a time",
}


def sample(operation: str, status: int = 200, which: str = "docs") -> Any:
    """An answer as the documentation shows it."""
    return OPERATIONS[operation]["answers"][str(status)][which]


def operation_of(asked: Asked) -> str:
    """Which operation a request is; the most literal path wins, as `/transfer/verify/…` over `/transfer/{id}`."""
    fits = [
        (operation["path"].count("{"), name)
        for name, operation in OPERATIONS.items()
        if operation["method"] == asked.method and _pattern(operation["path"]).fullmatch(asked.path)
    ]
    return min(fits)[1] if fits else ""


def violations(asked: Asked) -> list[str]:
    """What the specification does not allow about a request; nothing when it is as it should be."""
    name = operation_of(asked)
    if not name:
        return [f"{asked.method} {asked.path} is not in the specification"]
    operation = OPERATIONS[name]
    found = [f"{name}.{fault}" for fault in (*_in_address(asked, operation), *_in_body(asked, operation))]
    return [fault for fault in found if re.split("[ :]", fault)[0] not in BEYOND]


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path)))


def _in_address(asked: Asked, operation: dict[str, Any]) -> Iterator[str]:
    declared = {(each["in"], each["name"]): each for each in operation["parameters"]}
    found = _pattern(operation["path"]).fullmatch(asked.path)
    parts = {name: unquote(value) for name, value in (found.groupdict() if found else {}).items()}
    for where, values in (("path", parts), ("query", asked.query)):
        for name, text in values.items():
            parameter = declared.get((where, name))
            if parameter is None:
                yield f"{name} is not declared"
            else:
                yield from (
                    f"{name}: {error}" for error in _errors(_typed(text, parameter["schema"]), parameter["schema"])
                )
    for (where, name), parameter in declared.items():
        if parameter["required"] and name not in (parts if where == "path" else asked.query):
            yield f"{name} is missing"


def _in_body(asked: Asked, operation: dict[str, Any]) -> Iterator[str]:
    schema = operation["body"]
    if schema is None:
        if asked.body is not None:
            yield "a body is sent where none is declared"
        return
    yield from _errors(asked.body, schema)
    yield from (f"{name} is not declared" for name in asked.body if name not in _properties(schema))


def _properties(schema: dict[str, Any]) -> set[str]:
    names = set(schema.get("properties", ()))
    return names.union(*(_properties(part) for part in schema.get("allOf", ())))


def _errors(value: Any, schema: dict[str, Any]) -> Iterator[str]:
    validator = OAS30WriteValidator(schema, format_checker=oas30_format_checker)
    yield from (f"{'/'.join(map(str, error.absolute_path))} {error.message}" for error in validator.iter_errors(value))


def _typed(text: str, schema: dict[str, Any]) -> Any:
    """A text of an address as the type that the schema asks for; itself when it is none."""
    if schema.get("type") in {"integer", "number"} and re.fullmatch(r"-?\d+", text):
        return int(text)
    if schema.get("type") == "boolean" and text in {"true", "false"}:
        return text == "true"
    return text

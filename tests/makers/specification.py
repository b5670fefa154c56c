"""Paystack's own specification of its calls: what of a request it does not allow, and its documented answers."""

import copy
import json
import re
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import yaml
from openapi_schema_validator import OAS30WriteValidator, oas30_format_checker

from tests.makers.vendor import Asked

FOLDER = Path(__file__).resolve().parents[1] / "vendor" / "paystack"
METHODS = frozenset({"get", "post", "put", "delete"})

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
    "dispute_uploadUrl.upload_filename": FILTERS,
    "dedicatedAccount_requery.date": "a day to look through: YYYY-MM-DD, where the specification has a time",
}


@cache
def specification() -> dict[str, Any]:
    """The description, whole."""
    found: dict[str, Any] = yaml.load((FOLDER / "openapi.yaml").read_bytes(), Loader=yaml.CSafeLoader)
    return found


@cache
def operations() -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Every operation by its name: method, path, and what is declared of it."""
    return {
        operation["operationId"]: (method.upper(), path, operation | {"shared": item.get("parameters", [])})
        for path, item in specification()["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }


@cache
def _documented() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / "openapi.mock.json").read_text())["paths"]
    return found


def answers(operation: str) -> dict[tuple[int, str], Any]:
    """Every answer to an operation that the documentation shows, by its HTTP status and name."""
    method, path, _ = operations()[operation]
    found = {}
    for status, response in _documented()[path][method.lower()]["responses"].items():
        for which, example in response.get("content", {}).get("application/json", {}).get("examples", {}).items():
            found[int(status), which] = example["value"]
    return found


def sample(operation: str, status: int = 200, which: str = "docs") -> Any:
    """One of these, to be changed at will."""
    return copy.deepcopy(answers(operation)[status, which])


def operation_of(asked: Asked) -> str:
    """Which operation a request is; the most literal path wins, as `/transfer/verify/…` over `/transfer/{code}`."""
    fits = [
        (path.count("{"), name)
        for name, (method, path, _) in operations().items()
        if method == asked.method and _pattern(path).fullmatch(asked.path)
    ]
    return min(fits)[1] if fits else ""


def violations(asked: Asked, *, allowed: Collection[str] = BEYOND) -> list[str]:
    """What the specification does not allow about a request; nothing when it is as it should be."""
    name = operation_of(asked)
    if not name:
        return [f"{asked.method} {asked.path} is not in the specification"]
    _, path, operation = operations()[name]
    found = [f"{name}.{fault}" for fault in (*_in_address(asked, path, operation), *_in_body(asked, operation))]
    return [fault for fault in found if re.split("[ :]", fault)[0] not in allowed]


@cache
def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path)))


def _in_address(asked: Asked, path: str, operation: dict[str, Any]) -> Iterator[str]:
    listed = [_whole(each) for each in (*operation["shared"], *operation.get("parameters", []))]
    declared = {(each["in"], each["name"]): each for each in listed}
    found = _pattern(path).fullmatch(asked.path)
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
        if parameter.get("required") and name not in (parts if where == "path" else asked.query):
            yield f"{name} is missing"


def _in_body(asked: Asked, operation: dict[str, Any]) -> Iterator[str]:
    declared = _whole(operation.get("requestBody", {}))
    if not declared:
        if asked.body is not None:
            yield "a body is sent where none is declared"
        return
    schema = _whole(declared["content"]["application/json"]["schema"])
    yield from _errors(asked.body, schema)
    yield from (f"{name} is not declared" for name in asked.body if name not in _properties(schema))


def _properties(schema: dict[str, Any]) -> set[str]:
    names = set(schema.get("properties", ()))
    return names.union(*(_properties(part) for part in schema.get("allOf", ())))


def _whole(part: Any) -> Any:
    """A part of the description with what it refers to put in its place."""
    if isinstance(part, list):
        return [_whole(each) for each in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        there: Any = specification()
        for step in part["$ref"].removeprefix("#/").split("/"):
            there = there[step]
        return _whole(there)
    return {name: _whole(each) for name, each in part.items()}


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

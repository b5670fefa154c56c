"""The doors of second factors, hung once into each face, under its own address and with its own mark."""

from collections.abc import Callable
from functools import partial, update_wrapper
from typing import Any

from flask import Blueprint

from app.web import guards, passkey_doors, second_factor
from app.web.guards import ENROL, PROVE, View


def _enrolling(view: View) -> View:
    """Who has no factor yet types their password before they add the first; who has one proves it."""
    return guards.at(ENROL)(guards.fresh(view))


_proving = guards.at(PROVE)
GET, POST = ["GET"], ["POST"]
DOORS: tuple[tuple[str, list[str], Callable[..., Any], Callable[[Any], Any]], ...] = (
    ("/prove", [*GET, *POST], second_factor.prove, _proving),
    ("/prove/options", POST, passkey_doors.options_to_prove, _proving),
    ("/prove/passkey", POST, passkey_doors.prove_passkey, _proving),
    ("/prove/password", [*GET, *POST], second_factor.prove_password, guards.at(ENROL)),
    ("/factors", GET, second_factor.factor_list, guards.at(ENROL)),
    ("/factors/app", GET, second_factor.app, _enrolling),
    ("/factors/app", POST, second_factor.begin_app, _enrolling),
    ("/factors/app/confirm", POST, second_factor.confirm_app, _enrolling),
    ("/factors/app/remove", POST, second_factor.remove_app, guards.fresh),
    ("/factors/codes", POST, second_factor.write_codes, guards.fresh),
    ("/factors/passkeys", POST, passkey_doors.add_passkey, _enrolling),
    ("/factors/passkeys/options", POST, passkey_doors.options_to_add, _enrolling),
    ("/factors/passkeys/<passkey_id>/remove", POST, passkey_doors.remove_passkey, guards.fresh),
)


def hang(blueprint: Blueprint, *, whose: Callable[[View], View]) -> None:
    """Give a face these doors; `whose` is its mark."""
    for rule, methods, view, mark in DOORS:
        own: Any = update_wrapper(partial(view), view)  # each face marks a view of its own
        blueprint.add_url_rule(rule, view.__name__, mark(whose(own)), methods=methods)

"""What was given beside what was found, as the page of a review shows it to staff."""

from collections.abc import Callable

import pytest
from flask import Flask, render_template_string

from app.core.db import leave
from app.identification import queries
from app.identification.rules import Given
from tests.makers import identities, people
from tests.makers.people import Customer
from tests.makers.sandbox import SandboxProcess

MACRO = '{% from "console/identification/_comparison.html" import comparison %}{{ comparison(checks, given) }}'


@pytest.fixture
def owner(inside: Flask) -> Customer:
    return people.customer()


def shown(app: Flask, owner: Customer, **given: str) -> str:
    checks = queries.of_customer_for_operators(owner.id)
    leave()
    with app.test_request_context("/console/"):
        return " ".join(render_template_string(MACRO, checks=checks, given=given or None).split())


def test_nothing_asked_says_so(app: Flask, owner: Customer) -> None:
    assert "Nobody was asked yet" in shown(app, owner)


def test_both_names_as_written_with_the_pairs_and_the_score(
    app: Flask, owner: Customer, sandbox: SandboxProcess, work_off: Callable[..., int]
) -> None:
    number = identities.number("2233")
    record = {"kind": "bvn", "number": number, "name": "BELLO, Olufemi", "birth_date": "1990-11-04"}
    sandbox.control("POST", "records", record)
    identities.ask(owner, number, given=Given("Femi A. Bello", identities.BORN.replace(month=4, day=11)))
    work_off()
    page = shown(app, owner)
    for expected in ("Femi A. Bello", "BELLO, Olufemi", "1990-04-11", "1990-11-04", f"BVN …{number[-4:]}"):
        assert expected in page, expected
    assert "Day and month exchanged" in page
    assert "<td>femi</td> <td>olufemi</td> <td>short form</td>" in page
    assert "Look at this" in page
    assert "<mark>" in page
    assert number not in page


def test_what_differs_is_marked_and_what_agrees_is_not(
    app: Flask, owner: Customer, work_off: Callable[..., int]
) -> None:
    identities.ask(owner, identities.number(identities.ECHO))
    work_off()
    assert "<mark>" not in shown(app, owner)
    identities.ask(owner, identities.number(identities.OTHER))
    work_off()
    assert "<mark>" in shown(app, owner)


def test_what_the_application_says_now_is_beside_what_was_asked(
    app: Flask, owner: Customer, work_off: Callable[..., int]
) -> None:
    identities.ask(owner, identities.number(identities.ECHO))
    work_off()
    assert "The application says now" not in shown(app, owner, name="Ada Obi", birth_date="1990-04-23")
    assert "The application says now: <ins" in shown(app, owner, name="Ada Ngozi Obi", birth_date="1990-04-23")


def test_a_number_of_two_customers_is_said_to_staff(app: Flask, owner: Customer, work_off: Callable[..., int]) -> None:
    number, other = identities.number(identities.ECHO), people.customer()
    for who in (other, owner):
        identities.ask(who, number)
        work_off()
    assert "Another customer was verified with this number" in shown(app, owner)
    assert "Another customer was verified with this number" not in shown(app, other)
    assert other.id not in shown(app, owner)


def test_no_answer_and_no_record_say_why(
    app: Flask, owner: Customer, work_off: Callable[..., int], sandbox: SandboxProcess
) -> None:
    identities.ask(owner, identities.number(identities.NOBODY))
    work_off()
    assert "nothing is registered" in shown(app, owner)
    identities.ask(owner, identities.number(identities.ECHO))
    assert "The answer is still to come" in shown(app, owner)


def test_what_people_write_is_not_markup(app: Flask, owner: Customer) -> None:
    identities.ask(owner, identities.number(identities.ECHO), given=Given("<b>Ada</b> Obi", identities.BORN))
    page = shown(app, owner)
    assert "&lt;b&gt;Ada" in page
    assert "<b>" not in page

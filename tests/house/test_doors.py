"""No door without a word about who may pass."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.views import MethodView

from app.core.permissions import Permission
from app.web import guards
from app.web.guards import Door
from tests.house.conftest import ExpectNone
from tests.house.gates import doors


def test_every_door_says_who_may_pass(app: Flask, expect_none: ExpectNone) -> None:
    expect_none(doors.faults(app))


def test_every_exemption_is_needed(app: Flask, expect_none: ExpectNone) -> None:
    expect_none(doors.unused_exemptions(app))


@pytest.fixture
def bare() -> Flask:
    """An application without a door."""
    return Flask("bare", static_folder=None)


def view() -> Callable[[], str]:
    """A fresh view that nobody guards."""
    return lambda: ""


def ledger(of: Callable[[], str]) -> Callable[[], str]:
    """The mark of a door to the books."""
    return guards.operator(Permission.LEDGER_READ)(of)


class Table:
    """What a Flask-Admin view is to the application: a method of an object whose class may carry a door."""

    door: Door | None = None

    def index(self) -> str:
        """The list."""
        return ""


class TestTheGate:
    @pytest.mark.parametrize(
        ("address", "mark"),
        [
            ("/withdraw", guards.customer),
            ("/livez", guards.public),
            ("/console/books", ledger),
            ("/api/v1/withdrawals", guards.api(None)),
            ("/callbacks/paystack", guards.vendor),
        ],
    )
    def test_lets_a_fitting_word_pass(self, bare: Flask, address: str, mark: Any) -> None:
        bare.add_url_rule(address, "it", mark(view()))
        assert doors.faults(bare) == []

    @pytest.mark.parametrize(
        ("address", "door", "says"),
        [
            ("/withdraw", None, "nobody says who may pass"),
            ("/console/books", Door("customer"), "a door for customer at this address"),
            ("/api/v1/books", Door("customer"), "a door for customer at this address"),
            ("/callbacks/paystack", Door("public"), "a door for public at this address"),
            ("/books", Door("operator", Permission.LEDGER_READ), "a door for operator at this address"),
            ("/console/books", Door("operator"), "need a Permission"),
            ("/withdraw", Door("customer", Permission.LEDGER_READ), "need a Permission"),
        ],
    )
    def test_bites(self, bare: Flask, address: str, door: Door | None, says: str) -> None:
        unfit = view()
        unfit.__door__ = door  # type: ignore[attr-defined]
        bare.add_url_rule(address, "it", unfit)
        (fault,) = doors.faults(bare)
        assert fault.startswith(f"{address} (it): ")
        assert says in fault

    def test_sees_a_place_where_anybody_could_write(self, bare: Flask) -> None:
        bare.add_url_rule("/sign-in", "portal.sign_in", guards.public(view()), methods=["GET", "POST"])
        bare.add_url_rule("/wipe", "wipe", guards.public(view()), methods=["POST"])
        (fault,) = doors.faults(bare)
        assert fault.startswith("/wipe (wipe): anybody could write here")

    def test_looks_at_the_class_of_a_view(self, bare: Flask) -> None:
        class Open(MethodView):
            """Says nothing."""

        @guards.public
        class Marked(MethodView):
            """Says so for all its methods."""

        bare.add_url_rule("/open", view_func=Open.as_view("open"))
        bare.add_url_rule("/marked", view_func=Marked.as_view("marked"))
        (fault,) = doors.faults(bare)
        assert fault.startswith("/open (open)")

    def test_looks_at_the_door_of_an_admin_view(self, bare: Flask) -> None:
        guarded = type("Guarded", (Table,), {"door": Door("operator", Permission.LEDGER_READ)})
        bare.add_url_rule("/console/one", "one.index", Table().index)
        bare.add_url_rule("/console/two", "two.index", guarded().index)
        (fault,) = doors.faults(bare)
        assert fault.startswith("/console/one (one.index)")

    def test_looks_for_the_door_of_a_blueprint(self, bare: Flask) -> None:
        bare.extensions["doors"] = {"jobs": Door("operator", Permission.JOBS_READ)}
        bare.add_url_rule("/console/jobs", "jobs.index", view())
        assert doors.faults(bare) == []

    def test_sees_an_exemption_that_is_not_needed(self, bare: Flask) -> None:
        assert "admin.static: no such endpoint, take it off the lists." in doors.unused_exemptions(bare)

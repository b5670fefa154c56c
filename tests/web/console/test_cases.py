"""The queue of cases at its doors: whose is whose to read and to work on, what each page says, how one is closed."""

import html
import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.cases import queries, rules, service
from app.core import actor, clock
from app.core.db import leave, rows, transaction
from app.core.permissions import Role
from app.customers import closures
from jobs import watchdog
from jobs.work import Work
from tests.makers import browse, people
from tests.makers.books import fresh
from tests.web.console.conftest import Visitor

pytestmark = pytest.mark.usefixtures("inside")

SYSTEM = actor.system("test")
LIST = "/console/cases"


def opened(owner: Role, *, customer_id: str | None = None) -> tuple[str, str]:
    """A case in a queue: its page, and words that stand nowhere else."""
    words = f"It is {fresh('heron')}."
    with transaction(SYSTEM):
        case_id = service.open("tested", fresh("x"), owner=owner, words=words, customer_id=customer_id, actor=SYSTEM)
    return f"{LIST}/{case_id}", words


def state_of(page: str) -> str:
    leave()
    return queries.one_for_operators(page.rpartition("/")[2], owners=rules.OWNERS).state


def listed(client: FlaskClient, words: str, *, view: str = "open") -> bool:
    """Whether it stands on a page of the list."""
    place: str | None = f"{LIST}?view={view}"
    while place:
        page = client.get(place).text
        if words in page:
            return True
        more = re.search(r'rel="next" href="([^"]+)"', page)
        place = html.unescape(more[1]) if more else None
    return False


@pytest.mark.parametrize("role", Role)
def test_the_queues_of_compliance_are_for_them_and_who_audits(visitor: Visitor, role: Role) -> None:
    (open_page, open_words), (page, words) = opened(Role.TREASURY), opened(Role.COMPLIANCE_OFFICER)
    client, reads = visitor(role), role in {Role.COMPLIANCE_OFFICER, Role.COMPLIANCE_MANAGER, Role.AUDITOR}
    assert client.get(open_page).status_code == 200
    assert client.get(page).status_code == (200 if reads else 404)
    assert listed(client, open_words)
    assert listed(client, words) is reads


def test_its_owner_finds_it_among_their_own_takes_and_closes_it(visitor: Visitor) -> None:
    page, words = opened(Role.TREASURY)
    client = visitor(Role.TREASURY)
    assert listed(client, words, view="mine")
    assert not listed(visitor(Role.FINANCE), words, view="mine")
    browse.send(client, f"{page}/take", form_at=page)
    assert "I look after it" not in client.get(page).text
    empty = browse.send(client, f"{page}/close", form_at=page, note=" ")
    assert (empty.status_code, "Write a note" in empty.text) == (422, True)
    browse.send(client, f"{page}/close", form_at=page, note="The bank answered.")
    assert state_of(page) == "closed"
    assert "The bank answered." in client.get(page).text
    assert listed(client, words, view="closed")


def test_it_is_put_off_and_says_until_when(visitor: Visitor) -> None:
    page, words = opened(Role.FINANCE)
    client = visitor(Role.FINANCE)
    refused = browse.send(client, f"{page}/put-off", form_at=page, wait="never", note="Later.")
    assert (refused.status_code, "Choose for how long" in refused.text) == (422, True)
    browse.send(client, f"{page}/put-off", form_at=page, wait="1d", note="They are closed.")
    assert state_of(page) == "put_off"
    assert listed(client, words, view="put_off")
    assert "Comes back" in client.get(page).text


def test_who_is_not_its_owner_sees_whose_it_is_and_changes_nothing(visitor: Visitor) -> None:
    page, _ = opened(Role.TREASURY)
    client = visitor(Role.FINANCE)
    shown = client.get(page).text
    assert "It is in the queue of treasury" in shown
    assert "Put it off" not in shown
    browse.send(client, f"{page}/close", form_at=LIST, note="Not mine.")
    assert state_of(page) == "open"


def test_nobody_reads_a_case_about_themselves(app: Flask) -> None:
    _, email = people.operator(Role.COMPLIANCE_OFFICER)
    page, _ = opened(Role.COMPLIANCE_OFFICER, customer_id=people.customer(email=email).id)
    client = app.test_client()
    browse.come_in(client, email, console=True)
    assert client.get(page).status_code == 404


def test_one_that_the_clock_opened_says_what_can_be_done_and_is_not_closed_by_hand(
    app: Flask, visitor: Visitor
) -> None:
    one = people.customer()
    with transaction(one.actor):
        closures.ask(one.id, reason="Moving away.", actor=one.actor)
    with clock.at(clock.now() + timedelta(days=31)):
        watchdog.watch(Work("test", "slot", {}, app.extensions["clients"], SYSTEM))
    leave()
    case_id = rows("SELECT id FROM cases WHERE customer_id = :me", me=one.id)[0].id
    client = visitor(Role.SUPPORT)
    shown = client.get(f"{LIST}/{case_id}").text
    assert "Write to the customer" in shown
    assert f"/console/customers/{one.id}" in shown
    assert "It closes by itself" in shown
    assert f"{LIST}/{case_id}/close" not in shown

"""The queue and the drawer of withdrawals: what narrows it, what is said of each, and what its owner is never told."""

import pytest
from flask import Flask

from app.core import actor, machine
from app.core.db import leave, transaction
from app.core.permissions import Role
from app.web.console import withdrawal_facts
from app.withdrawals import queries, queue, rounds, rows, rules, service
from app.withdrawals.models import Withdrawal
from app.withdrawals.queue import Narrowed
from app.withdrawals.rules import State
from tests.makers import browse, listed, people
from tests.makers.people import Customer, naira
from tests.makers.sandbox import SandboxProcess
from tests.web.console.conftest import Visitor

pytestmark = pytest.mark.usefixtures("inside")
SYSTEM = actor.system("test")


@pytest.fixture
def waiting(inside: Flask, sandbox: SandboxProcess) -> tuple[Customer, Withdrawal]:
    """Somebody's first withdrawal, which waits for people."""
    owner = people.customer(enrolled=True)
    people.paid_in(owner, naira(300_000), app=inside, sandbox=sandbox)
    account = people.bank_account(owner, app=inside)
    asked = people.asked_for(owner, naira(250_000), account=account)
    leave()
    return owner, asked


def found(narrowed: Narrowed) -> set[str]:
    page = queue.page_for_operators(rules.OPEN, oldest_first=False, narrowed=narrowed)
    leave()
    return {one.id for one in page}


class TestTheQueue:
    def test_lists_what_its_address_asks_for(self, waiting: tuple[Customer, Withdrawal]) -> None:
        one = queries.one_for_operators(waiting[1].id)
        against = next(iter(queue.reasons_for_operators({one.id})[one.id]), None)
        fits = Narrowed(
            band=one.band,
            target=one.target,
            size="middle",
            state=one.state,
            check=str(against.number) if against else "",
        )
        other = [Narrowed(size="small"), Narrowed(size="large"), Narrowed(check="2"), Narrowed(needs="opr_nobody")]
        assert one.id in found(fits)
        assert not [narrowed for narrowed in other if one.id in found(narrowed)]

    def test_says_of_each_what_it_takes(self, waiting: tuple[Customer, Withdrawal], visitor: Visitor) -> None:
        one = waiting[1]
        page = visitor(Role.TREASURY).get(f"/console/withdrawals?size=middle&state={one.state}").text
        for told in ("never paid", "Float after", "T3 ·", "up to ₦1,000,000"):
            assert told in page
        assert f"/console/withdrawals/{one.id}" in page

    @pytest.mark.parametrize("view", ["me", "waiting", "stopped", "underway", "ended"])
    def test_opens_with_words_that_mean_nothing(self, view: str, visitor: Visitor) -> None:
        odd = "&band=x&to=y&size=z&state=gone&check=99"
        answer = visitor(Role.TREASURY).get(f"/console/withdrawals?view={view}{odd}")
        assert (answer.status_code, "Clear the filters" in answer.text) == (200, True)

    def test_keeps_views_of_ones_own(self, visitor: Visitor) -> None:
        client, place = visitor(Role.TREASURY), "/console/withdrawals"
        kept = browse.send(client, f"{place}/views", form_at=place, name="Large", view="stopped", size="large")
        assert kept.location == f"{place}?view=stopped&size=large"
        assert 'class="chip" href="/console/withdrawals?view=stopped&amp;size=large"' in client.get(place).text
        assert "Your views" not in visitor(Role.TREASURY).get(place).text

    def test_asks_what_the_lists_found_for_those_only_who_may_know(
        self, waiting: tuple[Customer, Withdrawal], visitor: Visitor
    ) -> None:
        """No list has them: who may know asks for what it has and finds nothing, who may not has asked for nothing."""
        listed.one_at_least()
        listed.screened(listed.subject(f"{listed.word()} {listed.word()}", waiting[0]))
        with transaction(SYSTEM):
            rounds.look_again(waiting[1].id, actor=SYSTEM)
        leave()
        place, link = "/console/withdrawals", f"/console/withdrawals/{waiting[1].id}"
        officer, treasurer = visitor(Role.COMPLIANCE_OFFICER), visitor(Role.TREASURY)
        for check, seen in (("10", True), ("010", True), ("2", False)):
            asked = f"{place}?check={check}&size=middle"
            assert (link in treasurer.get(asked).text) is seen, check
        assert link not in officer.get(f"{place}?check=10&size=middle").text
        kept = browse.send(treasurer, f"{place}/views", form_at=place, name="Listed", view="stopped", check="10")
        assert kept.location == f"{place}?view=stopped"

    @pytest.mark.parametrize("until", ["", "2026-02-30", "0001-01-01", "9999-12-31", "2025-01-31"])
    def test_shows_what_has_ended_by_days(self, until: str, visitor: Visitor) -> None:
        page = visitor(Role.TREASURY).get(f"/console/withdrawals?view=ended&until={until}")
        assert (page.status_code, "Asked for from" in page.text) == (200, True)
        assert ("1 Jan 2025</strong> to <strong>31 Jan 2025" in page.text) == (until == "2025-01-31")


class TestTheDrawer:
    def test_says_who_has_it_in_hand(self, waiting: tuple[Customer, Withdrawal], visitor: Visitor) -> None:
        place, mine, other = f"/console/withdrawals/{waiting[1].id}", visitor(Role.TREASURY), visitor(Role.TREASURY)
        assert "Nobody has it in hand" in mine.get(place).text
        browse.send(mine, f"{place}/take", form_at=place)
        assert "In your hands until" in mine.get(place).text
        assert "has it in hand until" in other.get(place).text
        assert "in your hands" in mine.get("/console/withdrawals?hands=mine").text
        # It keeps nobody from deciding, and who has decided has done with it.
        browse.send(other, f"{place}/hold", form_at=place, reason="A call.", hours="")
        assert queries.one_for_operators(waiting[1].id).state == State.HELD
        leave()
        browse.send(mine, f"{place}/reject", form_at=place, reason="Not yours.")
        assert "in hand" not in mine.get(place).text

    def test_says_on_what_it_was_asked_for_and_what_was_refused_before(
        self, app: Flask, inside: Flask, sandbox: SandboxProcess, visitor: Visitor
    ) -> None:
        owner = people.customer(enrolled=True)
        people.paid_in(owner, naira(300_000), app=inside, sandbox=sandbox)
        account = people.bank_account(owner, app=inside)
        leave()
        client = app.test_client()
        browse.come_in(client, owner.email)
        asked = {"account": account, "step": "confirm", "key": "hands-1"}
        browse.send(client, "/withdraw", form_at="/withdraw", amount="290000000", **asked)
        made = browse.send(client, "/withdraw", form_at="/withdraw", amount="1000", **asked)
        page = visitor(Role.COMPLIANCE_OFFICER).get(f"/console{made.location}").text
        for told in ("How it was asked for", "Other networks before", "Refused in the 7 days before", "₦290,000,000"):
            assert told in page
        activity = visitor(Role.SUPPORT).get(f"/console/customers/{owner.id}/activity").text
        assert "Withdrawals refused at the door" in activity

    def test_tells_checks_with_what_they_were_given(
        self, waiting: tuple[Customer, Withdrawal], visitor: Visitor
    ) -> None:
        page = visitor(Role.TREASURY).get(f"/console/withdrawals/{waiting[1].id}").text
        for told in ("What it was given", "Held for this one", "Where the money came from", "Payout float after it"):
            assert told in page

    def test_checks_anew_what_waits(self, waiting: tuple[Customer, Withdrawal], visitor: Visitor) -> None:
        one, client = waiting[1], visitor(Role.TREASURY)
        place = f"/console/withdrawals/{one.id}"
        assert "Check it again?" in client.get(place).text
        browse.send(client, f"{place}/release", form_at=place, reason="They called.")
        leave()
        again = queries.one_for_operators(one.id)
        assert (again.state, again.round_no) == (State.REQUESTED, one.round_no + 1)
        assert again.content_hash != one.content_hash


class TestWhatItsOwnerIsTold:
    def test_is_what_was_written_for_them(self, app: Flask, waiting: tuple[Customer, Withdrawal]) -> None:
        owner, one = waiting
        with transaction(staff := actor.operator(people.at_work(Role.TREASURY)[0])):
            service.hold(one.id, reason="Police called.", owns=None, actor=staff)
        client = app.test_client()
        browse.come_in(client, owner.email)
        assert "Police" not in client.get(f"/withdrawals/{one.id}").text
        with transaction(staff):
            service.reject(one.id, reason="Please send us your card.", owns=None, actor=staff)
        page = client.get(f"/withdrawals/{one.id}").text
        assert ("Please send us your card." in page, "Police" in page) == (True, False)

    def test_is_no_reason_of_the_house(self, waiting: tuple[Customer, Withdrawal]) -> None:
        with transaction(SYSTEM):
            one = rows.locked(waiting[1].id)
            machine.move(one, State.CANCELLED, machine=rules.MACHINE, actor=SYSTEM, reason="Police called.")
            assert queries.told(one.id, customer_id=waiting[0].id) == ""
        assert queries.TOLD == {State.FAILED: rules.NOT_TAKEN, State.RETURNED: rules.SENT_BACK}


def test_facts_are_told_as_people_read_them() -> None:
    told = dict(
        withdrawal_facts.lines(
            {
                "held": "150000",
                "removed": False,
                "left": {"bank:out": {"day": "100"}},
                "added_at": "2026-11-01T10:00:00+00:00",
            }
            | {"rules": [], "quiet_days": None, "rule": {"x": 1}}
        )
    )
    assert told["Held"] == str(naira(1_500))
    assert (told["Removed"], told["Rules"], told["Days quiet before"]) == ("no", "none", "none")
    assert told["Left"] == f"bank out day {naira(1)}"
    assert told["Added at"] == "1 Nov 2026, 11:00 WAT"
    assert "Rule" not in told

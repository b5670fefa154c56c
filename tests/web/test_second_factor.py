"""Second factors at the doors: a password alone opens nothing, an old proof not everything, a proof kills the token."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from app.core import actor, clock
from app.core.db import transaction
from app.core.permissions import Role
from app.identity import factors, rules, totp
from app.identity.errors import PasswordStale
from app.web import guards
from app.web.guards import API, CUSTOMER, ENROL, OPERATOR, PROVE
from tests.makers import apps, browse, people, sessions
from tests.makers.authenticator import Authenticator

CONSOLE, PORTAL = "bursar_console", "bursar"
# Doors that change something and ask for no fresh proof, each with the reason. Every other one asks for it.
_TAKES_AWAY = "it only takes a right away, and somebody in need should not be kept waiting"
_PROVES = "it is the proof"
_STOPS = "it stops harm, which should not be late; lifting it takes others"
_READ_ONLY = "the library's own address; our table refuses to write, whoever asks"
_SHOWS = "it adds to what people look at before anything changes; who is new has no factor yet"
_PASSWORD = "it asks for the present password itself"
_WORK = "it is work on the way to a decision, and decides nothing"
_TOLD = "it is about what others tell: nothing moves, and what was told before stays"
_VIEWS = "it is a way to look at a list"
NOT_FRESH = {
    "api.close_session": _TAKES_AWAY,
    "api.prove_factor": _PROVES,
    "api.sign_token": "a key trades itself; what it may do was given to it with a fresh proof",
    "api.ask_quote": "nothing moves and nothing is held",
    "api.place_order": "what is given and what is got stay in wallets of the same customer",
    "api.start_deposit": "money comes in, and from its owner's own account",
    "console.answer_item": _WORK,
    "console.add_statement_source": _TOLD,
    "console.change_statement_source": _TOLD,
    "console.name_statement_account": "what is compared with what: no money moves, and the record says who said so",
    "console.try_matching_rules": "it is tried on a copy, and changes nothing",
    "console.retire_statement_source": "nothing more comes from it, and what it told stays",
    "console.bring_statement": _TOLD,
    "console.read_statement_again": _TOLD,
    "console.say_statement_days": _TOLD,
    "console.set_statement_rhythm": "what a teller lists is kept beside what else it told",
    "console.pull_statement": _TOLD,
    "console.propose_statement_columns": "it looks at a sample and keeps nothing",
    "console.save_statement_columns": _TOLD,
    "console.work_on_break": _WORK,
    "console.keep_break_evidence": _WORK,
    "portal.make_quote": "nothing moves and nothing is held",
    "portal.requote": "nothing moves and nothing is held",
    "portal.accept_quote": "what is given and what is got stay in wallets of the same customer",
    "portal.set_recurring": "what it will give and get stays in wallets of the same customer",
    "portal.pause_recurring": _STOPS,
    "portal.resume_recurring": "what it will give and get stays in wallets of the same customer",
    "portal.end_recurring": _STOPS,
    "portal.set_alert": "somebody is told of a price, and nothing moves",
    "portal.set_alert_again": "somebody is told of a price, and nothing moves",
    "portal.end_alert": "somebody is told no more of a price",
    "portal.send_transfer": "up to a bound in a day none is asked for; above it the command asks, see its own tests",
    "portal.pay_request": "as sending: the command asks above a bound",
    "api.send_transfer": "as at the portal: the command asks above a bound, and says so",
    "portal.ask_money": "asking moves nothing",
    "portal.split_bill": "asking moves nothing",
    "portal.decline_request": "nothing moves, and it ends what was asked",
    "portal.cancel_money_request": "nothing moves, and it ends what was asked",
    "portal.remind_of_request": "it says again what was said",
    "portal.handle": "a name is claimed, and its owner is told by mail",
    "portal.open_wallet": "an empty wallet is opened, and nothing moves",
    "portal.close_wallet": "a wallet with nothing in it is hidden, and opened again at will",
    "console.ask_for_payout": "it asks the vendor how something stands, and sends nothing",
    "console.read_venue": "it asks the venue what it holds, and orders nothing",
    "console.turn_off": _STOPS,
    "console.halt_pair": _STOPS,
    "console.end_price": "what people set is over sooner, and what the feeds tell counts again",
    "console.ask_again": "the customer is asked to send something, and can be asked again",
    "console.change_password": _PASSWORD,
    "console.claim_application": _WORK,
    "console.note_on_case": _WORK,
    "console.put_off_case": _WORK,
    "console.take_case": _WORK,
    "console.end_other_sessions": _TAKES_AWAY,
    "console.end_session": _TAKES_AWAY,
    "console.escalate_application": "somebody senior looks, and nothing is decided",
    "console.forget_view": _VIEWS,
    "console.freeze_customer": _STOPS,
    "console.safety_lock_customer": _STOPS,
    "console.place_restriction": _STOPS,
    "console.withdraw_invitation": _TAKES_AWAY,
    "console.end_schedule": "a report is made no more, and nothing that was made goes",
    "console.match_account": "it does what is done every few minutes anyway",
    "console.next_application": _WORK,
    "console.note_on_application": "a note is for colleagues, and stays",
    "console.options_to_prove": _PROVES,
    "console.prove": _PROVES,
    "console.prove_password": _PROVES,
    "console.prove_passkey": _PROVES,
    "console.pull_settlements": "it asks what is asked every hour anyway",
    "console.reconcile": "it compares and changes neither side",
    "console.release_application": _WORK,
    "console.rename_view": _VIEWS,
    "console.save_withdrawals_view": _VIEWS,
    "console.rename_withdrawals_view": _VIEWS,
    "console.forget_withdrawals_view": _VIEWS,
    "console.take_withdrawal": _WORK,
    "console.let_go_of_withdrawal": _WORK,
    "console.request_journal": "nothing is booked before others agree, who prove theirs; a long form would be lost",
    "console.retry_job": "it repeats work that was decided on before, and each piece of work counts once",
    "console.save_view": _VIEWS,
    "console.look_up_again": _WORK,
    "console.search_screening": "it is a search that stands in no address, and keeps nothing",
    "console.stay_at_application": _WORK,
    "console.together": "it says who looks at what, and decides nothing",
    "journals.action_view": _READ_ONLY,
    "journals.ajax_update": _READ_ONLY,
    "journals.create_view": _READ_ONLY,
    "journals.delete_view": _READ_ONLY,
    "journals.edit_view": _READ_ONLY,
    "portal.cancel": "the money stays with its owner",
    "portal.change_password": _PASSWORD,
    "portal.phone": "it is a proof itself: the code went to the number",
    "portal.resend_phone_code": "it sends a code to the number that is there",
    "portal.close": "it asks staff, who look first",
    "portal.keep": "everything stays as it was",
    "portal.deposit": "money comes in, and from its owner's own account",
    "portal.ask_account_number": "money comes in by it, and none goes out",
    "portal.look_for_transfer": "it has Paystack look for what came in",
    "portal.close_account_number": "nothing comes in by it any more, and none goes out",
    "portal.remove_card": _TAKES_AWAY,
    "portal.end_other_sessions": _TAKES_AWAY,
    "portal.end_session": _TAKES_AWAY,
    "portal.freeze_now": _STOPS,
    "portal.options_to_prove": _PROVES,
    "portal.prove": _PROVES,
    "portal.prove_password": _PROVES,
    "portal.prove_passkey": _PROVES,
    "portal.begin_verification": _SHOWS,
    "portal.change_details": _SHOWS,
    "portal.save_step": _SHOWS,
    "portal.send_file": _SHOWS,
    "portal.remove_file": _SHOWS,
    "portal.look_up_again": _SHOWS,
    "portal.submit_verification": _SHOWS,
    "portal.take_back_verification": "nothing is decided, and it can be begun again",
    "portal.reopen_checkout": "money comes in, and from its owner's own account",
    "portal.revoke_all_keys": _TAKES_AWAY,
    "portal.revoke_key": _TAKES_AWAY,
    "portal.remove_beneficiary": _STOPS,
}
# Doors that only show something and ask for it all the same.
FRESH_READS = {"console.download_statement", "console.ask_to_reveal", "console.take_document"}


@pytest.fixture
def customer(inside: Flask) -> people.Customer:
    return people.customer(enrolled=True)


@pytest.fixture
def treasurer(inside: Flask) -> str:
    return people.operator(Role.TREASURY)[1]


def cookie(client: FlaskClient, name: str) -> str:
    found = client.get_cookie(name)
    assert found is not None
    return found.value


def thief_of(app: Flask, client: FlaskClient, name: str) -> FlaskClient:
    """Another browser with a copy of the cookie."""
    thief = app.test_client()
    thief.set_cookie(name, cookie(client, name))
    return thief


def doors(app: Flask, *audiences: str) -> Iterator[tuple[Rule, guards.Door, str, str]]:
    """Every door for these, with an address and a method that lead to it."""
    for rule in app.url_map.iter_rules():
        door = guards.door_of(app, rule.endpoint)
        if door is not None and door.audience in audiences:
            path = app.url_map.bind("localhost").build(rule.endpoint, dict.fromkeys(rule.arguments, "1"))
            for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                yield rule, door, path, method


def knock(client: FlaskClient, path: str, method: str, token: str) -> tuple[int, str]:
    answer = client.get(path) if method == "GET" else client.post(path, data={"csrf_token": token})
    return answer.status_code, answer.location or ""


class TestHalfOpen:
    def test_an_operators_session_reaches_nothing_but_the_proof(self, app: Flask, treasurer: str) -> None:
        client = app.test_client()
        browse.with_password(client, treasurer, console=True)
        token = browse.token_of(client.get("/console/prove"))
        tried = 0
        for rule, door, path, method in doors(app, OPERATOR):
            status, location = knock(client, path, method, token)
            if PROVE in door.stages:
                assert status in {200, 404, 422}, path
            else:
                assert (status, location) == (303, "/console/prove"), (rule.endpoint, status, location)
                tried += 1
        assert tried > 40
        assert client.get("/").status_code == 200  # the portal's welcome page: nobody is signed in there

    def test_an_operator_without_a_factor_reaches_nothing_but_adding_one(self, app: Flask, inside: Flask) -> None:
        client = app.test_client()
        browse.with_password(client, people.newcomer(Role.TREASURY)[1], console=True)
        token = browse.token_of(client.get("/console/factors"))
        for rule, door, path, method in doors(app, OPERATOR):
            if ENROL not in door.stages:
                status, location = knock(client, path, method, token)
                assert (status, location) == (303, "/console/factors"), (rule.endpoint, status, location)

    def test_a_customers_session_reaches_nothing_but_the_proof(self, app: Flask, customer: people.Customer) -> None:
        client = app.test_client()
        browse.with_password(client, customer.email)
        token = browse.token_of(client.get("/prove"))
        for rule, door, path, method in doors(app, CUSTOMER):
            if PROVE not in door.stages:
                status, location = knock(client, path, method, token)
                assert (status, location) == (303, "/prove"), (rule.endpoint, status, location)
        assert client.get("/").location == "/prove"
        assert customer.email not in client.get("/nowhere").text

    def test_the_first_factor_is_set_up_on_the_way_in(self, app: Flask, inside: Flask) -> None:
        client = app.test_client()
        _, email = people.newcomer(Role.TREASURY)
        assert browse.with_password(client, email, console=True).location == "/console/"
        assert client.get("/console/").location == "/console/factors"
        assert browse.send(client, "/console/factors/app", form_at="/console/factors").status_code == 303
        page = client.get("/console/factors/app").text
        found = re.search(r'id="secret">([A-Z2-7 ]+)<', page)
        assert found
        assert '<path class="qr-ink" d="M' in page
        before = cookie(client, CONSOLE)
        code = totp.code(found[1].replace(" ", ""), step=rules.totp_step(clock.now()))
        sent = {"form_at": "/console/factors/app"}
        assert browse.send(client, "/console/factors/app/confirm", **sent, code="000000x").status_code == 422
        assert browse.send(client, "/console/factors/app/confirm", **sent, code=code).status_code == 303
        assert cookie(client, CONSOLE) != before
        assert client.get("/console/").status_code == 200

    def test_who_can_be_asked_for_a_proof_may_not_enrol_instead(self, app: Flask, treasurer: str) -> None:
        client = app.test_client()
        browse.with_password(client, treasurer, console=True)
        assert client.get("/console/factors").location == "/console/prove"
        assert client.get("/console/factors/app").location == "/console/prove"

    def test_can_be_left(self, app: Flask, treasurer: str) -> None:
        client = app.test_client()
        browse.with_password(client, treasurer, console=True)
        thief = thief_of(app, client, CONSOLE)
        assert browse.send(client, "/console/sign-out", form_at="/console/prove").status_code == 303
        assert thief.get("/console/prove").location == "/console/sign-in"

    def test_goes_on_to_where_it_wanted_to(self, app: Flask, treasurer: str) -> None:
        client = app.test_client()
        assert client.get("/console/withdrawals?view=ended").status_code == 303
        browse.with_password(client, treasurer, console=True)
        assert client.get("/console/withdrawals?view=ended").location == "/console/prove"
        assert browse.prove(client, treasurer, console=True).location == "/console/withdrawals?view=ended"

    def test_a_customer_without_a_factor_comes_in_as_before(self, app: Flask, inside: Flask) -> None:
        client = app.test_client()
        browse.sign_in(client, people.customer().email)
        assert client.get("/activity").status_code == 200


class TestWrongCodes:
    def test_are_said_and_then_paused(self, app: Flask, treasurer: str) -> None:
        client = app.test_client()
        browse.with_password(client, treasurer, console=True)
        for _ in range(rules.FACTOR_TRIES_MAX):
            answer = browse.send(client, "/console/prove", code="000000x")
            assert answer.status_code == 422
            assert "wrong" in answer.text
        assert "Wait 15 minutes" in browse.send(client, "/console/prove", code=apps.code(treasurer)).text


class TestFresh:
    def test_every_door_that_changes_something_asks_for_it_or_has_a_reason(self, app: Flask) -> None:
        asks, others = set(), set()
        for rule in app.url_map.iter_rules():
            door = guards.door_of(app, rule.endpoint)
            if door is None or door.audience not in {OPERATOR, CUSTOMER, API}:
                continue
            writes = bool((rule.methods or set()) - {"GET", "HEAD", "OPTIONS"})
            asks |= {rule.endpoint} if door.fresh else set()
            others |= {rule.endpoint} if writes and not door.fresh else set()
        assert others == set(NOT_FRESH)
        assert {rule.endpoint for rule in app.url_map.iter_rules() if "/factors/" in rule.rule} <= asks
        assert asks >= FRESH_READS
        assert all(len(reason.split()) > 2 for reason in NOT_FRESH.values())

    def test_none_of_them_opens_to_an_old_proof(self, app: Flask, inside: Flask, customer: people.Customer) -> None:
        people_of_all_roles = {role: people.operator(role)[1] for role in Role}
        tried = set()
        for audience, email, name in (
            (CUSTOMER, customer.email, PORTAL),
            *((OPERATOR, email, CONSOLE) for email in people_of_all_roles.values()),
        ):
            client = app.test_client()
            browse.sign_in(client, email, console=audience == OPERATOR)
            prefix = "/console" if audience == OPERATOR else ""
            sessions.let_factor_age(sessions.id_of(cookie(client, name)))
            token = browse.token_of(client.get(f"{prefix}/prove"))
            for rule, door, path, method in doors(app, audience):
                if not door.fresh:
                    continue
                status, location = knock(client, path, method, token)
                assert (status, location) in {(303, f"{prefix}/prove"), (403, "")}, (rule.endpoint, status, location)
                tried |= {rule.endpoint} if status == 303 else set()
        fresh = {rule.endpoint for rule, door, *_ in doors(app, OPERATOR, CUSTOMER) if door.fresh}
        assert tried == fresh

    def test_leads_back_to_the_page_that_asked(self, app: Flask, treasurer: str) -> None:
        client = app.test_client()
        browse.sign_in(client, treasurer, console=True)
        sessions.let_factor_age(sessions.id_of(cookie(client, CONSOLE)))
        page = client.get("/console/withdrawals?view=waiting")
        asked = client.post(
            "/console/withdrawals/wd_1/approve",
            data={"csrf_token": browse.token_of(page)},
            headers={"Referer": "http://localhost/console/withdrawals?view=waiting"},
        )
        assert asked.location == "/console/prove"
        proof = client.get("/console/prove")
        assert "Nothing was done." in proof.text
        answer = client.post(
            "/console/prove", data={"csrf_token": browse.token_of(proof), "code": apps.code(treasurer)}
        )
        assert answer.location == "/console/withdrawals?view=waiting"

    def test_leads_back_to_the_page_that_asked_for_a_part(self, app: Flask, inside: Flask) -> None:
        client, (_, officer) = app.test_client(), people.operator(Role.COMPLIANCE_OFFICER)
        place = f"/console/customers/{people.customer().id}"
        browse.sign_in(client, officer, console=True)
        sessions.let_factor_age(sessions.id_of(cookie(client, CONSOLE)))
        door = place.replace("customers", "reveal/email")
        came = {"HX-Request": "true", "Referer": f"http://localhost{place}"}
        assert client.get(door, headers=came).headers["HX-Redirect"] == "/console/prove"
        assert browse.prove(client, officer, console=True).location == place

    def test_leads_to_no_strangers_page(self, app: Flask, treasurer: str) -> None:
        client = app.test_client()
        browse.sign_in(client, treasurer, console=True)
        sessions.let_factor_age(sessions.id_of(cookie(client, CONSOLE)))
        token = browse.token_of(client.get("/console/withdrawals"))
        away = {"Referer": "http://evil.example/console/"}
        client.post("/console/withdrawals/wd_1/approve", data={"csrf_token": token}, headers=away)
        assert browse.prove(client, treasurer, console=True).location == "/console/"

    def test_takes_the_whole_window_of_an_htmx_request_along(self, app: Flask, treasurer: str) -> None:
        client = app.test_client()
        browse.sign_in(client, treasurer, console=True)
        sessions.let_factor_age(sessions.id_of(cookie(client, CONSOLE)))
        token = browse.token_of(client.get("/console/withdrawals"))
        answer = client.post(
            "/console/withdrawals/wd_1/approve", data={"csrf_token": token}, headers={"HX-Request": "true"}
        )
        assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/console/prove")

    def test_opens_after_a_proof(self, app: Flask, treasurer: str) -> None:
        client = app.test_client()
        browse.sign_in(client, treasurer, console=True)
        sessions.let_factor_age(sessions.id_of(cookie(client, CONSOLE)))
        browse.prove(client, treasurer, console=True)
        token = browse.token_of(client.get("/console/withdrawals"))
        answer = client.post("/console/withdrawals/wd_1/approve", data={"csrf_token": token})
        assert answer.location == "/console/withdrawals/wd_1"  # (where it is said that there is none)


class TestWithdrawing:
    def test_leads_a_customer_without_a_factor_to_adding_one(self, app: Flask, inside: Flask) -> None:
        client = app.test_client()
        browse.sign_in(client, people.customer().email)
        page = client.get("/withdraw")
        assert "Add a second factor first" in page.text
        assert 'href="/factors"' in page.text
        answer = client.post("/withdraw", data={"csrf_token": browse.token_of(page), "amount": "1000"})
        assert answer.location == "/factors"
        assert "Add a second factor to your account first" in client.get("/factors").text


class TestAFirstFactor:
    """A copied cookie is not enough for a factor of the thief's own, nor for a way out."""

    @pytest.fixture
    def later(self, app: Flask, inside: Flask) -> tuple[FlaskClient, str]:
        """A customer without a factor, some minutes after they signed in: their browser and address."""
        client, email = app.test_client(), people.customer().email
        browse.sign_in(client, email)
        sessions.let_password_age(sessions.id_of(cookie(client, PORTAL)))
        return client, email

    @pytest.mark.parametrize("door", ["/factors/app", "/factors/passkeys/options", "/withdraw/account"])
    def test_or_a_bank_account_asks_for_the_password_again(self, later: tuple[FlaskClient, str], door: str) -> None:
        client, _ = later
        token = browse.token_of(client.get("/factors"))
        assert client.post(door, data={"csrf_token": token}).location == "/prove/password"
        assert "Nothing was done." in client.get("/prove/password").text
        wrong = browse.send(client, "/prove/password", password="not my password")
        assert wrong.status_code == 422
        assert client.post(door, data={"csrf_token": token}).location == "/prove/password"
        thief = client.get_cookie(PORTAL)
        assert browse.send(client, "/prove/password", password=people.PASSWORD).status_code == 303
        assert client.post(door, data={"csrf_token": token}).location != "/prove/password"
        assert thief is not None
        assert cookie(client, PORTAL) != thief.value

    def test_is_refused_by_the_command_too(self, later: tuple[FlaskClient, str]) -> None:
        session_id = sessions.id_of(cookie(later[0], PORTAL))
        with pytest.raises(PasswordStale), transaction(actor.system("test")):
            factors.begin_app(session_id)

    def test_of_staff_is_no_exception(self, app: Flask, inside: Flask) -> None:
        client, (_, email) = app.test_client(), people.newcomer(Role.SUPPORT)
        browse.sign_in(client, email, console=True)
        sessions.let_password_age(sessions.id_of(cookie(client, CONSOLE)))
        token = browse.token_of(client.get("/console/factors"))
        assert client.post("/console/factors/app", data={"csrf_token": token}).location == "/console/prove/password"
        browse.send(client, "/console/prove/password", password=people.PASSWORD)
        assert client.post("/console/factors/app", data={"csrf_token": token}).location == "/console/factors/app"

    def test_does_not_make_a_bank_account_wait_for_the_password_of_who_has_one(
        self, app: Flask, customer: people.Customer
    ) -> None:
        client = app.test_client()
        browse.sign_in(client, customer.email)
        assert client.get("/withdraw/account").status_code == 200
        sessions.let_factor_age(sessions.id_of(cookie(client, PORTAL)))
        assert client.get("/withdraw/account").location == "/prove"


class TestRotation:
    def test_a_proof_kills_the_token_before_it(self, app: Flask, treasurer: str) -> None:
        """At signing in: who copied the cookie of the half-open session has nothing."""
        client = app.test_client()
        browse.with_password(client, treasurer, console=True)
        thief = thief_of(app, client, CONSOLE)
        browse.prove(client, treasurer, console=True)
        assert client.get("/console/").status_code == 200
        assert thief.get("/console/").location == "/console/sign-in"

    def test_so_does_a_proof_on_the_way(self, app: Flask, customer: people.Customer) -> None:
        client = app.test_client()
        browse.sign_in(client, customer.email)
        thief = thief_of(app, client, PORTAL)
        assert thief.get("/activity").status_code == 200
        browse.prove(client, customer.email)
        assert thief.get("/activity").location == "/sign-in"
        assert client.get("/activity").status_code == 200

    def test_a_token_that_was_planted_is_not_taken_up(self, app: Flask, customer: people.Customer) -> None:
        """Fixation: the attacker's own session in the victim's browser is neither kept nor opened."""
        attacker = app.test_client()
        browse.sign_in(attacker, people.customer().email)
        victim = app.test_client()
        victim.set_cookie(PORTAL, cookie(attacker, PORTAL))
        browse.sign_in(victim, customer.email)
        assert cookie(victim, PORTAL) != cookie(attacker, PORTAL)
        victim.set_cookie(PORTAL, "a-token-of-the-attackers-choice")
        browse.with_password(victim, customer.email)
        assert cookie(victim, PORTAL) != "a-token-of-the-attackers-choice"


class TestRecoveryCodes:
    def test_are_shown_once_and_open_the_door(self, app: Flask, customer: people.Customer) -> None:
        client = app.test_client()
        browse.sign_in(client, customer.email)
        page = browse.send(client, "/factors/codes", form_at="/factors")
        codes = re.findall(r"<li class=\"mono\">([A-Z2-7-]+)</li>", page.text)
        assert len(codes) == rules.RECOVERY_CODES
        assert codes[0] not in client.get("/factors").text
        another = app.test_client()
        browse.with_password(another, customer.email)
        assert browse.send(another, "/prove", code=codes[0].lower()).status_code == 303
        assert another.get("/activity").status_code == 200
        third = app.test_client()
        browse.with_password(third, customer.email)
        assert browse.send(third, "/prove", code=codes[0]).status_code == 422


class TestPasskeys:
    def post(self, client: FlaskClient, path: str, form_at: str, body: dict[str, Any]) -> TestResponse:
        token = browse.token_of(client.get(form_at))
        return client.post(path, json=body, headers={"X-CSRFToken": token})

    def test_open_the_console(self, app: Flask, inside: Flask) -> None:
        _, email = people.newcomer(Role.TREASURY)
        client, device = app.test_client(), Authenticator()
        browse.with_password(client, email, console=True)
        place = "/console/factors"
        options = self.post(client, f"{place}/passkeys/options", place, {})
        body = {"credential": device.create(options.text), "name": "My key"}
        added = self.post(client, f"{place}/passkeys", place, body)
        assert added.json == {"next": place}
        assert "My key" in client.get(place).text

        another = app.test_client()
        browse.with_password(another, email, console=True)
        thief = thief_of(app, another, CONSOLE)
        options = self.post(another, "/console/prove/options", "/console/prove", {})
        signed = {"credential": device.get(options.text)}
        assert self.post(another, "/console/prove/passkey", "/console/prove", signed).json == {"next": "/console/"}
        assert another.get("/console/").status_code == 200
        assert thief.get("/console/").location == "/console/sign-in"

    def test_say_why_not(self, app: Flask, customer: people.Customer) -> None:
        client = app.test_client()
        browse.sign_in(client, customer.email)
        none = self.post(client, "/prove/options", "/prove", {})
        assert none.status_code == 404
        refused = self.post(client, "/prove/passkey", "/prove", {"credential": {}})
        assert (refused.status_code, (refused.json or {})["error"]["code"]) == (422, "passkey_refused")

    def test_need_the_pages_token(self, app: Flask, customer: people.Customer) -> None:
        client = app.test_client()
        browse.sign_in(client, customer.email)
        assert client.post("/factors/passkeys/options", json={}).status_code == 400

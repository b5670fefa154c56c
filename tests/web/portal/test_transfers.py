"""Paying one another at the portal's doors: the name before the deed, the deed once, and who sees what of it."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core.money import Money
from app.transfers.rules import State
from app.web.throttle import Throttle
from tests.makers import apps, books, browse, people, sending, sessions
from tests.makers.coins import BTC
from tests.makers.people import Customer, naira
from tests.makers.sending import ask, customer, has, request_now
from tests.web.portal.conftest import at_home

pytestmark = pytest.mark.usefixtures("inside")


def review(client: FlaskClient, to: str, amount: str = "700", **more: str) -> str:
    """The page with the name."""
    answer = client.get("/transfers/review", query_string={"to": to, "amount": amount, "key": books.fresh(), **more})
    assert answer.status_code == 200, answer.text
    return answer.text


def confirmed(client: FlaskClient, shown: str) -> str:
    """Send what this page shows: the address of what was done."""
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', shown))
    answer = client.post("/transfers", data=fields)
    assert answer.status_code == 303, answer.text
    return str(answer.location)


class TestSending:
    def test_shows_the_name_first_and_is_done_once(self, app: Flask) -> None:
        one, other = customer(), customer(naira(0))
        client = at_home(app, one)
        page = review(client, other.email, note="Suya")
        assert "Ada O." in page
        assert other.id not in page
        assert has(other) == naira(0)
        place = confirmed(client, page)
        assert confirmed(client, page) == place
        assert (has(one), has(other)) == (naira(99_300), naira(700))
        done = client.get(place).text
        assert "Sent" in done
        assert "Suya" in done
        theirs = at_home(app, other)
        assert "Received" in theirs.get(place).text
        assert "From Ada O." in theirs.get("/").text
        assert "From Ada O." in theirs.get("/activity?kind=transfer").text
        receipt = theirs.get(f"/receipts/{place.rpartition('/')[2]}")
        assert "Suya" in receipt.text
        assert at_home(app, customer()).get(place).status_code == 404

    def test_goes_by_handle_and_in_a_coin(self, app: Flask) -> None:
        one, other = customer(), customer(naira(0))
        handle = sending.handle(other)
        sending.give(one, Money(BTC, 1_000_000))
        sending.price("BTC", 150_000_000)
        client = at_home(app, one)
        form = client.get("/transfers/new").text
        assert "Bitcoin" in form
        assert "data-money" not in form  # (that script writes kobo: it would cut a coin's digits)
        confirmed(client, review(client, f"@{handle}", "0.0001", asset="BTC"))
        assert has(other, BTC) == Money(BTC, 10_000)

    @pytest.mark.parametrize(
        ("to", "amount", "told"),
        [
            ("nobody@test.example", "5", "Nobody here is found"),
            ("", "5", "Nobody here is found"),
            ("them", "x", "Write the amount"),
            ("them", "0", "How much?"),
            ("them", "0.5", "At least ₦1.00"),
            ("them", "100,001", "You have ₦100,000.00 available"),
            ("me", "5", "That is you"),
        ],
    )
    def test_keeps_what_was_typed_and_says_what_is_wrong(self, app: Flask, to: str, amount: str, told: str) -> None:
        one, other = customer(), customer()
        to = {"them": other.email, "me": one.email}.get(to, to)
        answer = at_home(app, one).get(
            "/transfers/review", query_string={"to": to, "amount": amount, "key": "k", "note": "For you"}
        )
        assert answer.status_code in {404, 422}
        assert told in answer.text
        assert "For you" in answer.text

    def test_to_another_than_was_shown_is_not_done(self, app: Flask) -> None:
        one, other = customer(), customer(naira(0))
        client = at_home(app, one)
        page = review(client, other.email).replace('name="shown" value="Ada O."', 'name="shown" value="Bola A."')
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
        answer = client.post("/transfers", data=fields)
        assert answer.status_code == 409
        assert has(other) == naira(0)

    def test_of_much_leads_to_a_proof_and_back(self, app: Flask) -> None:
        one, other = customer(enrolled=True), customer(naira(0))
        client = at_home(app, one)
        page = review(client, other.email, "20,000")
        sessions.let_factor_age(sessions.id_of(client.get_cookie("bursar").value))  # type: ignore[union-attr]
        answer = client.get("/transfers/review", query_string={"to": other.email, "amount": "20,001", "key": "k"})
        assert answer.status_code == 303
        assert answer.location.endswith("/prove")
        confirmed(client, page)  # (up to the bound nothing is asked for)
        assert has(other) == naira(20_000)
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)) | {"key": "another"}
        assert client.post("/transfers", data=fields).location.endswith("/prove")
        assert has(other) == naira(20_000)

    def test_of_much_without_a_factor_leads_to_adding_one(self, app: Flask) -> None:
        one, other = customer(), customer()
        answer = at_home(app, one).get("/transfers/review", query_string={"to": other.email, "amount": "20,001"})
        assert answer.location.endswith("/factors")

    def test_looks_for_others_are_counted(self, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
        """As in production, whether somebody is found or not."""
        strict = Throttle(app.extensions["redis"], secret=books.fresh())
        monkeypatch.setitem(app.extensions, "throttle", strict)
        one, other = customer(), customer()
        client = at_home(app, one)
        typed = [{"to": who, "amount": "5"} for who in ("nobody@test.example", other.email) * 20]
        found = [client.get("/transfers/review", query_string=each).status_code for each in typed]
        assert found == [404, 200] * 20
        for who in (other.email, "nobody@test.example"):
            answer = client.get("/transfers/review", query_string={"to": who, "amount": "5"})
            assert answer.status_code == 429
            assert "Too many tries" in answer.text
        refused = browse.send(client, "/transfers/ask", to=other.email, amount="5", asset="NGN", key="k")
        assert refused.status_code == 429
        assert browse.send(client, "/transfers/handle", handle="somebodys").status_code == 429
        assert at_home(app, other).get("/transfers/review", query_string=typed[0]).status_code == 404


class TestRequests:
    def test_are_asked_for_paid_and_seen_by_both(self, app: Flask) -> None:
        one, other = customer(naira(0)), customer()
        mine, theirs = at_home(app, one), at_home(app, other)
        sent = browse.send(mine, "/transfers/ask", to=other.email, amount="500", asset="NGN", note="Lunch", key="a")
        assert sent.status_code == 303
        listed = theirs.get("/transfers/requests").text
        (place,) = set(re.findall(r"/transfers/requests/mrq_\w+", listed))
        page = theirs.get(place)
        assert "Lunch" in page.text
        paid = browse.send(theirs, f"{place}/pay", form_at=place, key=browse.key_of(page))
        assert paid.status_code == 303
        assert has(one) == naira(500)
        assert "Paid" in mine.get(place).text
        assert at_home(app, customer()).get(place).status_code == 404

    def test_are_declined_taken_back_and_reminded_of(self, app: Flask) -> None:
        one, other = customer(), customer()
        no, back = ask(one, other), ask(one, other)
        mine, theirs = at_home(app, one), at_home(app, other)
        place = f"/transfers/requests/{back.id}"
        assert browse.send(mine, f"{place}/remind", form_at=place).status_code == 303
        assert "less than a day ago" in mine.get("/transfers/requests").text
        browse.send(mine, f"{place}/cancel", form_at=place)
        browse.send(theirs, f"/transfers/requests/{no.id}/decline", form_at=f"/transfers/requests/{no.id}")
        assert [request_now(each.id).state for each in (no, back)] == [State.DECLINED, State.CANCELLED]
        token = browse.token_of(mine.get("/transfers/ask"))
        answer = mine.post(f"/transfers/requests/{no.id}/pay", data={"csrf_token": token, "key": "x"})
        assert answer.status_code in {303, 404}

    def test_of_a_bill_are_shares(self, app: Flask) -> None:
        one, others = customer(), [people.customer() for _ in range(2)]
        fields = {"to": "\n".join(each.email for each in others), "amount": "100", "asset": "NGN", "note": "Taxi"}
        client = at_home(app, one)
        sent = browse.send(client, "/transfers/split", **fields, with_me="y", key=books.fresh())
        page = client.get(sent.location).text
        assert page.count("₦33<small>.33</small>") == 2
        assert "₦33<small>.34</small>" in page
        refused = browse.send(client, "/transfers/split", **fields | {"to": one.email}, key=books.fresh())
        assert refused.status_code == 422
        assert "Taxi" in refused.text


class TestAHandle:
    def test_is_claimed_and_shown(self, app: Flask) -> None:
        client, name = at_home(app, customer()), f"h{books.fresh()[-12:]}"
        assert browse.send(client, "/transfers/handle", handle=f"@{name}").status_code == 303
        assert f"@{name}" in client.get("/transfers").text
        taken = browse.send(at_home(app, customer()), "/transfers/handle", handle=name)
        assert taken.status_code == 409
        assert name in taken.text
        again = browse.send(client, "/transfers/handle", handle="something_else")
        assert again.status_code == 429


class TestPrograms:
    def token(self, client: FlaskClient, one: Customer) -> dict[str, str]:
        body = {"email": one.email, "password": people.PASSWORD, "code": apps.code(one.email)}
        answer = client.post("/api/v1/sessions", json=body)
        return {"Authorization": f"Bearer {answer.json['token']}"}  # type: ignore[index]

    def test_send_once_and_see_it(self, client: FlaskClient) -> None:
        one, other = customer(enrolled=True), customer(naira(0))
        mine = self.token(client, one)
        body = {"to": other.email, "amount": {"asset": "NGN", "units": "70000"}, "note": "Suya", "name": "Ada O."}
        keyed = mine | {"Idempotency-Key": books.fresh()}
        first, again = (client.post("/api/v1/transfers", json=body, headers=keyed) for _ in range(2))
        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json == again.json
        sent = first.json
        assert sent is not None
        assert (sent["direction"], sent["name"], sent["amount"]) == (
            "out",
            "Ada O.",
            {"asset": "NGN", "units": "70000"},
        )
        assert client.get(f"/api/v1/transfers/{sent['id']}", headers=mine).json == sent
        listed = client.get("/api/v1/transfers", headers=mine).json
        assert listed == {"transfers": [sent], "next": None}
        assert has(other) == naira(700)

    @pytest.mark.parametrize(
        ("changed", "status", "code"),
        [
            ({"to": "nobody@test.example"}, 404, "no_such_recipient"),
            ({"name": "Bola A."}, 409, "other_recipient"),
            ({"amount": {"asset": "NGN", "units": "1"}}, 422, "too_little"),
            ({"amount": {"asset": "XYZ", "units": "1"}}, 400, "malformed"),
            ({"note": 5}, 400, "malformed"),
            ({"note": "x" * 141}, 422, "note_too_long"),
        ],
    )
    def test_are_told_why_not(self, client: FlaskClient, changed: dict[str, object], status: int, code: str) -> None:
        one, other = customer(enrolled=True), customer()
        headers = self.token(client, one) | {"Idempotency-Key": books.fresh()}
        body = {"to": other.email, "amount": {"asset": "NGN", "units": "70000"}} | changed
        answer = client.post("/api/v1/transfers", json=body, headers=headers)
        assert (answer.status_code, answer.json["error"]["code"]) == (status, code)  # type: ignore[index]

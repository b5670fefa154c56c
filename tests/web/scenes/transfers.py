"""A call of each door through which customers pay one another and ask each other for money."""

from datetime import timedelta

from werkzeug.test import TestResponse

from app.core import clock
from tests.makers import apps, books, browse, people, sending
from tests.makers.people import Customer, naira
from tests.web.scenes.stage import Call, Scene


def send_transfer(scene: Scene) -> TestResponse:
    one, other = sending.customer(), sending.customer(naira(0))
    fields = {"to": other.email, "amount": "700", "asset": "NGN", "note": "Suya", "shown": "Ada O."}
    return browse.send(scene.at_home(one), "/transfers", **fields, key=books.fresh())


def handle(scene: Scene) -> TestResponse:
    return browse.send(scene.at_home(people.customer()), "/transfers/handle", handle=f"h{books.fresh()[-12:]}")


def ask_money(scene: Scene) -> TestResponse:
    one, other = sending.customer(), people.customer()
    fields = {"to": other.email, "amount": "700", "asset": "NGN"}
    return browse.send(scene.at_home(one), "/transfers/ask", **fields, key=books.fresh())


def split_bill(scene: Scene) -> TestResponse:
    one, other = sending.customer(), people.customer()
    fields = {"to": other.email, "amount": "700", "asset": "NGN", "with_me": "y"}
    return browse.send(scene.at_home(one), "/transfers/split", **fields, key=books.fresh())


def asked() -> tuple[Customer, Customer, str]:
    """Who asked, who is asked, and the page of it."""
    one, other = sending.customer(), sending.customer()
    return one, other, f"/transfers/requests/{sending.ask(one, other).id}"


def pay_request(scene: Scene) -> TestResponse:
    _, other, place = asked()
    return browse.send(scene.at_home(other), f"{place}/pay", form_at=place, key=books.fresh())


def decline_request(scene: Scene) -> TestResponse:
    _, other, place = asked()
    return browse.send(scene.at_home(other), f"{place}/decline", form_at=place)


def cancel_money_request(scene: Scene) -> TestResponse:
    one, _, place = asked()
    return browse.send(scene.at_home(one), f"{place}/cancel", form_at=place)


def remind_of_request(scene: Scene) -> TestResponse:
    with clock.at(clock.now() - timedelta(days=2)):
        one, _, place = asked()
    return browse.send(scene.at_home(one), f"{place}/remind", form_at=place)


def send_by_program(scene: Scene) -> TestResponse:
    one, other = sending.customer(enrolled=True), people.customer()
    client = scene.app.test_client()
    body = {"email": one.email, "password": people.PASSWORD, "code": apps.code(one.email)}
    opened = client.post("/api/v1/sessions", json=body)
    headers = {"Authorization": f"Bearer {opened.json['token']}", "Idempotency-Key": books.fresh()}  # type: ignore[index]
    sent = {"to": other.email, "amount": {"asset": "NGN", "units": "70000"}}
    return client.post("/api/v1/transfers", json=sent, headers=headers)


CALLS: dict[str, Call] = {
    "portal.send_transfer": send_transfer,
    "portal.handle": handle,
    "portal.ask_money": ask_money,
    "portal.split_bill": split_bill,
    "portal.pay_request": pay_request,
    "portal.decline_request": decline_request,
    "portal.cancel_money_request": cancel_money_request,
    "portal.remind_of_request": remind_of_request,
    "api.send_transfer": send_by_program,
}

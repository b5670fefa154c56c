"""A device that was not seen with an account before is told of by mail, once; one that was is not."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core.permissions import Role
from app.identity import queries
from app.identity.rules import masked_ip
from tests.makers import browse, mailbox, people
from tests.web.test_phone import signed_up

WorkOff = Callable[..., int]
SUBJECT = "A new device signed in to your account"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


def coming(app: Flask, *, address: str = "105.112.33.44") -> FlaskClient:
    client = app.test_client()
    client.environ_base.update(HTTP_USER_AGENT=FIREFOX, REMOTE_ADDR=address)
    return client


def told(email: str) -> int:
    return mailbox.subjects_to(email).count(SUBJECT)


def test_a_new_device_is_told_of_once(app: Flask, inside: Flask, work_off: WorkOff) -> None:
    who, client = people.customer(), coming(app)
    browse.sign_in(client, who.email)
    work_off()
    letter = next(each for each in mailbox.letters_to(who.email) if each.subject == SUBJECT)
    assert "Firefox on Linux signed in on" in letter.body
    assert "WAT" in letter.body
    assert "105.112.•.•" in letter.body
    assert "33.44" not in letter.body
    assert "http://localhost/security/freeze" in letter.body
    assert client.get("/security/freeze").status_code == 200
    for _ in range(2):
        client.delete_cookie("bursar")
        browse.sign_in(client, who.email)
    work_off()
    assert told(who.email) == 1
    browse.sign_in(coming(app), who.email)  # the same kind of browser is not the same browser
    work_off()
    assert told(who.email) == 2


def test_a_browser_is_known_for_one_account_and_not_for_another(app: Flask, inside: Flask, work_off: WorkOff) -> None:
    one, other, client = people.customer(), people.customer(), coming(app)
    browse.sign_in(client, one.email)
    client.delete_cookie("bursar")
    browse.sign_in(client, other.email)
    work_off()
    assert (told(one.email), told(other.email)) == (1, 1)


def test_a_made_up_cookie_is_no_acquaintance(app: Flask, inside: Flask, work_off: WorkOff) -> None:
    who, client = people.customer(), coming(app)
    client.set_cookie("bursar_known", '[["x","y"]].forged')
    browse.sign_in(client, who.email)
    work_off()
    assert told(who.email) == 1


def test_where_somebody_signed_up_is_no_news(app: Flask, inside: Flask, work_off: WorkOff) -> None:
    client, login_id = signed_up(app, people.phone_number())
    email = queries.address_of(owner=login_id)
    client.delete_cookie("bursar")
    browse.sign_in(client, email)
    work_off()
    assert told(email) == 0


def test_staff_are_told_too(app: Flask, inside: Flask, work_off: WorkOff) -> None:
    _, email = people.operator(Role.AUDITOR)
    client = coming(app, address="2001:db8:1:2::3")
    browse.sign_in(client, email, console=True)
    client.delete_cookie("bursar_console")
    browse.sign_in(client, email, console=True)
    work_off()
    assert told(email) == 1
    letter = next(each for each in mailbox.letters_to(email) if each.subject == SUBJECT)
    assert "2001:0db8:…" in letter.body
    assert "tell an administrator" in letter.body
    assert "http://localhost/console/account/password" in letter.body


def test_a_program_is_known_by_what_it_calls_itself_and_from_where(
    app: Flask, inside: Flask, work_off: WorkOff
) -> None:
    who, body = people.customer(), {"email": "", "password": people.PASSWORD}
    for address, expected in (("10.5.5.5", 1), ("10.5.5.5", 1), ("10.6.6.6", 2)):
        client = coming(app, address=address)
        assert client.post("/api/v1/sessions", json=body | {"email": who.email}).status_code == 201
        work_off()
        assert told(who.email) == expected


def test_a_wrong_password_is_no_sign_in(app: Flask, inside: Flask, work_off: WorkOff) -> None:
    who = people.customer()
    browse.send(coming(app), "/sign-in", email=who.email, password="not the password")
    work_off()
    assert told(who.email) == 0


@pytest.mark.parametrize(
    ("ip", "shown"),
    [("105.112.33.44", "105.112.•.•"), ("::ffff:10.1.2.3", "10.1.•.•"), ("2001:db8::1", "2001:0db8:…"), ("", "")],
)
def test_an_address_is_told_of_roughly(ip: str, shown: str) -> None:
    assert masked_ip(ip) == shown

"""Text messages go out once per cause, through the gateway, and leave nothing here."""

import pytest
from flask import Flask
from sqlalchemy import select

from app.clients.http import Silent
from app.clients.sms import Sms
from app.core import actor
from app.core.db import db, leave
from app.identity import queries
from app.notifications import flows, rules
from app.notifications.models import TextMessage
from config import Settings
from tests.makers import people
from tests.makers.books import fresh
from tests.makers.sandbox import SECRET, SandboxProcess

SYSTEM = actor.system("test")


@pytest.fixture
def phone_id(inside: Flask) -> str:
    waiting = queries.waiting_phone(owner=people.customer().login_id)
    assert waiting is not None
    leave()
    return waiting.id


def kept(cause: str) -> TextMessage:
    leave()
    return db.session.scalars(select(TextMessage).where(TextMessage.cause == cause)).one()


def test_one_cause_is_one_message_and_its_words_are_wiped(phone_id: str, inside: Flask, vendor: SandboxProcess) -> None:
    cause, sms = fresh(), inside.extensions["clients"].sms
    for _ in range(2):
        flows.text(cause, phone_id=phone_id, body="your code is 042917", sms=sms, actor=SYSTEM)
    assert vendor.texts(queries.number_for_system(phone_id)) == ["your code is 042917"]
    assert (kept(cause).body_sealed, kept(cause).refused_at) == (None, None)
    assert kept(cause).sent_at is not None


def test_one_that_may_have_gone_out_goes_again_under_its_id(
    phone_id: str, inside: Flask, vendor: SandboxProcess
) -> None:
    cause, sms = fresh(), inside.extensions["clients"].sms
    nowhere = Sms("http://127.0.0.1:1", token=SECRET)
    for _ in range(2):
        with pytest.raises(Silent):
            flows.text(cause, phone_id=phone_id, body="a secret word", sms=nowhere, actor=SYSTEM)
    waiting = kept(cause)
    assert waiting.body_sealed is not None
    assert b"secret" not in waiting.body_sealed
    sms.send(to=queries.number_for_system(phone_id), text="a secret word", message_id=waiting.id)  # (unheard of here)
    leave()
    flows.text(cause, phone_id=phone_id, body="a secret word", sms=sms, actor=SYSTEM)
    assert [each["times"] for each in vendor.control("GET", "texts") if each["id"] == waiting.id] == [2]
    assert kept(cause).sent_at is not None


def test_a_number_of_nobody_is_not_tried_again(inside: Flask, vendor: SandboxProcess) -> None:
    cause, sms = fresh(), inside.extensions["clients"].sms
    phone_id = people.waiting_number(people.customer().login_id, "+2348035550000")
    flows.text(cause, phone_id=phone_id, body="x", sms=sms, actor=SYSTEM)
    assert (kept(cause).body_sealed, kept(cause).sent_at) == (None, None)
    assert kept(cause).refused_at is not None
    flows.text(cause, phone_id=phone_id, body="x", sms=sms, actor=SYSTEM)
    assert vendor.texts("+2348035550000") == []


def test_a_token_that_is_not_known_is_our_trouble_and_not_the_messages(phone_id: str, settings: Settings) -> None:
    cause, sms = fresh(), Sms(settings.sms_url, token="another")
    with pytest.raises(Silent):
        flows.text(cause, phone_id=phone_id, body="x", sms=sms, actor=SYSTEM)
    assert kept(cause).body_sealed is not None


@pytest.mark.parametrize("text", [rules.phone_code("042917"), rules.phone_changed_text()])
def test_a_text_is_one_message_of_the_plain_alphabet(text: str) -> None:
    assert len(text) <= 160
    assert text.isascii()

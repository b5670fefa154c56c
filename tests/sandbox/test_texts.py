"""The gateway for text messages: it takes a message once per id, and shows what it took."""

import pytest

from tests.makers.sandbox import SandboxProcess

TO = "+2348035550123"
MESSAGE = {"id": "tm_1", "to": TO, "text": "your code is 042917"}


def test_takes_one_message_per_id_and_shows_it(sandbox: SandboxProcess) -> None:
    answers = [sandbox.call("POST", "/sms/messages", json=MESSAGE) for _ in range(2)]
    assert [(answer.status_code, answer.json()["id"]) for answer in answers] == [(202, "tm_1")] * 2
    assert sandbox.texts(TO) == ["your code is 042917"]
    assert [each["times"] for each in sandbox.control("GET", "texts")] == [2]
    assert sandbox.texts("+2348035550124") == []
    assert "your code is 042917" in sandbox.call("GET", "/").text


def test_keeps_them_when_it_is_killed(sandbox: SandboxProcess) -> None:
    sandbox.call("POST", "/sms/messages", json=MESSAGE)
    sandbox.kill()
    sandbox.start()
    assert sandbox.texts(TO) == ["your code is 042917"]


@pytest.mark.parametrize(
    "message",
    [{}, {"id": "tm_1", "to": TO}, MESSAGE | {"text": 7}, MESSAGE | {"to": "0803"}, MESSAGE | {"to": "+2348030000000"}],
)
def test_refuses_what_is_no_message_and_numbers_of_nobody(sandbox: SandboxProcess, message: dict[str, object]) -> None:
    assert sandbox.call("POST", "/sms/messages", json=message).status_code == 400
    assert sandbox.control("GET", "texts") == []


def test_asks_for_the_token(sandbox: SandboxProcess) -> None:
    assert sandbox._send("POST", "/sms/messages", json=MESSAGE).status_code == 401
    assert sandbox.texts(TO) == []

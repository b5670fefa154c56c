"""Canaries: what must never reach a log line, put in by every way that leads there."""

import io
import json
import logging
import sys
from typing import Any

import pytest

from app.core import logs

CANARIES = {
    "e-mail": "ada.obi+bank@mail.example.ng",
    "BVN": "22212345678",
    "account number": "0123456789",
    "phone": "+2348012345678",
    "vendor key": "sk_live_4f9c0e7d2b",
    "test key": "sk_test_4f9c0e7d2b",
    "bearer": "Bearer eyJhbGciOi.J9-x_y/z+w==",
    "bearer, shouted": "BEARER abcdef123",
}
BREAKS = ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"]


def line(message: str, *arguments: object, facts: dict[str, Any] | None = None, error: Exception | None = None) -> str:
    """What would be written for this record."""
    trace = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("room", logging.WARNING, __file__, 1, message, arguments, trace)
    if facts is not None:
        record.facts = facts
    return logs.JsonLines().format(record)


def read(*arguments: Any, **keywords: Any) -> dict[str, Any]:
    """That line, read back."""
    parsed: dict[str, Any] = json.loads(line(*arguments, **keywords))
    return parsed


def _fail_about(canary: str) -> None:
    try:
        dict[str, str]()[canary]
    except KeyError as first:
        raise RuntimeError(f"could not tell {canary}") from first


class TestLine:
    def test_is_one_json_object_with_the_circumstances(self) -> None:
        found = read("wallet %s opened", "w_1", facts={"count": 3, "ok": True, "none": None})
        assert found.pop("at").endswith("+00:00")
        assert found == {
            "level": "warning",
            "logger": "room",
            "message": "wallet w_1 opened",
            "facts": {"count": 3, "ok": True, "none": None},
        }

    def test_names_the_request_or_job_under_way_and_nothing_after_it(self) -> None:
        with logs.during("req_7"):
            assert read("x")["request_id"] == "req_7"
            with logs.during("job_8"):
                assert read("x")["request_id"] == "job_8"
            assert read("x")["request_id"] == "req_7"
        assert "request_id" not in read("x")

    def test_lets_the_request_go_when_it_fails(self) -> None:
        with pytest.raises(LookupError), logs.during("req_7"):
            raise LookupError
        assert "request_id" not in read("x")

    def test_keeps_naira_signs_readable(self) -> None:
        assert "₦1,250.00" in line("₦1,250.00")

    @pytest.mark.parametrize("forged", BREAKS, ids=repr)
    def test_stays_one_line_whatever_is_in_it(self, forged: str) -> None:
        written = line(f'x{forged}{{"level": "info"}}', facts={"v": f"a{forged}b", f"k{forged}": 1})
        assert len(written.splitlines()) == 1
        assert json.loads(written)["facts"]["v"] == f"a{forged}b"


class TestMask:
    @pytest.mark.parametrize("canary", CANARIES.values(), ids=CANARIES)
    def test_covers_the_message(self, canary: str) -> None:
        assert read(f"for {canary}, please")["message"] == "for [masked], please"

    @pytest.mark.parametrize("canary", CANARIES.values(), ids=CANARIES)
    def test_covers_the_message_s_arguments(self, canary: str) -> None:
        assert canary not in line("for %s", canary)

    @pytest.mark.parametrize("canary", CANARIES.values(), ids=CANARIES)
    def test_covers_facts_and_what_is_inside_them(self, canary: str) -> None:
        written = line("x", facts={"subject": canary, "list": [canary], "dict": {"deep": f"({canary})"}})
        assert canary not in written

    @pytest.mark.parametrize("canary", CANARIES.values(), ids=CANARIES)
    def test_covers_tracebacks_and_their_causes(self, canary: str) -> None:
        try:
            _fail_about(canary)
        except RuntimeError as error:
            written = line("failed", error=error)
        assert canary not in written
        assert "KeyError" in written
        assert "RuntimeError" in written

    def test_covers_long_numbers_that_are_not_text(self) -> None:
        assert read("x", facts={"subject": 22212345678})["facts"] == {"subject": "[masked]"}

    @pytest.mark.parametrize(
        "key",
        [
            "password",
            "new_password",
            "SECRET_KEY",
            "token",
            "email",
            "mail",
            "Authorization",
            "cookie",
            "set-cookie",
            "x-paystack-signature",
            "bvn",
            "customer_bvn",
            "nin",
            "NIN",
            "account_number",
            "phone",
            "code",
        ],
    )
    def test_covers_a_fact_by_its_name(self, key: str) -> None:
        assert read("x", facts={key: "hunter2"})["facts"] == {key: "[masked]"}

    @pytest.mark.parametrize("key", ["running", "meaning", "task", "attempt", "path"])
    def test_leaves_harmless_names(self, key: str) -> None:
        assert read("x", facts={key: "hunter2"})["facts"] == {key: "hunter2"}

    @pytest.mark.parametrize("text", ["wd_01kaqzj9hd8m5t3v", "9 digits: 123456789", "2026-11-21", "a @ b", "sk_other"])
    def test_leaves_what_is_no_secret(self, text: str) -> None:
        assert logs.masked(text) == text

    def test_leaves_ids_whole_though_they_hold_digits(self) -> None:
        name = "wd_01234567890123456789012345"
        assert logs.masked(f"settled {name}.") == f"settled {name}."


class TestConfigure:
    def test_writes_every_logger_s_lines_to_standard_error(self) -> None:
        before, level, stderr = logging.root.handlers[:], logging.root.level, sys.stderr
        sys.stderr = heard = io.StringIO()
        try:
            logs.configure("WARNING")
            logs.get("room").info("not this one")
            logs.get("room").warning("for %s", "ada@example.ng")
        finally:
            sys.stderr = stderr
            logging.root.handlers[:] = before
            logging.root.setLevel(level)
        assert [json.loads(one)["message"] for one in heard.getvalue().splitlines()] == ["for [masked]"]

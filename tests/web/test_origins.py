"""Requests come to our own names and, when they change anything, from our own pages."""

import json
import logging
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core import actor
from app.core.db import leave, transaction
from app.core.permissions import Role
from app.identity import renewal
from app.identity.rules import Audience
from app.web import passkey_doors
from config import Settings
from tests.makers import browse, mailbox, people
from tests.makers.books import fresh


class TestHosts:
    @pytest.mark.parametrize(("host", "status"), [("localhost", 200), ("evil.example", 400), ("localhost.evil", 400)])
    def test_that_are_not_ours_get_no_answer(self, inside: Flask, host: str, status: int) -> None:
        client = inside.test_client()
        assert client.get("/sign-in", headers={"Host": host}).status_code == status
        assert client.get("/sign-in", headers={"X-Forwarded-Host": host}).status_code == 200
        assert client.get("/livez", headers={"Host": host}).status_code == 200  # a probe comes by address

    def test_of_the_console_and_of_the_portal_show_their_own(
        self, inside: Flask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings = replace(inside.extensions["settings"], console_host="console.test")
        monkeypatch.setitem(inside.extensions, "settings", settings)
        client = inside.test_client()
        found = {
            (host, path): client.get(path, headers={"Host": host}).status_code
            for host in ("localhost", "console.test")
            for path in ("/sign-in", "/console/sign-in")
        }
        assert found == {
            ("localhost", "/sign-in"): 200,
            ("localhost", "/console/sign-in"): 404,
            ("console.test", "/sign-in"): 404,
            ("console.test", "/console/sign-in"): 200,
        }

    def test_get_mails_to_staff_that_lead_to_the_consoles(
        self, app: Flask, inside: Flask, monkeypatch: pytest.MonkeyPatch, work_off: Callable[..., int]
    ) -> None:
        settings = replace(inside.extensions["settings"], console_host="console.test")
        monkeypatch.setitem(inside.extensions, "settings", settings)
        _, email = people.operator(Role.SUPPORT)
        with transaction(actor.system("test")):
            renewal.ask(email, audience=Audience.OPERATOR)
        leave()
        work_off()
        letter = next(one for one in mailbox.letters_to(email) if one.subject == "Set a new password")
        (link,) = re.findall(r"http://console\.test(/console/reset-password/\S+)", letter.body)
        answer = inside.test_client().get(link, base_url="http://console.test")
        assert answer.location == "/console/reset-password"

    def test_both_take_reports(self, inside: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
        settings = replace(inside.extensions["settings"], console_host="console.test")
        monkeypatch.setitem(inside.extensions, "settings", settings)
        for host in ("localhost", "console.test"):
            assert inside.test_client().post("/csp-report", base_url=f"http://{host}").status_code == 204

    @pytest.mark.parametrize(
        ("public_url", "console_host", "console_url"),
        [
            ("https://bursar.example", "", "https://bursar.example"),
            ("https://bursar.example", "console.bursar.example", "https://console.bursar.example"),
            ("http://localhost:8000", "console.localhost", "http://console.localhost:8000"),
            ("http://localhost:8000", "console.localhost:9000", "http://console.localhost:9000"),
        ],
    )
    def test_of_the_console_follow_from_the_settings(
        self, settings: Settings, public_url: str, console_host: str, console_url: str
    ) -> None:
        assert replace(settings, public_url=public_url, console_host=console_host).console_url == console_url

    def test_make_passkeys_that_are_good_there(self, inside: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
        settings = replace(inside.extensions["settings"], console_host="console.test")
        monkeypatch.setitem(inside.extensions, "settings", settings)
        for path, host in (("/console/factors", "console.test"), ("/factors", "localhost")):
            with inside.test_request_context(path):
                assert passkey_doors.site().host == host


class TestSites:
    @pytest.mark.parametrize(
        ("headers", "stopped"),
        [
            ({}, False),
            ({"Sec-Fetch-Site": "same-origin"}, False),
            ({"Sec-Fetch-Site": "none"}, False),
            ({"Origin": "http://localhost"}, False),
            ({"Sec-Fetch-Site": "cross-site"}, True),
            ({"Sec-Fetch-Site": "same-site"}, True),
            ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, True),
            ({"Origin": "http://evil.example"}, True),
            ({"Origin": "null"}, True),
        ],
        ids=str,
    )
    def test_of_others_change_nothing_even_with_a_token(
        self, inside: Flask, headers: dict[str, str], *, stopped: bool
    ) -> None:
        client, email = inside.test_client(), people.customer().email
        fields = {"csrf_token": browse.token_of(client.get("/sign-in")), "email": email, "password": people.PASSWORD}
        assert client.post("/sign-in", data=fields, headers=headers).status_code == (403 if stopped else 303)
        assert client.get("/sign-in", headers=headers).status_code == 200
        body = {"email": email, "password": people.PASSWORD}
        assert client.post("/api/v1/sessions", json=body, headers=headers).status_code == 201


class TestReports:
    def test_are_logged_without_what_may_name_somebody(
        self, client: FlaskClient, caplog: pytest.LogCaptureFixture
    ) -> None:
        canary = fresh("canary")
        report = {
            "effective-directive": "script-src-elem",
            "blocked-uri": f"https://evil.example/x.js?who={canary}",
            "document-uri": f"http://localhost/console/withdrawals?q={canary}",
        }
        logging.getLogger("policy").propagate = True
        with caplog.at_level(logging.WARNING):
            answer = client.post("/csp-report", data=json.dumps({"csp-report": report}))
        assert answer.status_code == 204
        (record,) = [record for record in caplog.records if "content policy" in record.message]
        assert record.facts == {  # type: ignore[attr-defined]
            "rule": "script-src-elem",
            "blocked": "evil.example",
            "page": "console.withdrawals",
        }

    @pytest.mark.parametrize("body", ["", "nonsense", "[]", '{"csp-report": 5}', "x" * 20_000])
    def test_that_are_none_are_let_go(self, client: FlaskClient, body: str) -> None:
        assert client.post("/csp-report", data=body).status_code == 204

"""Requests come to our own names and, when they change anything, from our own pages."""

import json
import logging
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.makers import browse, people
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

"""What a browser is given at signing in and out: cookies that no script reads, and nothing of what was before."""

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.core.permissions import Role
from tests.makers import browse, people

pytestmark = pytest.mark.usefixtures("inside")

HALF_A_DAY, A_QUARTER = "43200", "900"


def given(answer: TestResponse, name: str) -> dict[str, str]:
    """The flags of a cookie in an answer, in small letters."""
    (line,) = [one for one in answer.headers.getlist("Set-Cookie") if one.startswith(f"{name}=")]
    parts = [part.strip().partition("=") for part in line.split(";")[1:]]
    return {flag.lower(): value for flag, _, value in parts}


class TestTheCookie:
    def test_of_a_customer_is_the_servers_alone(self, client: FlaskClient) -> None:
        answer = browse.with_password(client, people.customer().email)
        flags = given(answer, "bursar")
        assert (flags["samesite"], flags["path"], flags["max-age"]) == ("Lax", "/", HALF_A_DAY)
        assert "httponly" in flags
        assert "domain" not in flags

    def test_of_staff_does_not_come_from_another_site(self, client: FlaskClient) -> None:
        answer = browse.with_password(client, people.operator(Role.SUPPORT)[1], console=True)
        flags = given(answer, "bursar_console")
        assert (flags["samesite"], flags["path"], flags["max-age"]) == ("Strict", "/", HALF_A_DAY)
        assert "httponly" in flags

    def test_of_a_view_does_not_either_and_is_short(self, client: FlaskClient) -> None:
        owner = people.customer()
        browse.sign_in(client, people.operator(Role.SUPPORT)[1], console=True)
        page, fields = f"/console/view-as?q={owner.id}", {"ticket": "T-1", "reason": "To see it."}
        begun = browse.send(client, f"/console/view-as/{owner.id}", form_at=page, **fields)
        flags = given(client.get(begun.location), "bursar_view")
        assert (flags["samesite"], flags["path"], flags["max-age"]) == ("Lax", "/", A_QUARTER)
        assert "httponly" in flags


class TestSigningIn:
    @pytest.mark.parametrize("console", [False, True])
    def test_leaves_nothing_of_what_was_before(self, client: FlaskClient, *, console: bool) -> None:
        email = people.operator(Role.SUPPORT)[1] if console else people.customer().email
        browse.token_of(client.get("/console/sign-in" if console else "/sign-in"))
        with client.session_transaction() as kept:
            kept["of somebody before"] = "x"
            before = kept["csrf_token"]
        browse.with_password(client, email, console=console)
        with client.session_transaction() as kept:
            assert "of somebody before" not in kept
            assert kept.get("csrf_token") != before


class TestSigningOut:
    @pytest.mark.parametrize("console", [False, True])
    def test_leaves_nothing_in_the_browser(self, client: FlaskClient, *, console: bool) -> None:
        face, name = ("/console", "bursar_console") if console else ("", "bursar")
        email = people.operator(Role.SUPPORT)[1] if console else people.customer().email
        browse.sign_in(client, email, console=console)
        with client.session_transaction() as kept:
            kept["of somebody before"] = "x"
        answer = browse.send(client, f"{face}/sign-out", form_at=f"{face}/")
        assert answer.headers["Clear-Site-Data"] == '"cache"'
        assert given(answer, name)["max-age"] == "0"
        assert client.get_cookie(name) is None
        with client.session_transaction() as kept:
            assert "of somebody before" not in kept


class TestABody:
    @pytest.mark.parametrize(
        ("body", "kind"),
        [
            (b"email=" + b"x" * 1_000_001, "application/x-www-form-urlencoded"),
            (b'{"email": "' + b"x" * 1_000_001 + b'"}', "application/json"),
        ],
    )
    def test_that_is_too_large_is_not_read(self, client: FlaskClient, body: bytes, kind: str) -> None:
        place = "/api/v1/sessions" if kind.endswith("json") else "/sign-in"
        assert client.post(place, data=body, content_type=kind).status_code == 413

    def test_of_a_form_with_too_long_a_field_is_not_read(self, client: FlaskClient) -> None:
        for length, status in ((199_000, 400), (200_001, 413)):  # (400: it has no form token)
            answer = client.post("/sign-in", data={"email": "x" * length}, content_type="multipart/form-data")
            assert answer.status_code == status

    def test_of_too_many_parts_is_not_read(self, client: FlaskClient) -> None:
        parts = {f"field-{number}": "x" for number in range(201)}
        answer = client.post("/sign-in", data=parts, content_type="multipart/form-data")
        assert answer.status_code == 413
        fewer = dict(list(parts.items())[:200])
        assert client.post("/sign-in", data=fewer, content_type="multipart/form-data").status_code == 400

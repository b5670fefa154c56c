"""A call of each door through which finance puts together what belongs together, and takes it apart."""

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.core.db import leave, rows
from app.core.permissions import Role
from tests.makers import browse
from tests.makers.matching import Outside
from tests.web.scenes.stage import Call, Scene


def match_account(scene: Scene) -> TestResponse:
    outside = Outside()
    outside.tell((500, ""))
    place = f"/console/breaks/of/{outside.account}"
    return browse.send(scene.staff(Role.FINANCE), place, form_at=place)


def linked(scene: Scene) -> tuple[FlaskClient, TestResponse]:
    """Somebody of finance who has just put together a line and an entry."""
    outside = Outside.differing()
    found = rows(
        "SELECT id FROM breaks WHERE account = :account AND closed_by IS NULL ORDER BY id", account=outside.account
    )
    one, other = (row.id for row in found)
    leave()
    client, place = scene.staff(Role.FINANCE), f"/console/breaks/{one}"
    fields = {"with": str(other), "reason": "The bank says so."}
    return client, browse.send(client, f"{place}/link", form_at=place, **fields)


def link_break(scene: Scene) -> TestResponse:
    return linked(scene)[1]


def end_match(scene: Scene) -> TestResponse:
    client, made = linked(scene)
    place = made.headers["Location"]
    return browse.send(client, f"{place}/end", form_at=place, reason="It was another's.")


CALLS: dict[str, Call] = {
    "console.match_account": match_account,
    "console.link_break": link_break,
    "console.end_match": end_match,
}

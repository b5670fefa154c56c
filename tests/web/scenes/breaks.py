"""A call of each door through which finance puts together what belongs together, and takes it apart."""

import io

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.core.db import leave, rows
from app.core.permissions import Role
from tests.makers import broken, browse, pictures
from tests.makers.books import fresh
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


def take_line_anew(scene: Scene) -> TestResponse:
    outside, name = Outside(), fresh("L")
    for naira in ("10", "12"):
        outside.bring([f"{name},{fresh('R')},2026-03-02 09:00:00,deposit,,currency,NGN,{naira},0,{naira}"])
    outside.run()
    place = f"/console/breaks/{broken.numbers(outside)[-1]}"
    return browse.send(scene.staff(Role.FINANCE), f"{place}/anew", form_at=place, reason="Their support says so.")


def take_other_account(scene: Scene) -> TestResponse:
    outside = Outside()
    outside.bring([f"{fresh('L')},{fresh('R')},2026-03-02 09:00:00,deposit,,currency,NGN,10,0,10"])
    outside.bring([f"{fresh('L')},{fresh('R')},2026-03-03 09:00:00,deposit,,currency,NGN.M,1,0,6"])
    outside.run()
    (own,) = rows(
        "SELECT id FROM breaks WHERE account = :account AND reason = 'another_account'", account=outside.account
    )
    leave()
    place = f"/console/breaks/{own.id}"
    return browse.send(scene.staff(Role.FINANCE), f"{place}/account", form_at=place, reason="Their support says so.")


def end_match(scene: Scene) -> TestResponse:
    client, made = linked(scene)
    place = made.headers["Location"]
    return browse.send(client, f"{place}/end", form_at=place, reason="It was another's.")


def work_on_break(scene: Scene) -> TestResponse:
    place = f"/console/breaks/{broken.numbers(Outside.differing())[0]}"
    return browse.send(scene.staff(Role.FINANCE), f"{place}/work", form_at=place, act="take")


def keep_break_evidence(scene: Scene) -> TestResponse:
    client, place = scene.staff(Role.FINANCE), f"/console/breaks/{broken.numbers(Outside.differing())[0]}"
    sent = {"csrf_token": browse.token_of(client.get(place)), "file": (io.BytesIO(pictures.png()), "letter.png")}
    return client.post(f"{place}/evidence", data=sent, content_type="multipart/form-data")


def ask_about_break(scene: Scene) -> TestResponse:
    place = f"/console/breaks/{broken.numbers(Outside.differing())[0]}"
    return browse.send(
        scene.staff(Role.FINANCE), f"{place}/ask", form_at=place, act="write_off", reason="Nobody knows."
    )


def begin_bulk(scene: Scene) -> TestResponse:
    place = f"/console/breaks/of/{Outside.differing().account}/bulk"
    fields = {"act": "comment", "words": "Seen.", "many": "2", "amount": "1"}
    return browse.send(scene.staff(Role.FINANCE), place, form_at=place, **fields)


def request_break_terms(scene: Scene) -> TestResponse:
    place = "/console/breaks/terms"
    fields = {"least-0": "0", "hours-0": "700", "limit-finance": "50,000", "reason": "They age.", "key": fresh()}
    return browse.send(scene.staff(Role.FINANCE), place, form_at=place, **fields)


CALLS: dict[str, Call] = {
    "console.match_account": match_account,
    "console.link_break": link_break,
    "console.take_line_anew": take_line_anew,
    "console.take_other_account": take_other_account,
    "console.end_match": end_match,
    "console.work_on_break": work_on_break,
    "console.keep_break_evidence": keep_break_evidence,
    "console.ask_about_break": ask_about_break,
    "console.begin_bulk": begin_bulk,
    "console.request_break_terms": request_break_terms,
}

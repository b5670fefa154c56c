"""A call of each door through which sheets are signed, and months are closed and opened again."""

import re
from datetime import date

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.core.db import leave, transaction
from app.core.permissions import Role
from app.ledger import health
from tests.makers import browse
from tests.makers.closing import Closers
from tests.makers.matching import Outside
from tests.web.scenes.ledger import begun, month
from tests.web.scenes.stage import TEST, Call, Scene

DAYS = {"from": "2026-03-01", "to": "2026-03-31"}


def prepared(scene: Scene) -> tuple[str, TestResponse]:
    """The address of a sheet that somebody of finance has just signed."""
    outside = Outside()
    outside.tell((500, "R1"))
    outside.book(500, told="R1")
    outside.run()
    place = f"/console/tie-out/{outside.account}"
    return place, signed(scene.staff(Role.FINANCE), place, "prepare")


def signed(client: FlaskClient, place: str, part: str) -> TestResponse:
    seen = client.get(place, query_string=DAYS)
    shown = re.search(r'name="shown" value="([0-9a-f]+)"', seen.text)
    assert shown, seen.text
    fields = {"csrf_token": browse.token_of(seen), "shown": shown[1], "note": "Seen.", **DAYS}
    return client.post(f"{place}/{part}", data=fields)


def prepare_sheet(scene: Scene) -> TestResponse:
    return prepared(scene)[1]


def review_sheet(scene: Scene) -> TestResponse:
    place, _ = prepared(scene)
    return signed(scene.staff(Role.TREASURY), place, "review")


def asked(client: FlaskClient, first: date, door: str) -> TestResponse:
    """Fill in the form of a month's page, each line that needs a reason with one."""
    place = f"/console/ledger/periods/{first:%Y-%m}"
    seen = client.get(place)
    fields = {"csrf_token": browse.token_of(seen), "key": browse.key_of(seen), "reason": "It is over."}
    why = dict.fromkeys(re.findall(r'name="(why-[a-z]+)"', seen.text), "It is known.")
    return client.post(f"{place}/{door}", data={**fields, **why})


def proved() -> None:
    """The books proved when they were looked at last."""
    with transaction(TEST):
        health.record({})
    leave()


def close_month(scene: Scene) -> TestResponse:
    proved()
    first = begun()
    answer = asked(scene.staff(Role.FINANCE), first, "close")
    Closers().deny_all(first)
    month(scene, "reopen")
    return answer


def ask_to_reopen(scene: Scene) -> TestResponse:
    proved()
    first, closers = begun(), Closers()
    assert closers.close(first).startswith("Closed")
    answer = asked(scene.staff(Role.FINANCE), first, "open-again")
    closers.deny_all(first)
    closers.reopen(first)
    return answer


CALLS: dict[str, Call] = {
    "console.prepare_sheet": prepare_sheet,
    "console.review_sheet": review_sheet,
    "console.close_month": close_month,
    "console.ask_to_reopen": ask_to_reopen,
}

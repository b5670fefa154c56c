"""A call of each door through which operators write in the books: months, halts, journals by hand."""

from datetime import date, datetime, timedelta

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.core import clock
from app.core.db import leave, rows, transaction
from app.core.permissions import Role
from app.ledger import health
from app.ledger.journal import Journal, credit, debit
from tests.makers import books, browse
from tests.web.scenes.stage import TEST, Call, Scene


def lift_halt(scene: Scene) -> TestResponse:
    with transaction(TEST):
        health.record({"test": ["a row"]})
    halt = health.standing()
    assert halt
    leave()
    page = "/console/ledger/proof"
    return browse.send(scene.staff(Role.TREASURY), f"{page}/halts/{halt.id}/lift", form_at=page, reason="Put right.")


def month(scene: Scene, *deeds: str) -> TestResponse:
    """Do these with the first month of the books, in order: the last answer."""
    first = begun()
    client = scene.staff(Role.FINANCE)
    for deed in deeds:
        place = f"/console/ledger/periods/{first:%Y-%m}/{deed}"
        answer = browse.send(client, place, form_at="/console/ledger")
    return answer


def begun() -> date:
    """The first month that is open, in books that began long ago."""
    early = clock.now() - timedelta(days=730)
    (found,) = rows(
        "SELECT (SELECT max(month) FROM ledger.periods WHERE state = 'closed') AS month,"
        " (SELECT min(effective_at) FROM ledger.journals) AS first"
    )
    leave()
    if found.month is not None:
        return datetime.combine(found.month + timedelta(days=32), datetime.min.time()).date().replace(day=1)
    if found.first is None or found.first > early + timedelta(days=1):
        legs = (debit("asset:paystack:NGN", books.kobo(5)), credit("liability:suspense:NGN", books.kobo(5)))
        books.post(Journal("test.moved", "first", legs, effective_at=early), key=books.fresh())
        leave()
    return early.date().replace(day=1)


def begin_close(scene: Scene) -> TestResponse:
    answer = month(scene, "begin")
    month(scene, "reopen")
    return answer


def reopen_month(scene: Scene) -> TestResponse:
    return month(scene, "begin", "reopen")


def request_journal(scene: Scene) -> TestResponse:
    return asked_journal(scene.staff(Role.FINANCE))


def asked_journal(client: FlaskClient) -> TestResponse:
    page = client.get("/console/ledger/requests/new")
    fields = {"csrf_token": browse.token_of(page), "key": browse.key_of(page), "reason": "A reason."}
    accounts = [books.account("expense"), books.account("income")]
    lines = {"account": accounts, "side": ["debit", "credit"], "amount": ["12.50", "12.50"]}
    return client.post("/console/ledger/requests", data={**fields, **lines})


CALLS: dict[str, Call] = {
    "console.lift_halt": lift_halt,
    "console.begin_close": begin_close,
    "console.reopen_month": reopen_month,
    "console.request_journal": request_journal,
}

"""A call of each door through which operators work on what customers do, and come in and out."""

import secrets

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.cases import service as cases
from app.core import actor, ids
from app.core.db import leave, rows, transaction
from app.core.permissions import Role
from app.ledger import posting
from app.payments import suspense
from app.withdrawals import service as withdrawals
from tests.makers import books, browse, floats, giving_back, paying, people, restricted, settled
from tests.web.scenes.stage import TEST, Call, Scene

FLOAT = "/console/settlements/float"


def console_sign_in(scene: Scene) -> TestResponse:
    return browse.sign_in(scene.app.test_client(), people.operator(Role.SUPPORT)[1], console=True)


def console_sign_out(scene: Scene) -> TestResponse:
    return browse.send(scene.staff(Role.SUPPORT), "/console/sign-out", form_at="/console/")


def export_audit(scene: Scene) -> TestResponse:
    auditor = scene.staff(Role.AUDITOR)
    return browse.send(auditor, "/console/audit/export", form_at="/console/audit", reason="To see it.", object="none")


def reconcile(scene: Scene) -> TestResponse:
    return browse.send(scene.staff(Role.FINANCE), "/console/reconciliation")


def close_settlement(scene: Scene) -> TestResponse:
    charges = [settled.charge(), settled.charge()]
    said = settled.told(charges)
    settled.note(said, charges[:1])
    place = f"/console/settlements/{settled.row(said).id}"
    leave()
    return browse.send(scene.staff(Role.FINANCE), f"{place}/close", form_at=place, note="By journal 7.")


def request_top_up(scene: Scene) -> TestResponse:
    settled.in_the_bank(20_000)
    return _float(scene, "top-ups", amount=f"{10_000 + secrets.randbelow(9_000)}")


def request_floor(scene: Scene) -> TestResponse:
    return _float(scene, "floor", floor="2,500,000", target="9,000,000", starts_on="2031-05-01")


def abandon_top_up(scene: Scene) -> TestResponse:
    top_up_id = settled.top_up(people.naira(60_000 + secrets.randbelow(9_000)))
    leave()
    where = f"{FLOAT}/top-ups/{top_up_id}/abandon"
    return browse.send(scene.staff(Role.TREASURY), where, form_at=FLOAT, note="Not sent.")


def request_partner_prices(scene: Scene) -> TestResponse:
    place = "/console/settlements/prices"
    fields = {"over-0": "0", "share-0": "1.4", "starts_on": "2031-05-01", "reason": "A new contract."}
    return browse.send(scene.staff(Role.FINANCE), f"{place}/card", form_at=place, key=books.fresh(), **fields)


def _float(scene: Scene, door: str, **fields: str) -> TestResponse:
    client = scene.staff(Role.FINANCE)
    return browse.send(
        client, f"{FLOAT}/{door}", form_at=FLOAT, reason="More is asked for.", key=books.fresh(), **fields
    )


def resolve_suspense(scene: Scene) -> TestResponse:
    cause = books.fresh("cause")
    with transaction(TEST):
        suspense.suspend(suspense.Trouble(cause, "test", "", "A reason."), actor=TEST)
    (item,) = rows("SELECT id FROM suspense_items WHERE cause = :cause", cause=cause)
    leave()
    place = f"/console/suspense/{item.id}"
    return browse.send(scene.staff(Role.FINANCE), f"{place}/resolve", form_at=place, note="Looked into it.")


def request_placing(scene: Scene) -> TestResponse:
    place = f"/console/suspense/{restricted.waiting(people.customer())}"
    return browse.send(scene.staff(Role.FINANCE), f"{place}/place", form_at=place, reason="It is lifted.")


def request_refund(scene: Scene) -> TestResponse:
    charge = giving_back.credited(people.customer(), people.naira(200))
    fields = {"reference": charge, "amount": "200", "reason": "They ask for it."}
    return browse.send(scene.staff(Role.FINANCE), "/console/refunds", form_at="/console/refunds", **fields)


def redirect_refund(scene: Scene) -> TestResponse:
    owner = people.customer()
    people.bank_account(owner, app=scene.app)  # (the list of banks is here, then)
    place = f"/console/refunds/{giving_back.stuck()}"
    fields = {"bank_code": people.ZENITH, "account_number": "0123456789", "reason": "Their bank says so."}
    return browse.send(scene.staff(Role.FINANCE), f"{place}/redirect", form_at=place, **fields)


def request_letting_go(scene: Scene) -> TestResponse:
    place = f"/console/disputes/{giving_back.disputed()}"
    return browse.send(scene.staff(Role.FINANCE), f"{place}/let-go", form_at=place, reason="It is archived.")


def request_assigning(scene: Scene) -> TestResponse:
    place = f"/console/suspense/{paying.stray(people.naira(700))}"
    fields = {"customer": people.customer().email, "evidence": "Their bank's statement shows it."}
    return browse.send(scene.staff(Role.FINANCE), f"{place}/assign", form_at=place, **fields)


def request_returning(scene: Scene) -> TestResponse:
    place = f"/console/suspense/{paying.stray(people.naira(700))}"
    return browse.send(scene.staff(Role.FINANCE), f"{place}/return", form_at=place, return_reason="It is nobody's.")


def request_splitting(scene: Scene) -> TestResponse:
    place = f"/console/suspense/{paying.stray(people.naira(700))}"
    fields = {"parts": "300\n400", "split_reason": "Two payers."}
    return browse.send(scene.staff(Role.FINANCE), f"{place}/split", form_at=place, **fields)


def begin_view(scene: Scene) -> TestResponse:
    customer = people.customer()
    place = f"/console/view-as?q={customer.id}"
    client = scene.staff(Role.SUPPORT)
    return browse.send(client, f"/console/view-as/{customer.id}", form_at=place, ticket="T-1", reason="To see it.")


def end_view(scene: Scene) -> TestResponse:
    customer, client = people.customer(), scene.staff(Role.SUPPORT)
    fields = {"ticket": "T-1", "reason": "To see it."}
    begun = browse.send(
        client, f"/console/view-as/{customer.id}", form_at=f"/console/view-as?q={customer.id}", **fields
    )
    assert client.get(begun.location).location == "/"
    return browse.send(client, "/view-as/end", form_at="/")


def case(scene: Scene, deed: str, **said: str) -> TestResponse:
    """Treasury does this to a case of theirs."""
    with transaction(TEST):
        case_id = cases.open("tested", books.fresh("x"), owner=Role.TREASURY, words="Look at this.", actor=TEST)
    place = f"/console/cases/{case_id}"
    return browse.send(scene.staff(Role.TREASURY), f"{place}/{deed}", form_at=place, **said)


def approve(scene: Scene) -> TestResponse:
    place, client, content = decided(scene)
    return browse.send(client, f"{place}/approve", form_at=place, content_hash=content)


def reject(scene: Scene) -> TestResponse:
    place, client, _ = decided(scene)
    return browse.send(client, f"{place}/reject", form_at=place, reason="The name differs.")


def witness(scene: Scene) -> TestResponse:
    customer, account = scene.rich()
    with transaction(TEST):
        posting.hold(customer.account, amount=people.naira(10), ref=ids.new("dsp"), key=ids.new("dsp"))
    with floats.only(people.naira(5_000)):  # (a large part of it, with something that speaks against it)
        one = people.asked_for(customer, people.naira(1_000), account=account)
    leave()
    place, client = f"/console/withdrawals/{one.id}", scene.staff(Role.ADMIN)
    return browse.send(client, f"{place}/witness", form_at=place, content_hash=one.content_hash)


def hold(scene: Scene) -> TestResponse:
    place, client, _ = decided(scene)
    return browse.send(client, f"{place}/hold", form_at=place, reason="A call is on its way.", hours="")


def release(scene: Scene) -> TestResponse:
    place, client, _ = decided(scene)
    browse.send(client, f"{place}/hold", form_at=place, reason="A call is on its way.", hours="")
    return browse.send(client, f"{place}/release", form_at=place, reason="They called back.")


def take_withdrawal(scene: Scene) -> TestResponse:
    place, client, _ = decided(scene)
    return browse.send(client, f"{place}/take", form_at=place)


def let_go_of_withdrawal(scene: Scene) -> TestResponse:
    place, client, _ = decided(scene)
    browse.send(client, f"{place}/take", form_at=place)
    return browse.send(client, f"{place}/let-go", form_at=place)


def keep_view(scene: Scene, deed: str = "") -> TestResponse:
    """Keep a view of the withdrawals; with a deed, do that to it."""
    client, place = scene.staff(Role.TREASURY), "/console/withdrawals"
    answer = browse.send(client, f"{place}/views", form_at=place, name="Large", size="large")
    if not deed:
        return answer
    view = client.get(place).text.partition("/views/")[2].partition("/")[0]
    return browse.send(client, f"{place}/views/{view}/{deed}", form_at=place, name="Larger")


def retry(scene: Scene) -> TestResponse:
    place, client = unpaid(scene)
    return browse.send(client, f"{place}/retry", form_at=place)


def give_up(scene: Scene) -> TestResponse:
    place, client = unpaid(scene)
    return browse.send(client, f"{place}/give-up", form_at=place)


def unpaid(scene: Scene) -> tuple[str, FlaskClient]:
    """The page of a withdrawal that the rail ended without payment, and who may try again."""
    place, client, content_hash = decided(scene)
    browse.send(client, f"{place}/approve", form_at=place, content_hash=content_hash)
    withdrawal_id, who = place.rpartition("/")[2], actor.system("test")
    with transaction(who):
        attempt = withdrawals.begin_sending(withdrawal_id, actor=who)
        assert attempt is not None
        withdrawals.fail(attempt.payout_id, actor=who)
    leave()
    return place, client


def decided(scene: Scene) -> tuple[str, FlaskClient, str]:
    """A withdrawal's page, who may decide, and its content."""
    _, one = scene.asked()
    return f"/console/withdrawals/{one.id}", scene.staff(Role.TREASURY), one.content_hash


CALLS: dict[str, Call] = {
    "console.sign_in": console_sign_in,
    "console.sign_out": console_sign_out,
    "console.export_audit": export_audit,
    "console.reconcile": reconcile,
    "console.request_refund": request_refund,
    "console.redirect_refund": redirect_refund,
    "console.request_letting_go": request_letting_go,
    "console.close_settlement": close_settlement,
    "console.request_top_up": request_top_up,
    "console.request_floor": request_floor,
    "console.abandon_top_up": abandon_top_up,
    "console.request_partner_prices": request_partner_prices,
    "console.resolve_suspense": resolve_suspense,
    "console.request_placing": request_placing,
    "console.request_assigning": request_assigning,
    "console.request_returning": request_returning,
    "console.request_splitting": request_splitting,
    "console.begin_view": begin_view,
    "portal.end_view": end_view,
    "console.take_case": lambda scene: case(scene, "take"),
    "console.note_on_case": lambda scene: case(scene, "note", note="The bank is closed."),
    "console.put_off_case": lambda scene: case(scene, "put-off", wait="4h", note="The bank is closed."),
    "console.close_case": lambda scene: case(scene, "close", note="It was a test."),
    "console.approve": approve,
    "console.reject": reject,
    "console.witness": witness,
    "console.hold": hold,
    "console.release": release,
    "console.retry": retry,
    "console.take_withdrawal": take_withdrawal,
    "console.let_go_of_withdrawal": let_go_of_withdrawal,
    "console.save_withdrawals_view": keep_view,
    "console.rename_withdrawals_view": lambda scene: keep_view(scene, "rename"),
    "console.forget_withdrawals_view": lambda scene: keep_view(scene, "delete"),
    "console.give_up": give_up,
}

"""A call of each door through which operators work on what customers do, and come in and out."""

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.core import actor
from app.core.db import leave, rows, transaction
from app.core.permissions import Role
from app.payments import suspense
from app.withdrawals import service as withdrawals
from tests.makers import books, browse, people, restricted
from tests.web.scenes.stage import TEST, Call, Scene


def console_sign_in(scene: Scene) -> TestResponse:
    return browse.sign_in(scene.app.test_client(), people.operator(Role.SUPPORT)[1], console=True)


def console_sign_out(scene: Scene) -> TestResponse:
    return browse.send(scene.staff(Role.SUPPORT), "/console/sign-out", form_at="/console/")


def export_audit(scene: Scene) -> TestResponse:
    auditor = scene.staff(Role.AUDITOR)
    return browse.send(auditor, "/console/audit/export", form_at="/console/audit", reason="To see it.", object="none")


def reconcile(scene: Scene) -> TestResponse:
    return browse.send(scene.staff(Role.FINANCE), "/console/reconciliation")


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


def approve(scene: Scene) -> TestResponse:
    place, client, content = decided(scene)
    return browse.send(client, f"{place}/approve", form_at=place, content_hash=content)


def reject(scene: Scene) -> TestResponse:
    place, client, _ = decided(scene)
    return browse.send(client, f"{place}/reject", form_at=place, reason="The name differs.")


def witness(scene: Scene) -> TestResponse:
    _, one = scene.asked()
    place, client = f"/console/withdrawals/{one.id}", scene.staff(Role.ADMIN)
    return browse.send(client, f"{place}/witness", form_at="/console/account", content_hash=one.content_hash)


def hold(scene: Scene) -> TestResponse:
    place, client, _ = decided(scene)
    return browse.send(client, f"{place}/hold", form_at=place, reason="A call is on its way.", hours="")


def release(scene: Scene) -> TestResponse:
    place, client, _ = decided(scene)
    browse.send(client, f"{place}/hold", form_at=place, reason="A call is on its way.", hours="")
    return browse.send(client, f"{place}/release", form_at=place, reason="They called back.")


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
    "console.resolve_suspense": resolve_suspense,
    "console.request_placing": request_placing,
    "console.begin_view": begin_view,
    "portal.end_view": end_view,
    "console.approve": approve,
    "console.reject": reject,
    "console.witness": witness,
    "console.hold": hold,
    "console.release": release,
    "console.retry": retry,
    "console.give_up": give_up,
}

"""A call of each door through which operators ask for what others agree to, and decide: roles, people, policies."""

import secrets

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.core.db import leave, rows
from app.core.permissions import Role
from app.governance import flows
from app.staff import queries as staff
from tests.makers import books, browse, people
from tests.web.scenes.stage import TEST, Call, Scene

POLICY = "/console/policies/staff.review"
COIN = {
    "name": "Test coin", "network": "Testnet", "mark": "T", "colour": "#5b4a12", "digits": "4", "position": "900",
    "trade_min": "0.001", "send_min": "0.0001", "open": "yes",
}  # fmt: skip
FORM = {"count-0-0": "1", "hours-0": "48", "minutes-0": "0", "reason": "More care."}


def asked(scene: Scene, *, roles: str = "finance", subject: str = "") -> tuple[FlaskClient, str, TestResponse]:
    """An administrator asks that somebody have other roles: their browser, the request's page, what the door said."""
    subject = subject or people.operator(Role.SUPPORT)[0]
    client, page = scene.staff(Role.ADMIN), f"/console/operators/{subject}"
    answer = browse.send(client, f"{page}/roles", form_at=page, roles=roles, reason="A job.", key=books.fresh())
    return client, answer.location, answer


def request_roles(scene: Scene) -> TestResponse:
    return asked(scene)[2]


def request_invitation(scene: Scene) -> TestResponse:
    return invited(scene.staff(Role.ADMIN))


def invited(client: FlaskClient) -> TestResponse:
    """Ask that somebody be let in."""
    fields = {"name": "Uche Obi", "email": f"{books.fresh()}@test.example", "roles": "support", "reason": "Hired."}
    return browse.send(client, "/console/operators/invite", **fields, key=books.fresh())


def join(scene: Scene) -> TestResponse:
    place = invited(scene.staff(Role.ADMIN)).location
    agreed(scene, place)
    request_id = place.rpartition("/")[2]
    flows.carry_out(request_id, actor=TEST)
    (found,) = rows("SELECT id FROM invitations WHERE request_id = :id", id=request_id)
    token = staff.token_for_system(found.id)
    leave()
    fields = {"password": people.PASSWORD, "again": people.PASSWORD}
    client = scene.app.test_client()
    assert client.get(f"/console/join/{token}").location == "/console/join"
    return browse.send(client, "/console/join", **fields)


def withdraw_invitation(scene: Scene) -> TestResponse:
    client = scene.staff(Role.ADMIN)
    place = invited(client).location
    agreed(scene, place)
    flows.carry_out(place.rpartition("/")[2], actor=TEST)
    (found,) = rows("SELECT id FROM invitations WHERE request_id = :id", id=place.rpartition("/")[2])
    leave()
    return browse.send(client, f"/console/operators/invitations/{found.id}/withdraw", form_at="/console/operators")


def approve_request(scene: Scene) -> TestResponse:
    return agreed(scene, asked(scene)[1])


def agreed(scene: Scene, place: str) -> TestResponse:
    """Another administrator's yes."""
    (row,) = rows("SELECT payload_hash FROM approval_requests WHERE id = :id", id=place.rpartition("/")[2])
    leave()
    return browse.send(scene.staff(Role.ADMIN), f"{place}/approve", form_at=place, shown=row.payload_hash)


def deny_request(scene: Scene) -> TestResponse:
    place = asked(scene)[1]
    return browse.send(scene.staff(Role.ADMIN), f"{place}/deny", form_at=place, reason="Not yet.")


def cancel_request(scene: Scene) -> TestResponse:
    client, place, _ = asked(scene)
    return browse.send(client, f"{place}/cancel", form_at=place)


def retry_request(scene: Scene) -> TestResponse:
    """Of two changes of the same roles, the second cannot be carried out."""
    subject = people.operator(Role.SUPPORT)[0]
    leave()
    first, (client, second, _) = asked(scene, subject=subject)[1], asked(scene, roles="treasury", subject=subject)
    for place in (first, second):
        agreed(scene, place)
        flows.carry_out(place.rpartition("/")[2], actor=TEST)
        leave()
    return browse.send(client, f"{second}/retry", form_at=second)


def break_glass(scene: Scene) -> TestResponse:
    return broken(scene.staff(Role.ADMIN))


def broken(client: FlaskClient) -> TestResponse:
    """Take a role alone."""
    people.somebody_watches()
    return browse.send(client, "/console/operators/emergency", role="finance", reason="Nobody answers.")


def give_back(scene: Scene) -> TestResponse:
    client = scene.staff(Role.ADMIN)
    broken(client)
    return browse.send(client, "/console/operators/emergency/end", form_at="/console/operators")


def request_policy(scene: Scene) -> TestResponse:
    people.somebody_is(Role.COMPLIANCE_MANAGER)  # (who could agree)
    return browse.send(scene.staff(Role.ADMIN), POLICY, **FORM, key=books.fresh())


def request_limits(scene: Scene) -> TestResponse:
    fields = {"tier": "t1", "scope": "bank.in", "single": "40,000", "balance": "300,000", "reason": "The law."}
    begins = f"{2100 + secrets.randbelow(900)}-05-01"
    return browse.send(scene.staff(Role.ADMIN), "/console/limits", **fields, starts_on=begins, key=books.fresh())


def request_fees(scene: Scene) -> TestResponse:
    fields = {"over-0": "0", "flat-0": "10", "share-0": "1.5", "cap-0": "2,000", "reason": "The vendor asks for more."}
    begins = f"{2100 + secrets.randbelow(900)}-05-01"
    place = "/console/fees/bank.out.NGN"
    client = scene.staff(Role.FINANCE)
    return browse.send(client, place, form_at="/console/fees", **fields, starts_on=begins, key=books.fresh())


def request_asset(scene: Scene) -> TestResponse:
    fields = {"code": f"T{secrets.token_hex(4).upper()}", "decimals": "8", "reason": "Customers ask for it."}
    return browse.send(scene.staff(Role.FINANCE), "/console/assets", **fields, **COIN, key=books.fresh())


def request_asset_change(scene: Scene) -> TestResponse:
    place, position = "/console/assets/TRX", str(secrets.randbelow(9_000))
    client = scene.staff(Role.FINANCE)
    fields = COIN | {"position": position, "reason": "It is seen first."}
    return browse.send(client, place, form_at=place, **fields, key=books.fresh())


def request_threshold(scene: Scene) -> TestResponse:
    fields = {"name": "dormant_days", "value": "90", "reason": "They wake up sooner."}
    begins = f"{2100 + secrets.randbelow(900)}-05-01"
    return browse.send(scene.staff(Role.ADMIN), "/console/thresholds", **fields, starts_on=begins, key=books.fresh())


CALLS: dict[str, Call] = {
    "console.request_limits": request_limits,
    "console.request_threshold": request_threshold,
    "console.request_fees": request_fees,
    "console.request_asset": request_asset,
    "console.request_asset_change": request_asset_change,
    "console.request_roles": request_roles,
    "console.request_invitation": request_invitation,
    "console.join": join,
    "console.withdraw_invitation": withdraw_invitation,
    "console.approve_request": approve_request,
    "console.deny_request": deny_request,
    "console.cancel_request": cancel_request,
    "console.retry_request": retry_request,
    "console.break_glass": break_glass,
    "console.give_back": give_back,
    "console.request_policy": request_policy,
}

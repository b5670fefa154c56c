"""A call of each door by which staff look after customers' accounts."""

from datetime import timedelta

from werkzeug.test import TestResponse

from app.core import clock, ids
from app.core.db import leave, rows
from app.core.permissions import Role
from tests.makers import aged, asking, browse, care, forgetting, listed, people, restricted
from tests.web.scenes.stage import Call, Scene


def of_customer(role: Role, deed: str, *before: str) -> Call:
    """Somebody of this role does this to an account, after somebody of compliance did the others."""

    def call(scene: Scene) -> TestResponse:
        place = f"/console/customers/{people.customer().id}"
        for each in before:
            browse.send(
                scene.staff(Role.COMPLIANCE_OFFICER), f"{place}/{each}", form_at=place, reason="It was asked for."
            )
        return browse.send(scene.staff(role), f"{place}/{deed}", form_at=place, reason="A reason.", wanted_by="us")

    return call


def reveal(scene: Scene) -> TestResponse:
    place = f"/console/reveal/email/{people.customer().id}"
    return browse.send(scene.staff(Role.AUDITOR), place, why="Other", reason="The yearly review.")


def place_restriction(scene: Scene) -> TestResponse:
    place = f"/console/customers/{people.customer().id}/restrict"
    sent = {"kind": "no_debit", "reason": "unusual_activity", "note": "A note."}
    return browse.send(scene.staff(Role.COMPLIANCE_MANAGER), place, **sent)


def request_lift(scene: Scene) -> TestResponse:
    place = f"/console/restrictions/{restricted.placed(people.customer())}"
    return browse.send(scene.staff(Role.COMPLIANCE_OFFICER), f"{place}/lift", form_at=place, reason="A reason.")


def request_recovery(scene: Scene) -> TestResponse:
    recovery_id = care.lost_mailbox(people.customer())
    scene.owner_does("UPDATE recoveries SET possible_at = created_at WHERE id = :id", id=recovery_id)
    return browse.send(scene.staff(Role.SUPPORT), f"/console/recoveries/{recovery_id}", reason="A reason.")


def request_account_name(scene: Scene) -> TestResponse:
    account_id = asking.others_account()
    (found,) = rows("SELECT customer_id FROM bank_accounts WHERE id = :id", id=account_id)
    leave()
    page = f"/console/customers/{found.customer_id}"
    sent = {"reason": "The marriage certificate was seen."}
    return browse.send(
        scene.staff(Role.COMPLIANCE_OFFICER), f"/console/accounts/{account_id}/name", form_at=page, **sent
    )


def of_hit(deed: str) -> Call:
    """An officer does this about a hit."""

    def call(scene: Scene) -> TestResponse:
        hit_id = listed.open_hit(born="")
        place, shown = f"/console/screening/hits/{hit_id}", listed.content(hit_id)
        sent = {"reason": "The birth places were compared.", "shown": shown, "verdict": "match"}
        return browse.send(scene.staff(Role.COMPLIANCE_OFFICER), f"{place}/{deed}", form_at=place, **sent)

    return call


def request_retention(scene: Scene) -> TestResponse:
    """Ask for a run over an old session; what others asked for before is taken back, one stands at a time."""
    forgetting.take_back()
    session_id = ids.new("old")
    login_id, at = people.customer().login_id, clock.now() - timedelta(days=800)
    scene.owner_does(aged.SESSION, id=session_id, login=login_id, at=at)
    return browse.send(scene.staff(Role.ADMIN), "/console/retention", reason="The yearly run.")


CALLS: dict[str, Call] = {
    "console.freeze_customer": of_customer(Role.COMPLIANCE_MANAGER, "freeze"),
    "console.safety_lock_customer": of_customer(Role.SUPPORT, "safety-lock"),
    "console.request_unfreeze": of_customer(Role.COMPLIANCE_OFFICER, "unfreeze", "freeze"),
    "console.request_account_name": request_account_name,
    "console.place_restriction": place_restriction,
    "console.request_lift": request_lift,
    "console.reveal": reveal,
    "console.request_recovery": request_recovery,
    "console.request_retention": request_retention,
    "console.clear_hit": of_hit("clear"),
    "console.ask_about_hit": of_hit("ask"),
}

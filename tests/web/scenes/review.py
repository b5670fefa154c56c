"""A call of each door by which applications are reviewed."""

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.applications import queries
from app.applications.models import Application
from app.applications.rules import Step
from app.core import clock
from app.core.db import leave
from app.core.permissions import Role
from app.customers.rules import Tier
from tests.makers import applicants, browse
from tests.web.scenes.stage import Call, Scene

LIST = "/console/applications"
OFFICER = Role.COMPLIANCE_OFFICER


def handed_in(wanted: Tier = Tier.T1) -> Application:
    """An application that waits."""
    today = clock.now().astimezone(clock.WAT).date().isoformat()
    found = applicants.submitted(wanted=wanted, today=today)
    leave()
    return found


def press(client: FlaskClient, application: Application, deed: str, **fields: str) -> TestResponse:
    """Send a form of the panel."""
    place = f"{LIST}/{application.id}"
    return browse.send(client, f"{place}/{deed}", form_at=place, **fields)


def of_one(deed: str, *before: str, **fields: str) -> Call:
    """An officer does this to an application, after they did the others."""

    def call(scene: Scene) -> TestResponse:
        client, one = scene.staff(OFFICER), handed_in()
        for each in before:
            press(client, one, each)
        return press(client, one, deed, **fields)

    return call


def decided(deed: str, tier: Tier, **fields: str) -> Call:
    """An officer decides, once the whole check-list is answered."""

    def call(scene: Scene) -> TestResponse:
        client, one = scene.staff(OFFICER), handed_in(tier)
        codes = [item.code for item in queries.checklist_for_operators(one)]
        leave()
        for code in codes:
            press(client, one, "answers", item=code, said="yes")
        return press(client, one, deed, tier=str(tier), **fields)

    return call


def next_application(scene: Scene) -> TestResponse:
    one = handed_in()
    return browse.send(scene.staff(OFFICER), f"{LIST}/next", form_at=LIST, id=one.id)


def together(scene: Scene) -> TestResponse:
    one = handed_in()  # (before they are hired: else it would be their share already)
    return browse.send(scene.staff(OFFICER), f"{LIST}/together", form_at=LIST, chosen=one.id, deed="mine")


def kept(scene: Scene, deed: str = "") -> TestResponse:
    """Keep a view; with a deed, do that to it."""
    client = scene.staff(OFFICER)
    answer = browse.send(client, f"{LIST}/views", form_at=LIST, name="Late", view="late")
    if not deed:
        return answer
    view = client.get(LIST).text.partition("/views/")[2].partition("/")[0]
    return browse.send(client, f"{LIST}/views/{view}/{deed}", form_at=LIST, name="Later")


CALLS: dict[str, Call] = {
    "console.next_application": next_application,
    "console.together": together,
    "console.save_view": kept,
    "console.rename_view": lambda scene: kept(scene, "rename"),
    "console.forget_view": lambda scene: kept(scene, "delete"),
    "console.claim_application": of_one("claim"),
    "console.release_application": of_one("release", "claim"),
    "console.stay_at_application": of_one("stay", "claim"),
    "console.answer_item": of_one("answers", item="profile_adult", said="yes"),
    "console.note_on_application": of_one("notes", words="Looks right."),
    "console.ask_again": of_one("again", step=str(Step.PROFILE), **{"code-profile": "partial"}),
    "console.look_up_again": of_one("look-up"),
    "console.escalate_application": of_one("escalate", reason="It is strange."),
    "console.approve_application": decided("approve", Tier.T1),
    "console.propose_tier": decided("propose", Tier.T3, reason="All is shown."),
    "console.propose_refusal": of_one("refuse", code="risk", reason="It is strange."),
}

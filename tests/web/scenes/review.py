"""A call of each door by which applications are reviewed."""

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.applications import service
from app.applications.models import Application
from app.applications.rules import About, Step
from app.core import clock
from app.core.db import leave, transaction
from app.core.permissions import Role
from app.customers.rules import Tier
from tests.makers import applicants, browse, people
from tests.web.scenes.stage import TEST, Call, Scene

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
        client, one = scene.staff(OFFICER), applicants.answered(handed_in(tier))
        leave()
        return press(client, one, deed, tier=str(tier), **fields)

    return call


def lower(scene: Scene) -> TestResponse:
    """An officer takes a tier away from somebody whose review found less."""
    owner = people.customer(tier=Tier.T0)
    today = clock.now().astimezone(clock.WAT).date().isoformat()
    applicants.decided(applicants.submitted(owner, wanted=Tier.T2, today=today), Tier.T2)
    with transaction(TEST):
        opened = service.reopen(owner.id, about=About.REVIEW, actor=TEST)
    assert opened is not None
    one = applicants.answered(applicants.handed_in(owner, opened, today=today))
    leave()
    return press(scene.staff(OFFICER), one, "lower", tier="t1", reason="The document is void.")


def lift(scene: Scene) -> TestResponse:
    """An officer asks that who was refused may apply again."""
    one = applicants.refused(handed_in())
    leave()
    return press(scene.staff(OFFICER), one, "lift", reason="A mix-up.")


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
    "console.lower_tier": lower,
    "console.propose_lift": lift,
    "console.propose_tier": decided("propose", Tier.T3, reason="All is shown."),
    "console.propose_refusal": of_one("refuse", code="risk", reason="It is strange."),
}

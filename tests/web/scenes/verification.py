"""A call of each door through which a customer verifies themself."""

import io

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.applications.rules import CONSENT, Step
from app.core import clock
from app.core.db import leave
from app.customers.rules import Tier
from tests.makers import applicants, browse, identities, people, pictures
from tests.makers.people import Customer
from tests.web.scenes.stage import Call, Scene


def begin_verification(scene: Scene) -> TestResponse:
    return browse.send(scene.at_home(people.customer(tier=Tier.T0)), "/verification", tier="t1", number="nin")


def change_details(scene: Scene) -> TestResponse:
    return browse.send(scene.at_home(people.customer(tier=Tier.T2)), "/verification/change", about="address")


def save_step(scene: Scene) -> TestResponse:
    client, _ = begun(scene)
    return browse.send(client, "/verification/profile", **applicants.PROFILE)


def send_file(scene: Scene) -> TestResponse:
    client, _ = begun(scene)
    return sent(client)


def remove_file(scene: Scene) -> TestResponse:
    client, _ = begun(scene)
    sent(client)
    return browse.send(client, "/verification/selfie/files/selfie/remove", form_at="/verification/selfie")


def look_up_again(scene: Scene) -> TestResponse:
    client, customer = begun(scene)
    browse.send(client, "/verification/profile", **applicants.PROFILE)
    browse.send(client, "/verification/bvn", number=identities.number(identities.NOBODY))
    scene.owner_does(
        "UPDATE identity_checks SET state = 'unavailable' WHERE customer_id = :customer", customer=customer.id
    )
    return browse.send(client, "/verification/bvn/again", form_at="/verification/bvn")


def submit_verification(scene: Scene) -> TestResponse:
    client, customer = begun(scene)
    today = clock.now().astimezone(clock.WAT).date().isoformat()
    application_id = applicants.queries.all_of(owner=customer.id)[0].id
    applicants.do(customer, application_id, (Step.CONTACT, Step.PROFILE, Step.BVN, Step.SELFIE), today=today)
    leave()
    return browse.send(client, "/verification/check", consent=CONSENT)


def take_back_verification(scene: Scene) -> TestResponse:
    client, _ = begun(scene)
    return browse.send(client, "/verification/take-back", form_at="/verification")


def begun(scene: Scene) -> tuple[FlaskClient, Customer]:
    """Somebody with an application for the first tier: their browser, and who they are."""
    customer = people.customer(tier=Tier.T0)
    applicants.begin(customer, Tier.T1)
    leave()
    return scene.at_home(customer), customer


def sent(client: FlaskClient) -> TestResponse:
    """A picture of a face, sent as soon as it was taken."""
    data = {
        "csrf_token": browse.token_of(client.get("/verification/selfie")),
        "selfie": (io.BytesIO(pictures.jpeg("a face")), "face.jpg"),
    }
    return client.post("/verification/selfie/files/selfie", data=data, content_type="multipart/form-data")


CALLS: dict[str, Call] = {
    "portal.begin_verification": begin_verification,
    "portal.change_details": change_details,
    "portal.save_step": save_step,
    "portal.send_file": send_file,
    "portal.remove_file": remove_file,
    "portal.look_up_again": look_up_again,
    "portal.submit_verification": submit_verification,
    "portal.take_back_verification": take_back_verification,
}

"""A call of each door through which people care for their own account, at the portal and at the console alike."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.core import clock
from app.core.db import leave, rows, transaction
from app.core.permissions import Role
from app.identity import queries, renewal, rules, service, totp
from app.identity.rules import Audience
from tests.makers import apps, browse, people
from tests.makers.authenticator import Authenticator
from tests.web.scenes.stage import TEST, Call, Scene

NEW = "several entirely other words"


@dataclass(frozen=True)
class Face:
    """One of the two faces: how its addresses begin, and where the account's own pages are."""

    name: str
    prefix: str
    account: str
    audience: Audience

    @property
    def console(self) -> bool:
        """Whether it is staff's."""
        return self.audience is Audience.OPERATOR

    def person(self, *, enrolled: bool) -> tuple[str, str]:
        """Somebody at home here: address and login."""
        if self.console:
            _, email = people.operator(Role.SUPPORT) if enrolled else people.newcomer(Role.SUPPORT)
            return email, apps.login_of(email)
        customer = people.customer(enrolled=enrolled)
        leave()
        return customer.email, customer.login_id

    def arrive(self, scene: Scene, *, enrolled: bool = False) -> tuple[FlaskClient, str]:
        """Somebody who signed in, as far as they can: their browser and their login."""
        (email, login_id), client = self.person(enrolled=enrolled), scene.app.test_client()
        browse.come_in(client, email, console=self.console)
        return client, login_id

    def sent(self, client: FlaskClient, door: str, body: dict[str, Any], *, page: str = "/factors") -> TestResponse:
        """What a script of the page asks for."""
        headers = {"X-CSRFToken": browse.token_of(client.get(f"{self.prefix}{page}"))}
        return client.post(f"{self.prefix}{door}", json=body, headers=headers)

    def add_key(self, client: FlaskClient) -> tuple[Authenticator, TestResponse]:
        """Add a passkey: the device, and what the door said."""
        device = Authenticator()
        options = self.sent(client, "/factors/passkeys/options", {})
        body = {"credential": device.create(options.text), "name": "My key"}
        return device, self.sent(client, "/factors/passkeys", body)


PORTAL = Face("portal", "", "/security", Audience.CUSTOMER)
CONSOLE = Face("console", "/console", "/console/account", Audience.OPERATOR)


def prove(scene: Scene, face: Face) -> TestResponse:
    (email, _), client = face.person(enrolled=True), scene.app.test_client()
    browse.with_password(client, email, console=face.console)
    return browse.prove(client, email, console=face.console)


def prove_password(scene: Scene, face: Face) -> TestResponse:
    client, _ = face.arrive(scene)
    return browse.send(client, f"{face.prefix}/prove/password", password=people.PASSWORD)


def begin_app(scene: Scene, face: Face) -> TestResponse:
    client, _ = face.arrive(scene)
    return browse.send(client, f"{face.prefix}/factors/app", form_at=f"{face.prefix}/factors")


def confirm_app(scene: Scene, face: Face) -> TestResponse:
    client, _ = face.arrive(scene)
    page = f"{face.prefix}/factors/app"
    browse.send(client, page, form_at=f"{face.prefix}/factors")
    found = re.search(r'id="secret">([A-Z2-7 ]+)<', client.get(page).text)
    assert found
    code = totp.code(found[1].replace(" ", ""), step=rules.totp_step(clock.now()))
    return browse.send(client, f"{page}/confirm", form_at=page, code=code)


def remove_app(scene: Scene, face: Face) -> TestResponse:
    client, _ = face.arrive(scene, enrolled=True)
    face.add_key(client)  # (staff keep one factor)
    return browse.send(client, f"{face.prefix}/factors/app/remove", form_at=f"{face.prefix}/factors")


def write_codes(scene: Scene, face: Face) -> TestResponse:
    client, _ = face.arrive(scene, enrolled=True)
    return browse.send(client, f"{face.prefix}/factors/codes", form_at=f"{face.prefix}/factors")


def options_to_add(scene: Scene, face: Face) -> TestResponse:
    client, _ = face.arrive(scene)
    return face.sent(client, "/factors/passkeys/options", {})


def add_passkey(scene: Scene, face: Face) -> TestResponse:
    client, _ = face.arrive(scene)
    return face.add_key(client)[1]


def options_to_prove(scene: Scene, face: Face) -> TestResponse:
    client, _ = face.arrive(scene)
    face.add_key(client)
    return face.sent(client, "/prove/options", {}, page="/prove")


def prove_passkey(scene: Scene, face: Face) -> TestResponse:
    client, _ = face.arrive(scene)
    device, _ = face.add_key(client)
    options = face.sent(client, "/prove/options", {}, page="/prove")
    return face.sent(client, "/prove/passkey", {"credential": device.get(options.text)}, page="/prove")


def remove_passkey(scene: Scene, face: Face) -> TestResponse:
    client, login_id = face.arrive(scene, enrolled=True)
    face.add_key(client)
    (key,) = rows("SELECT id FROM passkeys WHERE login_id = :login", login=login_id)
    leave()
    return browse.send(client, f"{face.prefix}/factors/passkeys/{key.id}/remove", form_at=f"{face.prefix}/factors")


def end_session(scene: Scene, face: Face) -> TestResponse:
    client, login_id = face.arrive(scene, enrolled=True)
    spare = another_session(face, login_id)
    return browse.send(client, f"{face.account}/sessions/{spare}/end", form_at=face.account)


def end_other_sessions(scene: Scene, face: Face) -> TestResponse:
    client, login_id = face.arrive(scene, enrolled=True)
    another_session(face, login_id)
    return browse.send(client, f"{face.account}/sessions/end-others", form_at=face.account)


def another_session(face: Face, login_id: str) -> str:
    """Where they are signed in too."""
    with transaction(TEST):
        found = service.open_session(login_id, audience=face.audience, device=service.Device("Another"))
    leave()
    return found.session_id


def change_password(scene: Scene, face: Face) -> TestResponse:
    client, _ = face.arrive(scene, enrolled=True)
    return browse.send(client, f"{face.account}/password", present=people.PASSWORD, password=NEW)


def forgotten_password(scene: Scene, face: Face) -> TestResponse:
    email, _ = face.person(enrolled=False)
    return browse.send(scene.app.test_client(), f"{face.prefix}/forgotten-password", email=email)


def reset_password(scene: Scene, face: Face) -> TestResponse:
    email, login_id = face.person(enrolled=False)
    with transaction(TEST):
        renewal.ask(email, audience=face.audience)
        (asked,) = rows("SELECT max(id) AS id FROM password_resets")
        renewal.answer(asked.id)
    (found,) = rows("SELECT id FROM password_resets WHERE login_id = :login", login=login_id)
    _, token = queries.reset_token_for_system(found.id)
    leave()
    client, page = scene.app.test_client(), f"{face.prefix}/reset-password"
    assert client.get(f"{page}/{token}").status_code == 303
    return browse.send(client, page, password=NEW)


DOORS: dict[str, Callable[[Scene, Face], TestResponse]] = {
    "prove": prove,
    "prove_password": prove_password,
    "begin_app": begin_app,
    "confirm_app": confirm_app,
    "remove_app": remove_app,
    "write_codes": write_codes,
    "options_to_add": options_to_add,
    "add_passkey": add_passkey,
    "options_to_prove": options_to_prove,
    "prove_passkey": prove_passkey,
    "remove_passkey": remove_passkey,
    "end_session": end_session,
    "end_other_sessions": end_other_sessions,
    "change_password": change_password,
    "forgotten_password": forgotten_password,
    "reset_password": reset_password,
}


def _at(face: Face, call: Callable[[Scene, Face], TestResponse], scene: Scene) -> TestResponse:
    return call(scene, face)


CALLS: dict[str, Call] = {
    f"{face.name}.{door}": partial(_at, face, call) for face in (PORTAL, CONSOLE) for door, call in DOORS.items()
}

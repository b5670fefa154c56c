"""A call of each door through which customers guard their account or leave: freezing, closing, keys, a lost mailbox."""

import secrets

from werkzeug.test import TestResponse

from app.core.db import leave, rows, transaction
from app.core.permissions import Role
from app.identity import api_keys, recoveries, recovery, rules
from app.identity.scopes import Scope
from tests.makers import browse, people
from tests.web.scenes.stage import TEST, Call, Scene


def freeze_now(scene: Scene) -> TestResponse:
    return browse.send(scene.at_home(people.customer()), "/security/freeze")


def close(scene: Scene) -> TestResponse:
    return browse.send(scene.at_home(people.customer()), "/security/close", reason="Moving away.")


def keep(scene: Scene) -> TestResponse:
    client = scene.at_home(people.customer())
    browse.send(client, "/security/close", reason="Moving away.")
    return browse.send(client, "/security/close/withdraw", form_at="/security/close")


def issue_key(scene: Scene) -> TestResponse:
    client = scene.at_home(people.customer(enrolled=True))
    return browse.send(client, "/api-keys", name="Books", scope=str(Scope.BALANCES_READ))


def revoke_key(scene: Scene) -> TestResponse:
    customer = people.customer()
    with transaction(customer.actor):
        key, _ = api_keys.issue(customer.login_id, name="Books", scopes=set(Scope), lives=rules.KEY_LIVES[0])
    place = f"/api-keys/{key.id}/revoke"
    leave()
    return browse.send(scene.at_home(customer), place, form_at="/api-keys")


def revoke_all_keys(scene: Scene) -> TestResponse:
    customer = people.customer()
    with transaction(customer.actor):
        for name in ("Books", "Robot"):
            api_keys.issue(customer.login_id, name=name, scopes=set(Scope), lives=rules.KEY_LIVES[0])
    leave()
    return browse.send(scene.at_home(customer), "/api-keys/revoke-all", form_at="/api-keys")


def recover(scene: Scene) -> TestResponse:
    contact = f"new-{secrets.token_hex(4)}@test.example"
    return browse.send(scene.app.test_client(), "/recover", email=people.customer().email, contact=contact)


def stop_recovery(scene: Scene) -> TestResponse:
    customer = people.customer()
    with transaction(TEST):
        recovery.ask(customer.email, contact="new@test.example", actor=TEST)
        (asked,) = rows("SELECT max(id) AS id FROM recoveries")
        recovery.answer(asked.id, actor=TEST)
    token = recoveries.recovery_token_for_system(asked.id)
    leave()
    client = scene.app.test_client()
    assert client.get(f"/stop-recovery/{token}").location == "/stop-recovery"
    return browse.send(client, "/stop-recovery")


def refuse_recovery(scene: Scene) -> TestResponse:
    customer = people.customer()
    with transaction(TEST):
        recovery.ask(customer.email, contact=f"new-{secrets.token_hex(4)}@test.example", actor=TEST)
        (asked,) = rows("SELECT max(id) AS id FROM recoveries")
        recovery.answer(asked.id, actor=TEST)
    leave()
    place = f"/console/recoveries/{asked.id}"
    return browse.send(scene.staff(Role.SUPPORT), f"{place}/refuse", form_at=place, reason="They knew nothing.")


CALLS: dict[str, Call] = {
    "portal.freeze_now": freeze_now,
    "portal.close": close,
    "portal.keep": keep,
    "portal.issue_key": issue_key,
    "portal.revoke_key": revoke_key,
    "portal.revoke_all_keys": revoke_all_keys,
    "portal.recover": recover,
    "portal.stop_recovery": stop_recovery,
    "console.refuse_recovery": refuse_recovery,
}

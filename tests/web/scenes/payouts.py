"""A call of each door through which operators attend to payouts, and stop them."""

from datetime import timedelta

from werkzeug.test import TestResponse

from app.core import clock, ids
from app.core.db import leave, rows, transaction
from app.core.permissions import Role
from app.payments import payout_flows, payouts
from app.withdrawals import flows, service
from tests.makers import browse, leaving, people, switched
from tests.makers.people import naira
from tests.web.scenes.stage import TEST, Call, Scene


def begun(*, recipient_code: str = "RCP_x", ago: timedelta = timedelta(0)) -> str:
    """A payout that was begun then, and that Paystack does not know."""
    with clock.at(clock.now() - ago), transaction(TEST):
        payouts.begin(payout_id := ids.new("po"), amount=naira(100), recipient_code=recipient_code, actor=TEST)
    leave()
    return payout_id


def ask_for_payout(scene: Scene) -> TestResponse:
    """Paystack has it, and its answer was lost."""
    _, account = scene.rich()
    (row,) = rows("SELECT recipient_code AS code FROM bank_accounts WHERE id = :id", id=account)
    leave()
    payout_id, paystack = begun(recipient_code=row.code), scene.app.extensions["clients"].paystack
    paystack.transfer(amount=100_00, recipient_code=row.code, reference=payout_id, reason="Withdrawal")
    place = f"/console/payouts/{payout_id}"
    return browse.send(scene.staff(Role.TREASURY), f"{place}/ask", form_at=place)


def coded(scene: Scene) -> str:
    """A withdrawal's payout for which Paystack wants a code."""
    owner, account = scene.rich()
    asked = leaving.approved(owner, account, 1_000)
    scene.sandbox.knobs(transfer_outcome="otp")
    flows.send(asked.id, paystack=scene.app.extensions["clients"].paystack, actor=TEST)
    leave()
    return asked.payout_id


def confirm_payout(scene: Scene) -> TestResponse:
    place = f"/console/payouts/{coded(scene)}"
    return browse.send(scene.staff(Role.TREASURY), f"{place}/code", form_at=place, code="123 456")


def send_payout_code_again(scene: Scene) -> TestResponse:
    place = f"/console/payouts/{coded(scene)}"
    return browse.send(scene.staff(Role.TREASURY), f"{place}/code-again", form_at=place)


def unpaid(scene: Scene) -> str:
    """A payout that failed, of a withdrawal whose money is still held."""
    owner, account = scene.rich()
    asked = leaving.approved(owner, account, 1_000)
    scene.sandbox.knobs(transfer_outcome="failed")
    paystack = scene.app.extensions["clients"].paystack
    flows.send(asked.id, paystack=paystack, actor=TEST)
    scene.sandbox.flush(early=True)
    leave()
    payout_flows.ask(asked.payout_id, paystack=paystack, actor=TEST)
    with transaction(TEST):
        service.fail(asked.payout_id, actor=TEST)
    leave()
    return asked.payout_id


def send_payout_anew(scene: Scene) -> TestResponse:
    place = f"/console/payouts/{unpaid(scene)}"
    return browse.send(scene.staff(Role.TREASURY), f"{place}/send-anew", form_at=place)


def give_payout_back(scene: Scene) -> TestResponse:
    place = f"/console/payouts/{unpaid(scene)}"
    return browse.send(scene.staff(Role.TREASURY), f"{place}/give-back", form_at=place)


def mark_payout(scene: Scene) -> TestResponse:
    """Nobody told how it ended, for two days."""
    asked = leaving.approved(*scene.rich(), 1_000)
    with clock.at(clock.now() - timedelta(days=2)), transaction(TEST):
        payouts.begin(asked.payout_id, amount=asked.amount, recipient_code="RCP_x", actor=TEST)
    leave()
    place = f"/console/payouts/{asked.payout_id}"
    found = {"mark": "paid", "evidence": "Paystack's support wrote so.", "proof": "TRF_0123456789", "fee": "50"}
    return browse.send(scene.staff(Role.FINANCE), f"{place}/mark", form_at=place, **found)


def call_off_payout(scene: Scene) -> TestResponse:
    """It has waited for a float long enough."""
    payout_id, ago = begun(ago=(long := timedelta(minutes=6))), clock.now() - long
    with clock.at(ago), transaction(TEST):
        payouts.lack_float(payout_id, actor=TEST)
    leave()
    place = f"/console/payouts/{payout_id}"
    return browse.send(scene.staff(Role.TREASURY), f"{place}/call-off", form_at=place, reason="No top-up today.")


def turn_off(scene: Scene) -> TestResponse:
    switched.all_on("asset:BNB")
    place = "/console/switches"
    return browse.send(scene.staff(Role.TREASURY), place, scope="asset:BNB", reason="Something is wrong.")


def request_on(scene: Scene) -> TestResponse:
    switched.all_on("asset:TON")
    switch_id = switched.off("asset:TON", by=people.operator(Role.TREASURY)[0]).id
    leave()
    place = "/console/switches"
    return browse.send(scene.staff(Role.TREASURY), f"{place}/{switch_id}/on", form_at=place, reason="It is over.")


CALLS: dict[str, Call] = {
    "console.ask_for_payout": ask_for_payout,
    "console.confirm_payout": confirm_payout,
    "console.send_payout_code_again": send_payout_code_again,
    "console.send_payout_anew": send_payout_anew,
    "console.give_payout_back": give_payout_back,
    "console.call_off_payout": call_off_payout,
    "console.mark_payout": mark_payout,
    "console.turn_off": turn_off,
    "console.request_on": request_on,
}

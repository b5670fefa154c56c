"""Events: the recorded field sets, a signature over the very bytes sent, and tries until the merchant says 200."""

import base64
import hashlib
import hmac

import pytest

from sandbox.webhooks import sign
from tests.makers.ear import Ear
from tests.makers.sandbox import SandboxProcess
from tests.sandbox.merchant import ask, pay_out
from tests.sandbox.vectors import fields, load

REFERENCE = "payout-0000000001"


class TestSignature:
    @pytest.mark.parametrize("vector", load("signature_vectors"), ids=lambda vector: str(vector["name"]))
    def test_is_the_vendors_for_the_same_bytes(self, vector: dict[str, str]) -> None:
        body = base64.b64decode(vector["raw_body_base64"])
        assert sign(body, vector["secret"]) == vector["x-paystack-signature"]

    def test_covers_the_bytes_that_were_sent(self, sandbox: SandboxProcess, ear: Ear) -> None:
        ask(sandbox, metadata={"name": "Adébáyò ₦"})
        sandbox.pay("dep-1")
        (heard,) = ear.wait_for(1)
        assert heard.signature == hmac.new(sandbox.secret.encode(), heard.body, hashlib.sha512).hexdigest()
        assert heard.content["metadata"] == {"name": "Adébáyò ₦"}


class TestShapes:
    @pytest.mark.parametrize("channel", ["card", "bank_transfer"])
    def test_of_a_charge_are_the_recorded_ones(self, sandbox: SandboxProcess, ear: Ear, channel: str) -> None:
        ask(sandbox)
        sandbox.pay("dep-1", channel=channel)
        (heard,) = ear.wait_for(1)
        assert heard.event == "charge.success"
        sample = load(f"charge.success.{channel}")["data"]
        assert fields(heard.content) == fields(sample)
        assert (heard.content["reference"], heard.content["amount"]) == ("dep-1", 500_000)
        # The card sample tells no fee: who needs it asks verify.
        assert heard.content["fees"] == (None if channel == "card" else 17_500)

    def test_of_a_dedicated_account_names_both_ends(self, sandbox: SandboxProcess, ear: Ear) -> None:
        reference = sandbox.receive(250_000, "9930000902")
        (heard,) = ear.wait_for(1)
        assert (heard.event, heard.content["channel"]) == ("charge.success", "dedicated_nuban")
        assert heard.content["reference"] == reference
        sample = load("fragment.charge.success.dedicated_nuban.authorization")["authorization"]
        # `account_name` is in the bank-transfer sample and not in the fragment: the vendor's samples differ there.
        assert fields(heard.content["authorization"]) == fields(sample) | {"account_name"}

    @pytest.mark.parametrize("outcome", ["success", "failed", "reversed"])
    def test_of_a_transfer_are_the_recorded_ones(self, sandbox: SandboxProcess, ear: Ear, outcome: str) -> None:
        sandbox.knobs(transfer_outcome=outcome)
        pay_out(sandbox)
        (heard,) = ear.wait_for(1)
        assert heard.event == f"transfer.{outcome}"
        assert fields(heard.content) == fields(load(f"transfer.{outcome}")["data"])
        assert (heard.content["reference"], heard.content["status"]) == (REFERENCE, outcome)

    def test_say_that_a_success_was_taken_back(self, sandbox: SandboxProcess, ear: Ear) -> None:
        pay_out(sandbox)
        ear.wait_for(1)
        sandbox.conclude(REFERENCE, "reverse")
        assert [heard.event for heard in ear.wait_for(2)] == ["transfer.success", "transfer.reversed"]


class TestDelivery:
    def test_says_nothing_of_a_payment_that_was_declined(self, sandbox: SandboxProcess) -> None:
        ask(sandbox)
        sandbox.pay("dep-1", outcome="failed")
        assert sandbox.webhooks() == []

    def test_tries_again_with_the_same_bytes_until_it_hears_200(self, sandbox: SandboxProcess, ear: Ear) -> None:
        ear.answer_next(500, 302, 201)
        ask(sandbox)
        sandbox.pay("dep-1")
        ear.wait_for(1)
        rounds = [sandbox.flush(early=True) for _ in range(3)]
        assert [turn["delivered"] for turn in rounds] == [0, 0, 1]
        first, *others = ear.heard
        assert others == 3 * [first]
        (delivery,) = sandbox.webhooks()
        assert (delivery["state"], delivery["attempts"], delivery["last_result"]) == ("delivered", 4, "200")
        assert sandbox.flush(early=True) == {"transfers": 0, "delivered": 0, "lost": 0, "refused": 0}

    def test_sends_past_events_again_when_asked(self, sandbox: SandboxProcess, ear: Ear) -> None:
        ask(sandbox)
        sandbox.pay("dep-1")
        (first,) = ear.wait_for(1)
        assert sandbox.replay(5) == 1
        assert ear.wait_for(2) == [first, first]
        sandbox.flush()
        assert sandbox.delivered() == {"waiting": 0, "delivered": 2, "given up": 0, "events": 1, "tries": 2}

    def test_tries_again_by_itself_after_two_seconds(self, sandbox: SandboxProcess, ear: Ear) -> None:
        ear.answer_next(500)
        ask(sandbox)
        sandbox.pay("dep-1")
        assert len(ear.wait_for(2)) == 2

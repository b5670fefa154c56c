"""What a merchant does in these tests, in one word each: ask for a payment, name a recipient, pay out."""

from typing import Any

import requests

from tests.makers.sandbox import SandboxProcess

ZENITH = "057"


def ask(sandbox: SandboxProcess, reference: str = "dep-1", amount: Any = 500_000, **more: Any) -> requests.Response:
    """POST /transaction/initialize."""
    body = {"email": "ada@example.com", "amount": amount, "reference": reference, **more}
    return sandbox.call("POST", "/transaction/initialize", json=body)


def name_recipient(sandbox: SandboxProcess, account_number: str = "0000000000", **more: Any) -> requests.Response:
    """POST /transferrecipient."""
    body = {"type": "nuban", "name": "Ada Obi", "account_number": account_number, "bank_code": ZENITH, **more}
    return sandbox.call("POST", "/transferrecipient", json=body)


def pay_out(
    sandbox: SandboxProcess, reference: str = "payout-0000000001", amount: Any = 100_000, **more: Any
) -> requests.Response:
    """POST /transfer to a fresh or known recipient."""
    if "recipient" not in more:
        more["recipient"] = name_recipient(sandbox).json()["data"]["recipient_code"]
    body = {"source": "balance", "amount": amount, "reference": reference, "reason": "Withdrawal", **more}
    return sandbox.call("POST", "/transfer", json=body)


def status_of(sandbox: SandboxProcess, reference: str) -> str:
    """What GET /transfer/verify says."""
    return str(sandbox.call("GET", f"/transfer/verify/{reference}").json()["data"]["status"])

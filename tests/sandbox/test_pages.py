"""The payer's page and the operators' desk, as a browser without scripts meets them."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.makers.ear import Ear
from tests.makers.sandbox import SandboxProcess
from tests.sandbox.merchant import ask, pay_out, status_of


def page_of(sandbox: SandboxProcess, **more: object) -> str:
    """The address the payer is sent to."""
    return str(ask(sandbox, **more).json()["data"]["authorization_url"])  # type: ignore[arg-type]


def press(address: str, button: str) -> requests.Response:
    """Press a button of the page and stay there."""
    return requests.post(address, data={"button": button}, allow_redirects=False, timeout=5)


class TestCheckout:
    def test_shows_merchant_amount_and_three_buttons(self, sandbox: SandboxProcess) -> None:
        page = requests.get(page_of(sandbox), timeout=5)
        assert page.status_code == 200
        assert "Bursar" in page.text
        assert "₦5,000.00" in page.text
        assert re.findall(r'name="button"\s+value="(\w+)"', page.text) == ["card", "bank_transfer", "decline"]
        assert "<script" not in page.text
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]

    @pytest.mark.parametrize("button", ["card", "bank_transfer"])
    def test_takes_the_money_then_sends_the_payer_back(self, sandbox: SandboxProcess, ear: Ear, button: str) -> None:
        address = page_of(sandbox, callback_url="https://shop.example/back?from=pay")
        assert sandbox.webhooks() == []
        back = press(address, button)
        assert back.status_code == 303
        parts = urlsplit(back.headers["Location"])
        assert (parts.netloc, parts.path) == ("shop.example", "/back")
        assert parse_qs(parts.query) == {"from": ["pay"], "trxref": ["dep-1"], "reference": ["dep-1"]}
        (heard,) = ear.wait_for(1)
        assert (heard.event, heard.content["channel"]) == ("charge.success", button)

    def test_takes_it_once_however_often_pay_is_pressed(self, sandbox: SandboxProcess) -> None:
        address = page_of(sandbox)
        assert [press(address, "card").status_code for _ in range(3)] == [303, 303, 303]
        assert sandbox.stream() == 500_000 - 17_500
        assert len(sandbox.webhooks()) == 1
        assert "Payment received" in requests.get(address, timeout=5).text

    def test_says_that_a_declined_payment_took_nothing_and_offers_another_try(self, sandbox: SandboxProcess) -> None:
        address = page_of(sandbox, callback_url="https://shop.example/back")
        page = requests.get(sandbox.url + press(address, "decline").headers["Location"], timeout=5)
        assert "declined and nothing was taken" in page.text
        assert 'value="card"' in page.text
        assert "https://shop.example/back?trxref=dep-1" in page.text
        assert sandbox.balance() == 5_000_000_00

    def test_shows_only_the_ways_the_merchant_allows(self, sandbox: SandboxProcess) -> None:
        page = requests.get(page_of(sandbox, channels=["bank_transfer"]), timeout=5).text
        assert 'value="card"' not in page
        assert 'value="bank_transfer"' in page

    def test_does_not_know_another_address(self, sandbox: SandboxProcess) -> None:
        page = requests.get(f"{sandbox.url}/checkout/nothing", timeout=5)
        assert page.status_code == 404
        assert "does not exist" in page.text
        assert press(page_of(sandbox), "everything").status_code == 400


def form_of(sandbox: SandboxProcess) -> dict[str, str]:
    """The desk's form as it stands: an unticked box and an empty field are not sent."""
    return {name: str(value) for name, value in sandbox.knobs().items() if value is not None and value is not False}


class TestDesk:
    def test_shows_what_the_vendor_holds_and_knows(self, sandbox: SandboxProcess) -> None:
        sandbox.knobs(repeat=1)
        ask(sandbox)
        sandbox.pay("dep-1")
        pay_out(sandbox)
        page = requests.get(f"{sandbox.url}/", timeout=5).text
        assert "₦4,998,990.00" in page
        assert "charge.success (copy 1)" in " ".join(page.split())
        for text in ("dep-1", "payout-0000000001", 'name="lose"', 'name="transfer_outcome"'):
            assert text in page

    def test_turns_knobs_from_its_form(self, sandbox: SandboxProcess) -> None:
        form = form_of(sandbox) | {"lose": "40", "reorder": "1"}
        turned = requests.post(f"{sandbox.url}/knobs", data=form, timeout=5)
        assert "Knobs turned." in turned.text
        board = sandbox.knobs()
        assert (board["lose"], board["reorder"], board["webhooks"], board["answer_times"]) == (40, True, True, None)

    def test_says_why_a_knob_cannot_be_turned_so(self, sandbox: SandboxProcess) -> None:
        refused = requests.post(f"{sandbox.url}/knobs", data=form_of(sandbox) | {"lose": "400"}, timeout=5)
        assert refused.status_code == 422
        assert "lose lies between 0 and 100" in refused.text

    def test_reverses_a_transfer_and_delivers_what_waits(self, sandbox: SandboxProcess, ear: Ear) -> None:
        pay_out(sandbox)
        sandbox.flush()
        requests.post(f"{sandbox.url}/transfers/payout-0000000001/reverse", timeout=5)
        assert status_of(sandbox, "payout-0000000001") == "reversed"
        assert "was tried" in requests.post(f"{sandbox.url}/deliver", timeout=5).text
        assert [heard.event for heard in ear.heard] == ["transfer.success", "transfer.reversed"]

    def test_has_every_knob_in_its_form(self, sandbox: SandboxProcess) -> None:
        page = requests.get(f"{sandbox.url}/", timeout=5).text
        assert {name for name in sandbox.knobs() if f'name="{name}"' not in page} == set()

    def test_moves_money_and_shows_it(self, sandbox: SandboxProcess) -> None:
        ask(sandbox)
        sandbox.pay("dep-1")
        requests.post(f"{sandbox.url}/topup", data={"amount": "100"}, timeout=5)
        assert sandbox.balance() == 5_000_001_00
        assert "Settled what was due." in requests.post(f"{sandbox.url}/settle", timeout=5).text
        requests.post(f"{sandbox.url}/receive", data={"amount": "10000", "account_number": "9700000001"}, timeout=5)
        assert sandbox.stream() == 9_900
        page = requests.post(f"{sandbox.url}/disputes", data={"reference": "dep-1"}, timeout=5).text
        accept = re.findall(r"/claims/dispute/\d+/accept", page)[0]
        assert "merchant-accepted" in requests.post(sandbox.url + accept, timeout=5).text
        assert sandbox.stream() + sandbox.balance() == 5_000_001_00 + 9_900 - 500_000

    @pytest.mark.parametrize(
        ("path", "form"),
        [
            ("/topup", {"amount": "1.5"}),
            ("/settle", {"date": "soon"}),
            ("/receive", {"amount": "1", "account_number": "1"}),
            ("/disputes", {"reference": "dep-9"}),
            ("/claims/refund/1/process", {}),
            ("/transfers/payout-0000000001/fail", {}),
        ],
    )
    def test_says_why_it_cannot_be_done(self, sandbox: SandboxProcess, path: str, form: dict[str, str]) -> None:
        refused = requests.post(f"{sandbox.url}{path}", data=form, timeout=5)
        assert (refused.status_code, 'role="alert"' in refused.text) == (409, True)


def test_a_test_card_chosen_on_the_payers_page_can_be_declined(sandbox: SandboxProcess) -> None:
    address = page_of(sandbox, callback_url="https://shop.example/back")
    form = {"button": "card", "card": "4084080000005408"}
    declined = requests.post(address, data=form, allow_redirects=False, timeout=5)
    assert declined.headers["Location"].startswith("/checkout/")
    assert sandbox.stream() == 0

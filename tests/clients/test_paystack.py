"""Paystack's noes have names, its lists are read whole, its limits are kept, and what is odd is never money."""

import re
from datetime import UTC, date, datetime
from typing import Any

import pytest

from app.clients import paystack_refusals as refusals
from app.clients.breaker import Pace
from app.clients.http import Refused, Silent, Unreadable
from app.clients.paystack import Paystack
from app.clients.paystack_answers import Order
from app.clients.paystack_values import kobo, moment, signed_kobo
from tests.makers.sandbox import SECRET
from tests.makers.specification import operations, sample
from tests.makers.vendor import Says, Vendor

REFERENCE = "po-01m80w468yyvnxpyz67s"
BIG = 2**64 - 1


def agreed(content: Any, **meta: Any) -> Says:
    """A call that Paystack agreed to."""
    return Says({"status": True, "message": "", "data": content, **({"meta": meta} if meta else {})})


def refused(status: int, message: str, code: str = "", **headers: str) -> Says:
    """Paystack's no, with or without a code."""
    return Says({"status": False, "message": message, **({"code": code} if code else {})}, status, headers)


def charge(**more: Any) -> dict[str, Any]:
    """A charge as verify shows it."""
    return dict(sample("transaction_verify")["data"]) | more


def made(**more: Any) -> dict[str, Any]:
    """A transfer as verify shows it."""
    return dict(sample("transfer_verify")["data"]) | {"reference": REFERENCE} | more


def pay(paystack: Paystack) -> Any:
    """One transfer."""
    return paystack.transfer(amount=100_000, recipient_code="RCP_1", reference=REFERENCE, reason="Withdrawal")


NOES = [
    (401, "Invalid key", "", refusals.InvalidKey, "invalid_key"),
    (400, "Invalid key", "", refusals.InvalidKey, "invalid_key"),
    (403, "You cannot modify risk level of customers on this integration", "", refusals.NotPermitted, "not_permitted"),
    (400, "You cannot initiate third party payouts as a starter business", "", refusals.NotPermitted, "not_permitted"),
    (400, "Duplicate Transaction Reference", "duplicate_reference", refusals.DuplicateReference, "duplicate_reference"),
    (400, "Recipient specified is invalid", "invalid_transfer_recipient", refusals.InvalidRecipient, None),
    (400, "Your balance is not enough to fulfil this request", "", refusals.BalanceTooLow, "balance_too_low"),
    (400, "Your balance is not enough to fulfill this request", "", refusals.BalanceTooLow, "balance_too_low"),
    (400, "Your reference contains illegal special characters", "", refusals.BadReference, "bad_reference"),
    (400, "Your reference contains illegal special characters", "invalid_params", refusals.BadReference, None),
    (400, "email is required", "missing_params", refusals.BadParameters, "missing_params"),
    (422, "amount should be a number", "invalid_params", refusals.BadParameters, "invalid_params"),
    (429, "Rate limit exceeded!", "rate_limited", refusals.RateLimited, "rate_limited"),
    (400, "Something nobody has seen", "", Refused, ""),
]


class TestNoes:
    @pytest.mark.parametrize(("status", "words", "code", "kind", "ours"), NOES)
    def test_have_names(
        self, scripted: Vendor, paystack: Paystack, status: int, words: str, code: str, kind: type, ours: str | None
    ) -> None:
        scripted.will_say(refused(status, words, code))
        with pytest.raises(Refused) as refusal:
            pay(paystack)
        assert (type(refusal.value), refusal.value.code) == (kind, code if ours is None else ours)
        assert (refusal.value.status, refusal.value.message) == (status, words)

    @pytest.mark.parametrize("status", [429, 400])
    def test_the_days_limit_of_a_test_key_is_not_about_the_account(
        self, scripted: Vendor, paystack: Paystack, status: int
    ) -> None:
        words = (
            "Test mode daily limit of 3 live bank resolves exceeded. Use test bank codes 001 or upgrade to live mode."
        )
        scripted.will_say(refused(status, words), agreed({"account_name": "ADA OBI"}))
        with pytest.raises(refusals.ResolveLimit) as refusal:
            paystack.resolve(account_number="0022728151", bank_code="057")
        assert (refusal.value.status, len(scripted.asked)) == (429, 1)
        assert paystack.resolve(account_number="0000000000", bank_code="001") == "ADA OBI"

    @pytest.mark.parametrize(
        "says",
        [
            Says({"message": "Forbidden"}, 403),
            Says({"status": False, "message": "?"}, 200),
            Says({"message": "no envelope"}, 200),
            Says({"status": True, "data": {}}, 302),
            Says(b"<html>", 404),
            agreed(None),
            agreed([]),
            agreed({"reference": REFERENCE, "status": "pending"}),
            agreed(made(amount="12.50")),
            agreed(made(amount=-5)),
            agreed(made(reference="po-somebody-elses")),
        ],
    )
    def test_what_is_not_paystacks_own_no_is_silence(self, scripted: Vendor, paystack: Paystack, says: Says) -> None:
        """Money that was asked for in such a call stays reserved: something in between may have spoken."""
        scripted.will_say(says)
        with pytest.raises(Silent):
            pay(paystack)

    @pytest.mark.parametrize("reference", ["", ".", ".."])
    def test_nothing_is_no_reference(self, scripted: Vendor, paystack: Paystack, reference: str) -> None:
        assert (paystack.find_charge(reference), paystack.find_transfer(reference), scripted.asked) == (None, None, [])
        with pytest.raises(refusals.BadReference):
            paystack.close_account(reference)

    def test_a_reference_stays_inside_its_part_of_the_address(self, scripted: Vendor, paystack: Paystack) -> None:
        scripted.will_say(refused(404, "Transfer not found"))
        assert paystack.find_transfer("../balance?x=1#\r\nHost: b") is None
        assert scripted.asked[0].path == "/transfer/verify/..%2Fbalance%3Fx%3D1%23%0D%0AHost%3A%20b"


class TestReferencesThatExist:
    DUPLICATE = refused(404, "Please provide a unique reference. Reference already exists on a transfer")

    def test_a_transfer_is_looked_up_and_not_made_again(self, scripted: Vendor, paystack: Paystack) -> None:
        scripted.will_say(self.DUPLICATE, agreed(made(status="reversed")))
        assert pay(paystack).status == "reversed"
        assert [asked.method for asked in scripted.asked] == ["POST", "GET"]

    def test_a_transfer_that_is_not_to_be_seen_yet_is_unknown(self, scripted: Vendor, paystack: Paystack) -> None:
        scripted.will_say(self.DUPLICATE, refused(404, "Transfer not found"))
        with pytest.raises(Silent):
            pay(paystack)

    def test_a_card_is_not_charged_again(self, scripted: Vendor, paystack: Paystack) -> None:
        scripted.will_say(refused(400, "Duplicate Transaction Reference", "duplicate_reference"), agreed(charge()))
        card: dict[str, Any] = {"email": "ada@example.com", "amount": 500_00, "authorization_code": "AUTH_1"}
        assert paystack.charge_card(**card, reference="re4lyvq3s3").status == "success"
        scripted.will_say(refused(400, "Duplicate", "duplicate_reference"), refused(400, "?", "transaction_not_found"))
        with pytest.raises(Silent):
            paystack.charge_card(**card, reference="re4lyvq3s3")

    def test_several_at_once_are_refused_with_the_ones_that_exist(self, scripted: Vendor, paystack: Paystack) -> None:
        scripted.will_say(Says(sample("transfer_bulk", 404), 404))
        orders = [Order(20_000, "RCP_1", "acv_11bebfc3-18b3-40aa-a4df-c55068c93457", "Withdrawal")]
        with pytest.raises(refusals.DuplicateTransferReference) as refusal:
            paystack.transfer_many(orders)
        assert (refusal.value.code, len(refusal.value.references)) == ("duplicate_transfer_reference", 3)
        assert orders[0].reference in refusal.value.references
        with pytest.raises(ValueError, match="a reference each"):
            paystack.transfer_many(orders * 2)


class TestLists:
    def test_offset_pages_are_read_to_the_end_each_row_once(self, scripted: Vendor, paystack: Paystack) -> None:
        first, second = [sample("settlements_fetch")["data"][0] | {"id": each} for each in (9, 8)]
        third = first | {"id": 7}  # while we read, a new one pushed 8 onto the next page
        scripted.will_say(
            agreed([first, second], page=1, pageCount=2), agreed([second, third], page="2", pageCount="2")
        )
        assert [each.id for each in paystack.settlements()] == ["9", "8", "7"]
        assert [asked.query["page"] for asked in scripted.asked] == ["1", "2"]

    @pytest.mark.parametrize("end", [None, "null", ""])
    def test_cursors_are_followed_to_the_end(self, scripted: Vendor, paystack: Paystack, end: str | None) -> None:
        page = {"perPage": 100, "previous": "null"}
        scripted.will_say(agreed([made(id=2)], **page, next="abc"), agreed([made(id=1)], **page, next=end))
        since = datetime(2026, 11, 21, tzinfo=UTC)
        assert [each.id for each in paystack.transfers(since)] == ["2", "1"]
        assert [asked.query.get("next") for asked in scripted.asked] == [None, "abc"]
        assert {asked.query["from"] for asked in scripted.asked} == {"2026-11-21T00:00:00.000Z"}

    def test_a_list_without_meta_ends_with_a_short_page(self, scripted: Vendor, paystack: Paystack) -> None:
        rows = [charge(id=each, reference=f"r{each}") for each in range(101)]
        scripted.will_say(agreed(rows[:100]), agreed(rows[100:]))
        assert len(list(paystack.settlement_charges("1"))) == 101

    @pytest.mark.parametrize(
        "says", [agreed([made()], next="abc"), agreed({}), agreed([1]), agreed([made(amount="1.5")]), refused(500, "?")]
    )
    def test_a_list_that_cannot_be_read_whole_is_no_list(
        self, scripted: Vendor, paystack: Paystack, says: Says
    ) -> None:
        scripted.will_say(says)
        with pytest.raises(Silent):
            list(paystack.transfers())


class TestLimits:
    TOO_MANY = refused(429, "Rate limit exceeded!", "rate_limited", **{"x-ratelimit-reset": "30"})

    def test_say_when_to_come_again_and_are_kept(self, scripted: Vendor, paystack: Paystack) -> None:
        scripted.will_say(self.TOO_MANY, agreed(made()))
        with pytest.raises(refusals.RateLimited) as refusal:
            pay(paystack)
        assert refusal.value.retry_after_seconds == 30
        with pytest.raises(refusals.RateLimited):
            pay(paystack)
        assert len(scripted.asked) == 1
        assert paystack.find_transfer(REFERENCE) is not None  # other kinds of calls are counted apart

    def test_are_kept_for_an_account_where_they_are_counted_by_it(self, scripted: Vendor, paystack: Paystack) -> None:
        day: dict[str, Any] = {"provider_slug": "wema-bank", "on": date(2026, 11, 21)}
        scripted.will_say(self.TOO_MANY, agreed(None))
        for _ in range(2):
            with pytest.raises(refusals.RateLimited):
                paystack.requery_account("9930020212", **day)
        paystack.requery_account("9930020213", **day)
        assert len(scripted.asked) == 2

    def test_no_two_kinds_of_calls_share_a_number(self) -> None:
        kinds = {f"{method} {re.sub('{[a-z]+}', '{}', path)} " for method, path, _ in operations().values()}
        assert len({Pace()._place(kind) for kind in kinds}) == len(kinds)

    def test_a_read_waits_for_its_turn_when_that_is_soon(self, scripted: Vendor, paystack: Paystack) -> None:
        soon = refused(429, "Rate limit exceeded!", "rate_limited", **{"x-ratelimit-reset": "1"})
        scripted.will_say(soon, agreed([{"currency": "NGN", "balance": "5"}]))
        assert (paystack.balance(), len(scripted.asked)) == (5, 2)

    def test_the_last_call_of_a_window_is_known_as_that(self, scripted: Vendor, paystack: Paystack) -> None:
        spent = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "20"}
        scripted.will_say(Says(agreed(made()).body, 200, spent))
        assert pay(paystack).status == "success"
        with pytest.raises(refusals.RateLimited):
            pay(paystack)

    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [({}, 60), ({"x-ratelimit-reset": "1763711999"}, 60), ({"retry-after": "7"}, 7), ({"retry-after": "soon"}, 60)],
    )
    def test_a_window_is_a_minute_long(self, headers: dict[str, str], seconds: int) -> None:
        assert refusals.resets_in(headers) == seconds

    def test_somebody_in_between_counts_too(self, scripted: Vendor, paystack: Paystack) -> None:
        scripted.will_say(Says(b"<html>slow down</html>", 429))
        with pytest.raises(refusals.RateLimited):
            pay(paystack)


class TestValues:
    @pytest.mark.parametrize("value", [12.5, "12.50", "1e3", "٣", True, None, "", "NaN", [], "--5", " 5", "9" * 19])
    def test_what_is_not_whole_kobo_is_no_amount(self, value: Any) -> None:
        with pytest.raises(ValueError, match="kobo"):
            signed_kobo(value)

    def test_amounts_come_as_numbers_and_as_digits(self) -> None:
        assert (kobo("5000"), kobo(5000), signed_kobo("-210000")) == (5000, 5000, -210_000)
        with pytest.raises(ValueError, match="less than nothing"):
            kobo(-1)

    def test_ids_beyond_a_signed_number_stay_whole(self, scripted: Vendor, paystack: Paystack) -> None:
        scripted.will_say(agreed(charge(id=BIG, amount="40333", fees="10283", requested_amount="30050", metadata=0)))
        found = paystack.find_charge("re4lyvq3s3")
        assert found is not None
        assert (found.id, found.amount, found.fees, found.requested) == (str(BIG), 40_333, 10_283, 30_050)

    def test_times_are_utc_and_a_day_is_the_day_that_is_written(self, scripted: Vendor, paystack: Paystack) -> None:
        assert moment("2024-08-22T09:15:02.000Z") == datetime(2024, 8, 22, 9, 15, 2, tzinfo=UTC)
        assert moment("2024-08-22 11:01:23") == datetime(2024, 8, 22, 11, 1, 23, tzinfo=UTC)
        assert (moment(""), moment("0000-00-00 00:00:00")) == (None, None)
        row = sample("settlements_fetch")["data"][0] | {"deductions": "95", "effective_amount": None}
        scripted.will_say(agreed([row], page=1, pageCount=1))
        found = next(iter(paystack.settlements()))
        assert (found.settled_on, found.total, found.deductions, found.effective) == (date(2022, 11, 9), 995, 95, 900)

    @pytest.mark.parametrize(
        ("more", "number"),
        [
            ({"authorization": {"receiver_bank_account_number": "9930000902"}}, "9930000902"),
            ({"metadata": {"receiver_account_number": "9930000902"}}, "9930000902"),
            ({"metadata": '{"receiver_account_number": "9930000902"}'}, "9930000902"),
            ({"channel": "card", "metadata": {"receiver_account_number": "9930000902"}}, ""),
            ({"metadata": ""}, ""),
        ],
    )
    def test_who_received_a_transfer_is_never_taken_from_what_a_payer_can_write(
        self, scripted: Vendor, paystack: Paystack, more: dict[str, Any], number: str
    ) -> None:
        scripted.will_say(agreed(charge(channel="dedicated_nuban") | more))
        found = paystack.find_charge("re4lyvq3s3")
        assert found is not None
        assert found.authorization is not None
        assert found.authorization.receiver_account == number

    def test_an_unpaid_charge_may_say_almost_nothing(self, scripted: Vendor, paystack: Paystack) -> None:
        scripted.will_say(Says(sample("charge_check", 200, "failed")))
        found = paystack.charge_status("ojk8k0bimgftf0x")
        assert found is not None
        assert (found.status, found.amount, found.gateway_response) == ("failed", 0, "Insufficient funds")

    def test_a_paid_one_may_not(self, scripted: Vendor, paystack: Paystack) -> None:
        scripted.will_say(agreed({"reference": "r", "status": "success"}))
        with pytest.raises(Unreadable):
            paystack.charge_status("r")

    @pytest.mark.parametrize(
        ("row", "words"),
        [
            ({"gateway_response": "Beneficiary bank not available"}, "Beneficiary bank not available"),
            ({"gateway_response": None, "failures": "Account closed"}, "Account closed"),
            ({"gateway_response": None, "failures": {"why": "closed"}}, '{"why": "closed"}'),
            ({"gateway_response": None, "failures": None, "session": None}, ""),
        ],
    )
    def test_why_a_transfer_went_wrong_is_told(
        self, scripted: Vendor, paystack: Paystack, row: dict[str, Any], words: str
    ) -> None:
        scripted.will_say(agreed(made(status="failed", **row)))
        found = paystack.find_transfer(REFERENCE)
        assert found is not None
        assert found.reason == words


def test_a_vendor_that_is_left_alone_is_shown(scripted: Vendor) -> None:
    paystack = Paystack(scripted.url, secret_key=SECRET)
    assert not paystack.rests

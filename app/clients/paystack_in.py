"""Money in, at Paystack: charges by every way to pay, their refunds, and payers who dispute them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from app.clients import paystack_reading as reading
from app.clients.http import Silent
from app.clients.paystack_answers import Charge, Checkout, Dispute, PayTo, Refund, UssdCode
from app.clients.paystack_refusals import DuplicateReference
from app.clients.paystack_values import read, written
from app.clients.paystack_wire import FILE_SECONDS, Wire, between


class MoneyIn(Wire):
    """Charges, refunds, disputes."""

    def initialize(
        self, *, email: str, amount: int, reference: str, callback_url: str, channels: Sequence[str] = ()
    ) -> Checkout:
        """Begin a charge of `amount` kobo under our reference, by any way to pay or by these alone."""
        request: dict[str, Any] = {"email": email, "amount": amount, "currency": "NGN", "reference": reference}
        if channels:
            request["channels"] = list(channels)
        return self._post(reading.checkout, "/transaction/initialize", **request, callback_url=callback_url)

    def begin_bank_transfer(self, *, email: str, amount: int, reference: str, expires_at: datetime) -> PayTo:
        """Have an account made that takes one transfer of `amount` kobo until then.

        Paystack keeps the time between 15 minutes and 8 hours; believe the answer's. Raises DuplicateReference.
        """
        way = {"account_expires_at": written(expires_at)}
        request = {"email": email, "amount": amount, "reference": reference, "bank_transfer": way}
        return self._post(reading.pay_to, "/charge", **request)

    def begin_ussd(self, *, email: str, amount: int, reference: str, code: str) -> UssdCode:
        """Have a code made that pays `amount` kobo from an account at the bank of `code` (737). As above."""
        request = {"email": email, "amount": amount, "reference": reference, "ussd": {"type": code}}
        return self._post(reading.ussd_code, "/charge", **request)

    def charge_status(self, reference: str) -> Charge | None:
        """How far a charge by transfer or USSD is; before it succeeded little more than its status is sure."""
        return self._find(reading.charge, "/charge/{}", reference)

    def charge_card(self, *, email: str, amount: int, reference: str, authorization_code: str) -> Charge:
        """Charge a card that was kept, once: a reference that exists already is looked up instead.

        A card that is declined is an answer (`failed`), not a refusal. Raises Silent when nobody knows whether it paid.
        """
        request = {"email": email, "amount": amount, "currency": "NGN", "reference": reference}
        try:
            return self._post(
                reading.charge, "/transaction/charge_authorization", **request, authorization_code=authorization_code
            )
        except DuplicateReference:
            known = self.find_charge(reference)
        if known is None:  # said to exist, not yet to be seen: unknown, not failed
            raise Silent
        return known

    def find_charge(self, reference: str) -> Charge | None:
        """The charge under this reference, or None when Paystack does not know it."""
        return self._find(reading.charge, "/transaction/verify/{}", reference)

    def charge_numbered(self, charge_id: str) -> Charge | None:
        """The charge with Paystack's own number, or None when it does not know it."""
        return self._find(reading.charge, "/transaction/{}", charge_id)

    def charges(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        settlement: str | None = None,
        *,
        status: str | None = None,
    ) -> Iterator[Charge]:
        """Every charge, newest first: of all time, of some, of one settlement, of one status."""
        query = {**between(since, until), "settlement": settlement, "status": status}
        return self._list(reading.charge, "/transaction", query=query, cursor=True)

    def refund(self, reference: str, *, amount: int, note: str) -> Refund:
        """Have `amount` kobo of a charge sent back. Paystack knows no key of ours here: look before asking again.

        Raises Silent when it is unknown whether they will.
        """
        request = {"transaction": reference, "amount": amount, "currency": "NGN", "merchant_note": note}
        return self._post(reading.refund, "/refund", **request)

    def refunds(self, reference: str) -> list[Refund]:
        """The refunds of a charge, and none of another's.

        The contract does not say by what a list is asked for one transaction's, and whoever finds none may ask for
        another: so it is asked by number and by reference, and each row is looked at.
        """
        charge = self.find_charge(reference)
        for named in filter(None, (charge.id, reference) if charge else ()):
            listed = self._list(reading.refund, "/refund", query={"transaction": named})
            if found := [each for each in listed if reference == each.transaction_reference or _of(each, charge)]:
                return [replace(each, transaction_reference=reference) for each in found]
        return []

    def refunds_since(self, since: datetime) -> Iterator[Refund]:
        """Every refund since then, of whatever charge. Rows of a list name their charge by its number alone."""
        return self._list(reading.refund, "/refund", query=between(since, None))

    def find_refund(self, refund_id: str) -> Refund | None:
        """A refund by its id, or None when Paystack does not know it."""
        return self._find(reading.refund, "/refund/{}", refund_id)

    def retry_refund(self, refund_id: str, *, account_number: str, bank_id: str) -> Refund:
        """Name the payer's account for a refund that needs attention. Raises BadParameters in any other state."""
        account = {"currency": "NGN", "account_number": account_number, "bank_id": bank_id}
        path = "/refund/retry_with_customer_details/{}"
        return self._post(reading.refund, path, refund_id, refund_account_details=account)

    def disputes(self, since: datetime | None = None, until: datetime | None = None) -> Iterator[Dispute]:
        """Every dispute."""
        return self._list(reading.dispute, "/dispute", query=between(since, until))

    def find_dispute(self, dispute_id: str) -> Dispute | None:
        """A dispute by its id, or None when Paystack does not know it."""
        return self._find(reading.dispute, "/dispute/{}", dispute_id)

    def upload_for_dispute(self, dispute_id: str, *, filename: str, content: bytes) -> str:
        """Hand in a file (jpg, jpeg, pdf) about a dispute; the name by which Paystack then knows it."""
        path, query = "/dispute/{}/upload_url", {"upload_filename": filename}
        address, known_as = self._get(reading.upload, path, dispute_id, **query)
        self._http.elsewhere("PUT", address, seconds=FILE_SECONDS, content=content)
        return known_as

    def accept_dispute(self, dispute_id: str, *, amount: int, message: str, uploaded_filename: str) -> Dispute:
        """Agree with the payer, who gets `amount` kobo back. Paystack asks for a file in this case, too."""
        answer = {"resolution": "merchant-accepted", "message": message, "refund_amount": amount}
        told = self._ask(
            "PUT", "/dispute/{}/resolve", dispute_id, json={**answer, "uploaded_filename": uploaded_filename}
        )
        return read(reading.dispute, told.get("data"))

    def export_charges(self, since: datetime | None, until: datetime | None) -> bytes:
        """Paystack's own file of charges, as CSV."""
        return self._export("/transaction/export", since=since, until=until)

    def export_disputes(self, since: datetime | None, until: datetime | None) -> bytes:
        """Paystack's own file of disputes, as CSV."""
        return self._export("/dispute/export", since=since, until=until)


def _of(refund: Refund, charge: Charge | None) -> bool:
    """Whether a refund names this charge by its number."""
    return charge is not None and refund.transaction_id != "" and refund.transaction_id == charge.id

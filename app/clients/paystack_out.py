"""Money out, at Paystack: the float it is paid from, banks and names, transfers, and what is settled to our bank."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from app.clients import paystack_reading as reading
from app.clients import paystack_values as values
from app.clients.http import Silent, Unreadable
from app.clients.paystack_answers import Bank, Charge, LedgerEntry, Order, Settlement, Transfer
from app.clients.paystack_refusals import DuplicateTransferReference
from app.clients.paystack_wire import Wire, between


class MoneyOut(Wire):
    """Banks, recipients, transfers, the balance, settlements."""

    def banks(self) -> list[Bank]:
        """The banks of Nigeria that can be paid."""
        return list(self._list(reading.bank, "/bank", query={"currency": "NGN"}, cursor=True))

    def resolve(self, *, account_number: str, bank_code: str) -> str:
        """The name on a bank account. Raises Refused for one that does not resolve."""
        query = {"account_number": account_number, "bank_code": bank_code}
        return self._get(lambda row: values.must(row, "account_name"), "/bank/resolve", **query)

    def add_recipient(self, *, name: str, account_number: str, bank_code: str) -> str:
        """The recipient code of a bank account; the same account gives the same code."""
        request = {"type": "nuban", "name": name, "account_number": account_number, "bank_code": bank_code}
        return self._post(
            lambda row: values.must(row, "recipient_code"), "/transferrecipient", **request, currency="NGN"
        )

    def transfer(self, *, amount: int, recipient_code: str, reference: str, reason: str) -> Transfer:
        """Pay `amount` kobo from our balance under our reference. A reference that exists already is looked up instead.

        Raises Refused when Paystack said no, Silent when it is unknown whether it paid; Unreached, of the silent ones,
        when it certainly did not.
        """
        request = {"source": "balance", "amount": amount, "recipient": recipient_code, "currency": "NGN"}
        try:
            made = self._post(reading.transfer, "/transfer", **request, reference=reference, reason=reason)
        except DuplicateTransferReference:
            known = self.find_transfer(reference)
        else:
            return _ours(made, reference)
        if known is None:  # said to exist, not yet to be seen: unknown, not failed
            raise Silent
        return known

    def transfer_many(self, orders: Sequence[Order]) -> list[Transfer]:
        """Pay several in one call; OTP must be off. Whichever of them is not in the answer is unknown.

        Raises DuplicateTransferReference, with the references, when some exist: then none of this call was made.
        """
        references = {order.reference for order in orders}
        if not orders or len(references) < len(orders):
            raise ValueError("transfers need a reference each")
        wanted = [
            {
                "amount": order.amount,
                "recipient": order.recipient_code,
                "reference": order.reference,
                "reason": order.reason,
            }
            for order in orders
        ]
        answer = self._ask("POST", "/transfer/bulk", json={"source": "balance", "currency": "NGN", "transfers": wanted})
        rows = answer.get("data")
        if not isinstance(rows, list):
            raise Unreadable
        made = [values.read(reading.transfer, row) for row in rows]
        return [each for each in made if each.reference in references]

    def find_transfer(self, reference: str) -> Transfer | None:
        """The transfer under this reference, or None when Paystack does not know it (yet)."""
        return self._find(reading.transfer, "/transfer/verify/{}", reference)

    def transfers(self, since: datetime | None = None, until: datetime | None = None) -> Iterator[Transfer]:
        """Every transfer, newest first."""
        return self._list(reading.transfer, "/transfer", query=between(since, until), cursor=True)

    def finalize_transfer(self, transfer_code: str, *, otp: str) -> Transfer:
        """Let a transfer go that waits for a one-time password. A wrong one ends it as failed."""
        return self._post(reading.transfer, "/transfer/finalize_transfer", transfer_code=transfer_code, otp=otp)

    def resend_otp(self, transfer_code: str) -> None:
        """Have the one-time password of a transfer sent again."""
        self._ask("POST", "/transfer/resend_otp", json={"transfer_code": transfer_code, "reason": "resend_otp"})

    def balance(self) -> int:
        """What Paystack holds for us to pay out from, in naira, in kobo; charges not settled yet are not in it."""
        rows = self._ask("GET", "/balance").get("data")
        if not isinstance(rows, list):
            raise Unreadable
        return sum(values.read(_naira, row) for row in rows)

    def balance_ledger(self, since: datetime | None = None, until: datetime | None = None) -> Iterator[LedgerEntry]:
        """Every movement of the balance, newest first."""
        return self._list(reading.ledger_entry, "/balance/ledger", query=between(since, until))

    def settlements(self, since: datetime | None = None, until: datetime | None = None) -> Iterator[Settlement]:
        """Every settlement to our own bank, newest first."""
        return self._list(reading.settlement, "/settlement", query=between(since, until))

    def settlement_charges(self, settlement_id: str) -> Iterator[Charge]:
        """The charges that a settlement pays out."""
        return self._list(reading.charge, "/settlement/{}/transactions", settlement_id)

    def export_transfers(self, since: datetime | None, until: datetime | None) -> bytes:
        """Paystack's own file of transfers, as CSV."""
        return self._export("/transfer/export", since=since, until=until)


def _ours(made: Transfer, reference: str) -> Transfer:
    """The transfer, when the answer is about the one we asked for."""
    if made.reference != reference:
        raise Unreadable
    return made


def _naira(row: values.Row) -> int:
    return values.signed_kobo(row["balance"]) if row["currency"] == "NGN" else 0

"""Paystack: charges in, transfers out, banks and names, settlements. Amounts in kobo, references ours.

Every method may raise Silent: nobody knows then what happened. Those that ask for something may raise Refused, by the
names in `paystack_refusals`. A repeated reference means that the thing exists, so it is looked up, never made again.
"""

from collections.abc import Iterator
from datetime import datetime

from app.clients.paystack_answers import Bank, Charge, Checkout, Identity, Order, Transfer
from app.clients.paystack_in import MoneyIn
from app.clients.paystack_out import MoneyOut
from app.clients.paystack_people import People
from app.clients.paystack_values import Row
from app.clients.paystack_wire import between
from app.core import crypto

LISTS = {
    "transactions": "/transaction",
    "transfers": "/transfer",
    "settlements": "/settlement",
    "balance": "/balance/ledger",
}

__all__ = ["Bank", "Charge", "Checkout", "Identity", "Order", "Paystack", "Transfer"]


class Paystack(MoneyIn, MoneyOut, People):
    """The vendor, whole."""

    @property
    def domain(self) -> str:
        """`test` or `live`: the key decides."""
        return "live" if self._secret_key.startswith("sk_live_") else "test"

    def as_told(self, name: str, since: datetime, until: datetime) -> Iterator[Row]:
        """The rows of a list (of `LISTS`) between two times, newest first, as Paystack wrote them. Raises KeyError."""
        return self._list(dict, LISTS[name], query=between(since, until), cursor=name in {"transactions", "transfers"})

    def signed(self, body: bytes, *, signature: str) -> bool:
        """Whether the raw bytes of a webhook bear our secret's HMAC-SHA512 (header `x-paystack-signature`)."""
        return crypto.same(crypto.hmac_sha512(body, key=self._secret_key), signature)

"""Paystack: charges in, transfers out, banks and names. Amounts in kobo, references ours.

Facts of the contract that shaped this file: `status` of the envelope is about the call, `data.status` about the
payment; amounts may come as numeric strings; a repeated transfer reference is refused with
`duplicate_transfer_reference`, which means that the transfer exists; lists come with offset or cursor meta.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from app.clients.http import Http, Refused, Silent
from app.core import crypto

PAGE_SIZE = 100
PAGES_MAX = 500


@dataclass(frozen=True)
class Checkout:
    """Where the customer pays."""

    url: str
    reference: str


@dataclass(frozen=True)
class Charge:
    """A payment to us. `amount` is what was paid, `requested` what we asked for (None when there was no asking)."""

    reference: str
    status: str
    amount: int
    requested: int | None
    fees: int
    currency: str
    domain: str
    channel: str
    paid_at: datetime | None


@dataclass(frozen=True)
class Transfer:
    """A payment from us. `fee` is None while Paystack has not said it."""

    reference: str
    status: str
    amount: int
    fee: int | None
    currency: str
    transfer_code: str
    created_at: datetime | None


@dataclass(frozen=True)
class Identity:
    """What Paystack holds of a customer; once `identified`, under the names that belong to the BVN."""

    code: str
    first_name: str
    last_name: str
    identified: bool


@dataclass(frozen=True)
class Bank:
    """A bank that can be paid, by its code."""

    code: str
    name: str


class Paystack:
    """The vendor at `base_url`. Every method may raise Silent; those that ask for something may raise Refused."""

    def __init__(
        self, base_url: str, *, secret_key: str, connect_seconds: float = 3.0, read_seconds: float = 15.0
    ) -> None:
        self._secret_key = secret_key
        self._http = Http(
            base_url,
            headers={"Authorization": f"Bearer {secret_key}"},
            connect_seconds=connect_seconds,
            read_seconds=read_seconds,
        )

    @property
    def domain(self) -> str:
        """`test` or `live`: the key decides."""
        return "live" if self._secret_key.startswith("sk_live_") else "test"

    def signed(self, body: bytes, *, signature: str) -> bool:
        """Whether the raw bytes of a webhook bear our secret's HMAC-SHA512 (header `x-paystack-signature`)."""
        return crypto.same(crypto.hmac_sha512(body, key=self._secret_key), signature)

    def initialize(self, *, email: str, amount: int, reference: str, callback_url: str) -> Checkout:
        """Begin a charge of `amount` kobo under our reference."""
        request = {
            "email": email,
            "amount": amount,
            "currency": "NGN",
            "reference": reference,
            "callback_url": callback_url,
        }
        found = self._post("/transaction/initialize", request)
        return Checkout(str(found["authorization_url"]), str(found["reference"]))

    def find_charge(self, reference: str) -> Charge | None:
        """The charge under this reference, or None when Paystack does not know it."""
        found = self._find(f"/transaction/verify/{quote(reference, safe='')}")
        return _charge(found) if found else None

    def charges(self) -> Iterator[Charge]:
        """Every charge, page by page."""
        return (_charge(row) for row in self._pages("/transaction"))

    def resolve(self, *, account_number: str, bank_code: str) -> str:
        """The name on a bank account. Raises Refused for one that does not resolve."""
        query = {"account_number": account_number, "bank_code": bank_code}
        return str(self._http.call("GET", "/bank/resolve", params=query)["data"]["account_name"])

    def create_customer(self, *, email: str, first_name: str, last_name: str) -> str:
        """Paystack's code of a customer. The contract does not say what a known address gives: keep the code."""
        request = {"email": email, "first_name": first_name, "last_name": last_name}
        return str(self._post("/customer", request)["customer_code"])

    def find_customer(self, customer_code: str) -> Identity | None:
        """What Paystack holds of a customer, or None when it does not know the code."""
        found = self._find(f"/customer/{quote(customer_code, safe='')}")
        if found is None:
            return None
        return Identity(
            code=str(found["customer_code"]),
            first_name=str(found.get("first_name") or ""),
            last_name=str(found.get("last_name") or ""),
            identified=found.get("identified") is True,
        )

    def validate_customer(
        self, customer_code: str, *, first_name: str, last_name: str, bvn: str, bank_code: str, account_number: str
    ) -> None:
        """Have a customer identified by a bank account and its BVN. The answer comes as an event, some time later.

        Raises Refused, and Silent when it is unknown whether they have begun.
        """
        request = {"first_name": first_name, "last_name": last_name, "type": "bank_account", "country": "NG"}
        request |= {"bvn": bvn, "bank_code": bank_code, "account_number": account_number}
        self._http.call("POST", f"/customer/{quote(customer_code, safe='')}/identification", json=request)

    def add_recipient(self, *, name: str, account_number: str, bank_code: str) -> str:
        """The recipient code of a bank account; the same account gives the same code."""
        request = {"type": "nuban", "name": name, "account_number": account_number, "bank_code": bank_code}
        return str(self._post("/transferrecipient", {**request, "currency": "NGN"})["recipient_code"])

    def transfer(self, *, amount: int, recipient_code: str, reference: str, reason: str) -> Transfer:
        """Pay `amount` kobo from our balance under our reference. A reference that exists already is looked up instead.

        Raises Refused when Paystack said no, Silent when it is unknown whether it paid.
        """
        request = {"source": "balance", "amount": amount, "recipient": recipient_code, "currency": "NGN"}
        try:
            return _transfer(self._post("/transfer", {**request, "reference": reference, "reason": reason}))
        except Refused as refusal:
            if refusal.code != "duplicate_transfer_reference":
                raise
        known = self.find_transfer(reference)
        if known is None:  # said to exist, not yet to be seen: unknown, not failed
            raise Silent
        return known

    def find_transfer(self, reference: str) -> Transfer | None:
        """The transfer under this reference, or None when Paystack does not know it (yet)."""
        found = self._find(f"/transfer/verify/{quote(reference, safe='')}")
        return _transfer(found) if found else None

    def transfers(self) -> Iterator[Transfer]:
        """Every transfer, page by page."""
        return (_transfer(row) for row in self._pages("/transfer"))

    def banks(self) -> list[Bank]:
        """The banks of Nigeria that can be paid."""
        found = self._http.call("GET", "/bank", params={"currency": "NGN", "perPage": PAGE_SIZE})["data"]
        return [Bank(str(row["code"]), str(row["name"])) for row in found]

    def balance(self) -> int:
        """What Paystack holds for us in naira, in kobo."""
        found = self._http.call("GET", "/balance")["data"]
        return sum(_kobo(row["balance"]) for row in found if row["currency"] == "NGN")

    def _post(self, path: str, request: dict[str, Any]) -> dict[str, Any]:
        return dict(self._http.call("POST", path, json=request)["data"])

    def _find(self, path: str) -> dict[str, Any] | None:
        try:
            return dict(self._http.call("GET", path)["data"])
        except Refused as refusal:
            # "not found" comes as 404, for charges also as 400 with a code (contract, section 1)
            if refusal.status == 404 or refusal.code == "transaction_not_found":  # noqa: PLR2004
                return None
            raise

    def _pages(self, path: str) -> Iterator[dict[str, Any]]:
        query: dict[str, Any] = {"perPage": PAGE_SIZE, "page": 1}
        for page in range(1, PAGES_MAX + 1):
            answer = self._http.call("GET", path, params=query)
            yield from answer["data"]
            meta = answer.get("meta") or {}
            cursor = meta.get("next")
            if cursor and cursor != "null":
                query = {"perPage": PAGE_SIZE, "use_cursor": "true", "next": cursor}
            elif page < int(meta.get("pageCount") or 0):
                query = {"perPage": PAGE_SIZE, "page": page + 1}
            else:
                return
        raise Silent(f"{path} has more than {PAGES_MAX} pages")


def _charge(row: dict[str, Any]) -> Charge:
    requested = row.get("requested_amount")
    return Charge(
        reference=str(row["reference"]),
        status=str(row["status"]),
        amount=_kobo(row["amount"]),
        requested=None if requested is None else _kobo(requested),
        fees=_kobo(row.get("fees") or 0),
        currency=str(row["currency"]),
        domain=str(row.get("domain", "")),
        channel=str(row.get("channel") or ""),
        paid_at=_time(row.get("paid_at") or row.get("paidAt") or row.get("created_at")),
    )


def _transfer(row: dict[str, Any]) -> Transfer:
    fee = row.get("fee_charged")
    return Transfer(
        reference=str(row["reference"]),
        status=str(row["status"]),
        amount=_kobo(row["amount"]),
        fee=None if fee is None else _kobo(fee),
        currency=str(row.get("currency") or "NGN"),
        transfer_code=str(row.get("transfer_code") or ""),
        created_at=_time(row.get("createdAt") or row.get("created_at")),
    )


def _kobo(value: Any) -> int:
    """A whole number of kobo, as a number or as digits; anything else is not an amount."""
    if isinstance(value, bool) or not str(value).isascii() or not str(value).lstrip("-").isdigit():
        raise Silent(f"{value!r} is not a whole number of kobo")
    return int(value)


def _time(value: Any) -> datetime | None:
    return datetime.fromisoformat(str(value)) if value else None

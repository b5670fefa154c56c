"""Customers at Paystack: who they are to it, whether it found them to be who they say, and accounts of their own."""

from datetime import date

from app.clients import paystack_reading as reading
from app.clients import paystack_values as values
from app.clients.http import Unreadable
from app.clients.paystack_answers import DedicatedAccount, Identity, Provider
from app.clients.paystack_wire import Wire


class People(Wire):
    """Customers, their identification, dedicated accounts."""

    def create_customer(self, *, email: str, first_name: str, last_name: str) -> str:
        """Paystack's code of a customer. The contract does not say what a known address gives: keep the code."""
        request = {"email": email, "first_name": first_name, "last_name": last_name}
        return self._post(lambda row: values.must(row, "customer_code"), "/customer", **request)

    def find_customer(self, customer_code: str) -> Identity | None:
        """What Paystack holds of a customer, or None when it does not know the code."""
        return self._find(reading.identity, "/customer/{}", customer_code)

    def validate_customer(
        self, customer_code: str, *, first_name: str, last_name: str, bvn: str, bank_code: str, account_number: str
    ) -> None:
        """Have a customer identified by a bank account and its BVN. The answer comes as an event, some time later.

        Raises Refused, and Silent when it is unknown whether they have begun.
        """
        request = {"first_name": first_name, "last_name": last_name, "type": "bank_account", "country": "NG"}
        request |= {"bvn": bvn, "bank_code": bank_code, "account_number": account_number}
        self._ask("POST", "/customer/{}/identification", customer_code, json=request)

    def set_risk_action(self, customer_code: str, *, action: str) -> None:
        """Have Paystack take (`allow`), refuse (`deny`) or judge (`default`) what a customer pays."""
        self._ask("POST", "/customer/set_risk_action", json={"customer": customer_code, "risk_action": action})

    def assign_account(self, customer_code: str, *, preferred_bank: str) -> DedicatedAccount:
        """An account number for a customer, who must be identified."""
        request = {"customer": customer_code, "preferred_bank": preferred_bank}
        return self._post(reading.dedicated_account, "/dedicated_account", **request)

    def dedicated_accounts(self, customer_code: str | None = None) -> list[DedicatedAccount]:
        """The accounts of a customer, or everybody's. Lists name customers by number, so that is looked up first."""
        if customer_code is None:
            return list(self._list(reading.dedicated_account, "/dedicated_account"))
        known = self.find_customer(customer_code)
        if known is None:
            return []
        found = self._list(reading.dedicated_account, "/dedicated_account", query={"customer": known.id or None})
        return [each for each in found if each.customer_code == customer_code]

    def close_account(self, account_id: str) -> None:
        """Give up a dedicated account; what is sent there afterwards does not come to us."""
        self._ask("DELETE", "/dedicated_account/{}", account_id)

    def requery_account(self, account_number: str, *, provider_slug: str, on: date) -> None:
        """Have a day looked through for transfers that we were not told of; found ones come as events.

        Paystack does this once in ten minutes for an account. Raises RateLimited.
        """
        query = {"account_number": account_number, "provider_slug": provider_slug, "date": on.isoformat()}
        self._ask("GET", "/dedicated_account/requery", counted_by=account_number, params=query)

    def account_providers(self) -> list[Provider]:
        """The banks that give our customers accounts."""
        rows = self._ask("GET", "/dedicated_account/available_providers").get("data")
        if not isinstance(rows, list):
            raise Unreadable
        return [values.read(reading.provider, row) for row in rows]

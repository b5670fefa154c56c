"""The vendor's envelopes: `{status, message, data, meta?}` when it agrees, `{status: false, message, …}` when not.

`status` is about the call, not about the payment. Errors come in the long form (meta.nextStep, type, code) where the
vendor was seen using it, and in the short form elsewhere, so that a client which insists on a code is found out here.
"""

from http import HTTPStatus
from typing import Any

from flask import Response, jsonify


class Refused(Exception):
    """A call the vendor answers with an error."""

    def __init__(
        self, http_status: int, message: str, *, code: str | None = None, next_step: str | None = None
    ) -> None:
        super().__init__(message)
        self.http_status = http_status
        self.headers: dict[str, str] = {}
        self.body: dict[str, Any] = {"status": False, "message": message}
        if code is not None:
            error_type = "api_error" if http_status >= HTTPStatus.INTERNAL_SERVER_ERROR else "validation_error"
            self.body |= {"meta": {"nextStep": next_step}, "type": error_type, "code": code}

    def response(self) -> Response:
        """The error as it goes over the wire."""
        answer = jsonify(self.body)
        answer.status_code = self.http_status
        answer.headers.update(self.headers)
        return answer


def agreed(message: str, body: Any, *, meta: dict[str, Any] | None = None, http_status: int = 200) -> Response:
    """A successful call."""
    envelope: dict[str, Any] = {"status": True, "message": message, "data": body}
    if meta is not None:
        envelope["meta"] = meta
    answer = jsonify(envelope)
    answer.status_code = http_status
    return answer


def said(message: str, *, http_status: int = 200) -> Response:
    """A call that is only acknowledged: a message and nothing else."""
    answer = jsonify(status=True, message=message)
    answer.status_code = http_status
    return answer


def rate_limited() -> Refused:
    """Too many calls in this window."""
    refused = Refused(
        429, "Rate limit exceeded!", code="rate_limited", next_step="Wait a few minutes and try the API call again"
    )
    refused.body["type"] = "api_error"
    return refused


def invalid_key() -> Refused:
    """The bearer token is absent or wrong."""
    return Refused(401, "Invalid key")


def missing(parameter: str) -> Refused:
    """A parameter that must be there is not."""
    return Refused(
        400,
        f"{parameter} is required",
        code="missing_params",
        next_step="Ensure that you're passing all the required parameters for this request",
    )


def invalid(message: str, *, http_status: int = 400) -> Refused:
    """A parameter is there but may not be so."""
    step = "Ensure that the value(s) you're passing are valid."
    return Refused(http_status, message, code="invalid_params", next_step=step)


def duplicate_reference() -> Refused:
    """The transaction reference was used before."""
    refused = Refused(
        400,
        "Duplicate Transaction Reference",
        code="duplicate_reference",
        next_step="Try and create the Transaction or Charge with a new reference",
    )
    refused.body["errorCodeMappingNotFound"] = False
    return refused


def transaction_not_found() -> Refused:
    """No transaction has this reference or id."""
    return Refused(
        404,
        "Transaction reference not found.",
        code="transaction_not_found",
        next_step="Ensure that you're passing the reference of a transaction that exists on this integration",
    )


def duplicate_transfer_reference() -> Refused:
    """The transfer reference was used before: the transfer exists, which is not the same as having failed."""
    return Refused(
        400,
        "Please provide a unique reference. Reference already exists on a transfer",
        code="duplicate_transfer_reference",
        next_step="Create a new reference for the new transfer",
    )


def duplicate_references(references: list[str]) -> Refused:
    """Some transfers of a bulk were made before, or stand in it twice: none of it is made."""
    refused = Refused(
        404, f"Duplicate reference(s) found: {','.join(references)}", code="unknown", next_step="Try again later"
    )
    refused.body["type"] = "api_error"
    return refused


def invalid_recipient() -> Refused:
    """The recipient code names nobody."""
    return Refused(
        400,
        "Recipient specified is invalid",
        code="invalid_transfer_recipient",
        next_step="Provide a valid recipient. Ensure you are passing the recipient code in the recipient param",
    )


def balance_too_low() -> Refused:
    """The merchant's balance does not cover amount and fee; no machine code was ever seen on this one."""
    return Refused(400, "Your balance is not enough to fulfil this request")


def transfer_not_found() -> Refused:
    """No transfer has this reference; just after a POST the vendor may still say so of one that exists."""
    return Refused(404, "Transfer not found")


def cannot_resolve() -> Refused:
    """Nobody holds this account at this bank."""
    return Refused(
        422,
        "Could not resolve account name. Check parameters or try again.",
        code="invalid_bank_code",
        next_step="Ensure that you're passing the correct account number and bank code from the List Banks endpoint",
    )


def out_of_order() -> Refused:
    """The vendor's own trouble, which says nothing about whether the call was carried out."""
    return Refused(500, "An error occurred", code="unknown", next_step="Try again later")

"""The calls about customers' own account numbers: give, list, take away, look again, and the banks that have them."""

from typing import Any

from flask import Blueprint, Response, request

from sandbox import amounts, answers, identities, nubans, webhooks
from sandbox.answers import agreed
from sandbox.book import Book
from sandbox.sent import fields as sent_fields
from sandbox.settings import Settings
from sandbox.worker import Worker

_ASKED = "We are checking the status of your transfer. We will send you a notification once it is confirmed"


def add(api: Blueprint, book: Book, settings: Settings, worker: Worker) -> None:
    """The vendor's seven calls."""

    @api.post("/dedicated_account")
    def create_account() -> Response:
        with book.writing() as db:
            row = nubans.assign(db, sent_fields(), settings.business_name)
        return agreed("NUBAN successfully created", nubans.account(row) | {"customer": nubans.customer(row)})

    @api.post("/dedicated_account/assign")
    def assign_account() -> Response:
        sent = sent_fields()
        for name in ("first_name", "last_name", "phone", "preferred_bank", "country"):
            amounts.required_text(sent, name)
        with book.writing() as db:
            customer = identities.create(db, sent)
            content: dict[str, Any] = {"dedicated_account": None, "identification": {"status": "failed"}}
            try:
                row = nubans.assign(db, sent | {"customer": customer["code"]}, settings.business_name)
                content = {"dedicated_account": nubans.account(row), "identification": {"status": "success"}}
                event, who = "dedicatedaccount.assign.success", nubans.customer(row)
            except answers.Refused:
                event = "dedicatedaccount.assign.failed"
                who = nubans.customer(identities.beside(db, customer["code"]))
            webhooks.queue(db, event, subject=customer["code"], content={"customer": who} | content)
        worker.wake()
        return answers.said("Assign dedicated account in progress")

    @api.get("/dedicated_account")
    def list_accounts() -> Response:
        with book.reading() as db:
            rows, meta = nubans.list_page(db, request.args)
        return agreed("Managed accounts successfully retrieved", [nubans.in_list(row) for row in rows], meta=meta)

    @api.get("/dedicated_account/<int:account_id>")
    def fetch_account(account_id: int) -> Response:
        with book.reading() as db:
            row = nubans.known(db, account_id)
        return agreed("Managed account successfully retrieved", nubans.fetched(row))

    @api.delete("/dedicated_account/<int:account_id>")
    def close_account(account_id: int) -> Response:
        with book.writing() as db:
            row = nubans.close(db, account_id)
        return agreed("Managed Account Successfully Unassigned", nubans.account(row))

    @api.get("/dedicated_account/available_providers")
    def list_providers() -> Response:
        listed = [
            {"provider_slug": bank.slug, "bank_id": bank.id, "bank_name": bank.name, "id": number}
            for number, bank in enumerate(nubans.PROVIDERS, 1)
        ]
        return agreed("Dedicated account providers retrieved", listed)

    @api.get("/dedicated_account/requery")
    def requery_account() -> Response:
        with book.writing() as db:
            nubans.requery(db, request.args)
        worker.wake()
        return answers.said(_ASKED)

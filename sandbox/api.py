"""The vendor's contract: the calls a merchant makes with its secret key, each with the envelope the vendor answers."""

import base64
import binascii
import hmac

from flask import Blueprint, Response, g, request

from sandbox import (
    accounts,
    answers,
    charges,
    claims,
    dedicated,
    direct,
    files,
    identities,
    limits,
    paging,
    payouts,
    settlements,
    shapes,
    transfer_shapes,
)  # fmt: skip
from sandbox import knobs as knobboard
from sandbox.answers import agreed
from sandbox.banks import BANKS
from sandbox.book import Book, balance, stamp
from sandbox.faults import may_misbehave
from sandbox.sent import fields as sent_fields
from sandbox.settings import Settings
from sandbox.worker import Worker

_LEDGER_WANTED = " FROM ledger WHERE (:from IS NULL OR created_at >= :from) AND (:to IS NULL OR created_at <= :to)"
_LEDGER_COUNT = "SELECT count(*)" + _LEDGER_WANTED
_LEDGER_PAGE = "SELECT *" + _LEDGER_WANTED + " ORDER BY id DESC LIMIT :rows OFFSET :skipped"


def blueprint(book: Book, settings: Settings, worker: Worker) -> Blueprint:
    """Every call of the contract that the sandbox speaks."""
    api = Blueprint("api", __name__)
    expected = f"Bearer {settings.secret_key}".encode()

    windows = limits.Windows()

    @api.before_request
    def note_and_check_key() -> Response | None:
        reference = (request.view_args or {}).get("reference")
        if reference is None and request.method == "POST":
            body = request.get_json(silent=True)
            reference = body.get("reference") if isinstance(body, dict) else request.form.get("reference")
        with book.writing() as db:
            db.execute(
                "INSERT INTO calls (method, path, reference, at) VALUES (?, ?, ?, ?)",
                (request.method, str(request.url_rule), None if reference is None else str(reference), stamp(db)),
            )
            knobs = knobboard.load(db)
        if (silence := limits.nobody_home(knobs)) is not None:
            return silence
        if not hmac.compare_digest(request.headers.get("Authorization", "").encode(), expected):
            raise answers.invalid_key()
        g.window = windows.count(knobs)
        return None

    @api.after_request
    def tell_window(answer: Response) -> Response:
        answer.headers.update(g.get("window", {}))
        return answer

    _add_charges(api, book, settings)
    payouts.add(api, book, worker)
    _add_banks(api, book)
    _add_settlements(api, book)
    identities.add(api, book, worker)
    direct.add(api, book, worker)
    dedicated.add(api, book, settings, worker)
    claims.add(api, book, worker)
    files.add(api, book, settings)
    return api


def _add_charges(api: Blueprint, book: Book, settings: Settings) -> None:
    @api.post("/transaction/initialize")
    @may_misbehave(book)
    def initialise() -> Response:
        with book.writing() as db:
            row = charges.initialise(db, sent_fields())
        page = {
            "authorization_url": f"{settings.public_url}/checkout/{row['access_code']}",
            "access_code": row["access_code"],
            "reference": row["reference"],
        }
        return agreed("Authorization URL created", page)

    @api.get("/transaction/verify/<reference>")
    def verify_transaction(reference: str) -> Response:
        with book.reading() as db:
            row = charges.find(db, reference)
        if row is None:
            raise answers.transaction_not_found()
        return agreed("Verification successful", shapes.verified(row))

    @api.get("/transaction")
    def list_transactions() -> Response:
        with book.reading() as db:
            rows, meta = charges.list_page(db, request.args)
        return agreed("Transactions retrieved", [shapes.in_list(row) for row in rows], meta=meta)

    @api.get("/transaction/<int:transaction_id>")
    def fetch_transaction(transaction_id: int) -> Response:
        with book.reading() as db:
            row = charges.find_named(db, str(transaction_id))
        if row is None:
            raise answers.transaction_not_found()
        return agreed("Transaction retrieved", shapes.fetched(row))

    @api.get("/transaction/timeline/<name>")
    def tell_timeline(name: str) -> Response:
        with book.reading() as db:
            row = charges.find_named(db, name)
        if row is None:
            raise answers.transaction_not_found()
        return agreed("Timeline retrieved", shapes.timeline(row))

    @api.get("/transaction/totals")
    def tell_totals() -> Response:
        with book.reading() as db:
            count, volume = charges.totals(db, request.args)
            waiting = settlements.stream(db)
        return agreed(
            "Transaction totals",
            {
                "total_transactions": count, "total_volume": volume,
                "total_volume_by_currency": [{"currency": "NGN", "amount": volume}], "pending_transfers": waiting,
                "pending_transfers_by_currency": [{"currency": "NGN", "amount": waiting}],
            },
        )  # fmt: skip


def _add_settlements(api: Blueprint, book: Book) -> None:
    @api.get("/settlement")
    def list_settlements() -> Response:
        with book.reading() as db:
            rows, meta = settlements.list_page(db, request.args)
        return agreed("Settlements retrieved", [settlements.shape(row) for row in rows], meta=meta)

    @api.get("/settlement/<int:settlement_id>/transactions")
    def list_settled(settlement_id: int) -> Response:
        with book.reading() as db:
            if settlements.find(db, settlement_id) is None:
                raise answers.Refused(404, "Settlement not found")
            rows, meta = charges.list_page(db, {**request.args, "settlement": str(settlement_id)})
        return agreed("Transactions retrieved", [shapes.in_list(row) for row in rows], meta=meta)


def _after_cursor() -> int:
    token = request.args.get("next", "")
    try:
        return int(base64.urlsafe_b64decode(token).decode().removeprefix("bank:")) if token else 0
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise answers.invalid("next is not a cursor of this list") from None


def _add_banks(api: Blueprint, book: Book) -> None:
    @api.get("/bank")
    def list_banks() -> Response:
        per_page = paging.asked(request.args).per_page
        wanted = request.args.get("currency", "NGN") == "NGN" and request.args.get("country", "nigeria") == "nigeria"
        rest = [bank for bank in BANKS if wanted and bank.id > _after_cursor()]
        listed = rest[:per_page]
        more = base64.urlsafe_b64encode(f"bank:{listed[-1].id}".encode()).decode() if len(rest) > per_page else None
        meta = {"next": more, "previous": None, "perPage": per_page}
        return agreed("Banks retrieved", [bank.view() for bank in listed], meta=meta)

    @api.get("/bank/resolve")
    def resolve_account() -> Response:
        with book.reading() as db:
            account_number, account_name, bank = accounts.resolve(db, dict(request.args))
        found = {"account_number": account_number, "account_name": account_name, "bank_id": bank.id}
        return agreed("Account number resolved", found)

    @api.get("/balance")
    def read_balance() -> Response:
        with book.reading() as db:
            held = balance(db)
        return agreed("Balances retrieved", [{"currency": "NGN", "balance": held}])

    @api.get("/balance/ledger")
    def read_ledger() -> Response:
        page, wanted = paging.asked(request.args), paging.between(request.args)
        with book.reading() as db:
            total = db.execute(_LEDGER_COUNT, wanted).fetchone()[0]
            rows = db.execute(_LEDGER_PAGE, wanted | page.window()).fetchall()
        lines = [
            {
                "integration": transfer_shapes.INTEGRATION, "domain": "test", "balance": row["balance"],
                "currency": "NGN", "difference": row["difference"], "reason": row["reason"],
                "model_responsible": row["model"], "model_row": row["model_row"], "id": row["id"],
                "createdAt": row["created_at"], "updatedAt": row["created_at"],
            }
            for row in rows
        ]  # fmt: skip
        return agreed("Balance ledger retrieved", lines, meta=page.meta(total))

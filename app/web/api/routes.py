"""API v1. Amounts are strings of the smallest unit (kobo) with their asset; ids and references are opaque."""

from pathlib import Path
from typing import Any

from flask import Blueprint, current_app, jsonify, make_response, request, url_for
from flask.wrappers import Response
from flask_login import current_user

from app.applications import queries as applications
from app.applications import rules as verifying
from app.applications.models import Application
from app.core import idempotency
from app.core.db import atomically, transaction
from app.core.errors import Forbidden, Refusal
from app.core.money import Money
from app.customers import queries as customers
from app.identity import api_keys, factors, signing
from app.identity import service as identity
from app.identity.errors import FactorMissing, PhoneUnconfirmed, WrongFactor
from app.identity.rules import Audience
from app.identity.scopes import Scope
from app.identity.service import Device
from app.payments import deposits, flows
from app.payments import queries as payments
from app.payments.rules import DepositState
from app.wallets import queries as wallets
from app.web import guards
from app.web.api import bodies, trading, transfers
from app.web.throttle import throttle
from app.withdrawals import queries as withdrawals
from app.withdrawals import refused
from app.withdrawals import service as withdrawals_service
from reports import activity as reports

DESCRIPTION = Path(__file__).parent / "openapi.yaml"

bp = Blueprint("api", __name__, url_prefix="/api/v1")
trading.register(bp)
transfers.register(bp)


@bp.get("/openapi.yaml")
@guards.public
def description() -> Response:
    """What this API is, for programs."""
    answer = make_response(DESCRIPTION.read_bytes())
    answer.mimetype = "application/yaml"
    return answer


@bp.post("/sessions")
@guards.public
def open_session() -> Response:
    """Trade address and password for a bearer token. The token is shown once."""
    body = bodies.sent()
    email = bodies.text(body, "email")
    code = bodies.text(body, "code") if "code" in body else None
    with throttle().signing_in(email), transaction(guards.actor()):
        entry = identity.sign_in(
            email,
            password=bodies.text(body, "password"),
            audience=Audience.CUSTOMER,
            device=Device(f"API: {request.user_agent.string}", request.remote_addr or ""),
        )
    token = entry.token if code is None else _prove_or_close(entry.session_id, code, email=email)
    return make_response(jsonify({"id": entry.session_id, "token": token}), 201)


@bp.post("/sessions/current/factor")
@guards.at(guards.PROVE)
@guards.api(None)
def prove_factor() -> Response:
    """Prove a second factor, to open a session or to keep it fresh; the answer has another token for it."""
    if not current_user.enrolled:
        raise FactorMissing
    if current_user.key_id:
        raise Forbidden("That is a key. It has no factor to prove.")
    session_id = str(current_user.session_id)
    return jsonify(
        {"id": session_id, "token": _prove(session_id, bodies.text(bodies.sent(), "code"), email=current_user.email)}
    )


@bp.delete("/sessions/current")
@guards.at(guards.PROVE)
@guards.api(None)
def close_session() -> Response:
    """The token is dead at once. A key is revoked in the portal."""
    if not current_user.session_id:
        raise Forbidden("That is a key. Revoke it in the portal.")
    with transaction(guards.actor()):
        identity.sign_out(current_user.session_id)
    return make_response("", 204)


@bp.post("/tokens")
@guards.api(None)
def sign_token() -> Response:
    """Trade a key for a signed token that is good for ten minutes."""
    if not current_user.key_id or current_user.session_id:
        raise Forbidden("Come with a key: tokens are got with nothing else.")
    throttle().trading(current_user.key_id)
    with transaction(guards.actor()):
        traded = api_keys.trade(current_user.key_id, issuer=current_app.extensions["settings"].public_url)
    return make_response(
        jsonify({"access_token": traded.token, "token_type": "Bearer", "expires_in": traded.seconds}), 201
    )


@bp.get("/keys.json")
@guards.public
def signing_keys() -> Response:
    """The public keys that signed tokens are checked with, as a JWK set."""
    return jsonify({"keys": signing.published()})


@bp.get("/balances")
@guards.api(Scope.BALANCES_READ)
def balances() -> Response:
    """What the customer has, per asset."""
    held = wallets.balances_of(customer_id=current_user.id)
    return jsonify(
        {
            "balances": [
                {
                    "asset": asset,
                    "available": str(balance.available.units),
                    "held": str(balance.held.units),
                    "booked": str(balance.booked.units),
                }
                for asset, balance in held
            ]
        }
    )


@bp.get("/verification")
@guards.api(Scope.VERIFICATION_READ)
def verification() -> Response:
    """How far the customer is verified, and the application under way or ended last."""
    newest = next(iter(applications.all_of(owner=current_user.id, limit=1)), None)
    return jsonify(
        {
            "tier": customers.tier(owner=current_user.id),
            "application": None if newest is None else _application(newest),
        }
    )


@bp.get("/activity")
@guards.api(Scope.ACTIVITY_READ)
def activity() -> Response:
    """Movements, newest first, a page at a time."""
    lines, older = reports.of_customer(customer_id=current_user.id, before=request.args.get("before"))
    return jsonify(
        {
            "movements": [
                {
                    "id": line.id,
                    "kind": line.kind,
                    "state": line.state,
                    "amount": bodies.told(line.amount),
                    "fee": bodies.told(line.fee),
                    "got": bodies.told(line.got) if line.got else None,
                    "created_at": line.created_at.isoformat(),
                }
                for line in lines
            ],
            "next": older,
        }
    )


@bp.post("/deposits")
@guards.api(Scope.DEPOSITS_WRITE)
def start_deposit() -> Response:
    """Begin a deposit; needs `Idempotency-Key`. The answer says where to pay."""
    amount, actor = bodies.naira(bodies.sent()), guards.actor()
    answer, replayed = atomically(
        lambda: idempotency.once(
            bodies.key(),
            actor=actor,
            request={"do": "deposit", "amount": amount.units},
            body=lambda: {"id": deposits.start(current_user.id, amount=amount, actor=actor).id},
        ),
        actor=actor,
    )
    intent = payments.deposit(answer["id"], customer_id=current_user.id)
    if intent.state == DepositState.STARTED and not intent.checkout_url:
        flows.open_checkout(
            intent,
            paystack=current_app.extensions["clients"].paystack,
            email=current_user.email,
            callback_url=current_app.extensions["settings"].public_url
            + url_for("portal.deposit_page", deposit_id=intent.id),
            actor=actor,
        )
    return _deposit(answer["id"], status=200 if replayed else 201)


@bp.get("/deposits/<deposit_id>")
@guards.api(Scope.DEPOSITS_READ)
def deposit(deposit_id: str) -> Response:
    """Where one deposit stands."""
    return _deposit(deposit_id, status=200)


@bp.get("/bank-accounts")
@guards.api(Scope.BANK_ACCOUNTS_READ)
def bank_accounts() -> Response:
    """The customer's bank accounts; new ones are added in the portal."""
    found = payments.bank_accounts(customer_id=current_user.id)
    return jsonify(
        {
            "bank_accounts": [
                {"id": one.id, "bank": one.bank_name, "name": one.account_name, "last4": one.account_number[-4:]}
                for one in found
            ]
        }
    )


@bp.post("/withdrawals")
@guards.fresh
@guards.api(Scope.WITHDRAWALS_WRITE)
def request_withdrawal() -> Response:
    """Ask for money out to a bank account that was added in the portal; needs `Idempotency-Key`."""
    body, actor = bodies.sent(), guards.actor()
    amount, account = bodies.naira(body), bodies.text(body, "bank_account")
    try:
        answer, replayed = atomically(
            lambda: idempotency.once(
                bodies.key(),
                actor=actor,
                request={"do": "withdraw", "amount": amount.units, "account": account},
                body=lambda: {
                    "id": withdrawals_service.request(
                        current_user.id, bank_account_id=account, amount=amount, actor=actor
                    ).id
                },
            ),
            actor=actor,
        )
    except Refusal as refusal:
        _note_refused(refusal, amount=amount, account=account)
        if not isinstance(refusal, PhoneUnconfirmed):
            raise
        # (a person does that, on a page)
        page = current_app.extensions["settings"].public_url + url_for("portal.phone")
        raise PhoneUnconfirmed(page=page) from refusal
    return _withdrawal(answer["id"], status=200 if replayed else 201)


@bp.get("/withdrawals/<withdrawal_id>")
@guards.api(Scope.WITHDRAWALS_READ)
def withdrawal(withdrawal_id: str) -> Response:
    """Where one withdrawal stands."""
    return _withdrawal(withdrawal_id, status=200)


def _deposit(deposit_id: str, *, status: int) -> Response:
    one = payments.deposit(deposit_id, customer_id=current_user.id)
    body = {
        "id": one.id,
        "state": one.state,
        "amount": bodies.told(one.amount),
        "fee": bodies.told(one.added),
        "credited": bodies.told(one.credited) if one.state == DepositState.CREDITED else None,
        "method": one.method,
        "available_at": one.available_at.isoformat() if one.available_at else None,
        "checkout_url": one.checkout_url,
    }
    return make_response(jsonify(body), status)


def _note_refused(refusal: Refusal, *, amount: Money, account: str) -> None:
    """What was begun is undone: that it was tried is written down by itself."""
    owner = current_user.id

    def deed() -> None:
        refused.note(owner, amount=amount, bank_account_id=account, refused=refusal)

    atomically(deed, actor=guards.actor())


def _withdrawal(withdrawal_id: str, *, status: int) -> Response:
    one = withdrawals.one(withdrawal_id, customer_id=current_user.id)
    body = {"id": one.id, "state": one.state, "amount": bodies.told(one.amount), "fee": bodies.told(one.fee)}
    return make_response(jsonify(body), status)


def _prove_or_close(session_id: str, code: str, *, email: str) -> str:
    try:
        return _prove(session_id, code, email=email)
    except Refusal:
        with transaction(guards.actor()):  # (its token was told to nobody)
            identity.sign_out(session_id)
        raise


def _prove(session_id: str, code: str, *, email: str) -> str:
    # A wrong code is counted, so it is committed like a right one.
    with throttle().guessing("factor", email):
        token = atomically(lambda: factors.prove_code(session_id, code=code), actor=guards.actor())
        if token is None:
            raise WrongFactor
    return token


def _application(one: Application) -> dict[str, Any]:
    """An application as its customer may know of it: who of ours has it is not told."""
    reviewed = one.state in verifying.OPEN and one.state not in verifying.THEIRS
    return {
        "id": one.id,
        "about": one.about,
        "subject": one.subject,
        "wanted": one.wanted,
        "state": "in_review" if reviewed else one.state,
        "begun_at": one.created_at.isoformat(),
        "expected_at": one.due_at.isoformat() if reviewed and one.due_at else None,
        "steps": [
            {
                "step": each.row.step,
                "state": each.row.state,
                "reason": each.row.again_words if each.row.state == verifying.StepState.AGAIN else None,
            }
            for each in applications.steps(one.id, owner=current_user.id)
        ],
    }

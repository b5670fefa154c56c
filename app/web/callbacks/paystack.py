"""`POST /callbacks/paystack`: the signature over the raw bytes, the inbox, 200. What it means is found out later."""

import hashlib

from flask import Blueprint, current_app, jsonify, make_response, request
from flask.wrappers import Response
from redis.exceptions import RedisError

from app.core import actor, inbox, logs, tasks
from app.core.db import transaction
from app.identification import flows as identification
from app.payments import flows as payments
from app.web.guards import vendor

SOURCE = "paystack"
REFUSED_COUNTER = "callbacks:paystack:refused"
SAME_BYTES_MAX = 20  # a message that is sent for ever is not kept for ever

bp = Blueprint("callbacks", __name__)
log = logs.get("callbacks")


@bp.post("/callbacks/paystack")
@vendor
def receive() -> Response:
    """Keep a signed event once, with the work of acting on it. An unsigned one leaves nothing but a count."""
    body = request.get_data(cache=False)
    paystack = current_app.extensions["clients"].paystack
    if not paystack.signed(body, signature=request.headers.get("x-paystack-signature", "")):
        _count_refused()
        return make_response(jsonify({"error": {"code": "bad_signature"}}), 401)
    external_id = _name_of(body)
    with transaction(actor.system("callbacks.paystack")):
        inbox_id = inbox.receive(SOURCE, external_id=external_id, body=body)
        if inbox_id is not None:
            tasks.add("payments.hear", ref=str(inbox_id), queue="money")
    return jsonify({"received": True})


def _name_of(body: bytes) -> str:
    """The vendor gives events no id: the bytes are one, with what tells them apart where they may come again.

    Other bytes of the same news are harmless too. Of a refund's event, which names no refund, the same bytes are news
    once the ones before were acted on; while those wait, acting on them is acting on these.
    """
    name = hashlib.sha256(body + identification.told_anew(body).encode()).hexdigest()
    if payments.may_come_again(body):
        for times in range(1, SAME_BYTES_MAX):
            if not inbox.was_handled(SOURCE, external_id=name):
                break
            name = hashlib.sha256(body + f"acted on {times} times".encode()).hexdigest()
    return name


def _count_refused() -> None:
    try:
        current_app.extensions["redis"].incr(REFUSED_COUNTER)
    except RedisError:
        log.warning("an unsigned callback could not be counted")

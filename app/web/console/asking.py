"""Asking for what others must agree to. However often a form is sent, it asks once."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from app.core import idempotency
from app.core.db import atomically
from app.governance.models import Request
from app.web import guards

_OURS = {"key", "csrf_token"}


def ask(make: Callable[..., Request], *, who: str) -> Response:
    """Make the request that a form is about, and lead to it. `who` must agree, as a sentence begins.

    `make` reads the form and is given `reason`, `maker` and `actor`. Raises whatever it refuses, and KeyReused.
    """
    actor, sent = guards.actor(), request.form
    reason = sent.get("reason", "").strip()
    content: dict[str, Any] = {name: values for name, values in sent.lists() if name not in _OURS}

    def once() -> dict[str, str]:
        return {"id": make(reason=reason, maker=current_user.id, actor=actor).id}

    def body() -> str:
        answer, _ = idempotency.once(
            sent.get("key", ""), actor=actor, request=content | {"at": request.path}, body=once
        )
        return str(answer["id"])

    asked = atomically(body, actor=actor, reason=reason)
    flash(f"Asked for. {who} must agree.", "ok")
    return redirect(url_for("console.approval", request_id=asked), 303)

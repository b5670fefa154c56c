"""A page or a block of it: one template and one address serve both (docs/decisions/0009)."""

import hashlib
from typing import Any

from flask import current_app, g, make_response, render_template, request
from flask.wrappers import Response


def page(template: str, *, block: str = "", status: int = 200, **context: Any) -> Response:
    """The whole page, or only `block` when htmx asked for it (going back in history asks for the whole)."""
    wants_block = bool(block) and wants_fragment()
    body = _block(template, block, context) if wants_block else render_template(template, **context)
    return make_response(body, status)


def stamp(facts: object) -> str:
    """What a page shows of the world, in few letters: another one when anything of it is another."""
    return hashlib.blake2s(repr(facts).encode(), digest_size=9).hexdigest()


def live(template: str, *, block: str, seen: str, **context: Any) -> Response:
    """A part that asks again every few seconds (docs/decisions/0043): 204 while it would show what is seen already.

    `seen` is the stamp of what it shows; the part carries it in its own address, as `seen`.
    """
    return unchanged(seen) or page(template, block=block, seen=seen, **context)


def unchanged(seen: str) -> Response | None:
    """The same answer by itself, for who has more to look up than the stamp says; None when there is something new."""
    return make_response("", 204) if wants_fragment() and request.args.get("seen") == seen else None


def wants_fragment() -> bool:
    """Whether htmx asked, and not for a page of its history."""
    restoring = request.headers.get("HX-History-Restore-Request") == "true"
    return bool(getattr(request, "htmx", False)) and not restoring


def toast(answer: Response, text: str, *, kind: str = "ok", also: str = "") -> Response:
    """Say something beside the answer; `also` names an event that other parts of the page wait for."""
    # Header values are latin-1: what is not ASCII travels escaped, as JSON allows.
    told: dict[str, dict[str, str]] = {"toast": {"text": text, "kind": kind}}
    if also:
        told[also] = {}
    answer.headers["HX-Trigger"] = current_app.json.dumps(told, ensure_ascii=True)
    return answer


def _block(template: str, block: str, context: dict[str, Any]) -> str:
    g.part = True  # (what stands around a page alone is not looked up for a part of it)
    current_app.update_template_context(context)
    del g.part
    loaded = current_app.jinja_env.get_template(template)
    # (without what is around it: a part that is put in its own place every few seconds would leave that behind)
    return "".join(loaded.blocks[block](loaded.new_context(context))).strip()

"""What a caller has sent."""

from typing import Any

from flask import request

from sandbox import answers


def fields() -> dict[str, Any]:
    """The body of a call: JSON, or a form as the vendor's specification also allows."""
    if request.mimetype == "application/x-www-form-urlencoded":
        return dict(request.form)
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise answers.invalid("Invalid JSON body")
    return body

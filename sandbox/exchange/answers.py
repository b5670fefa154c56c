"""The venue's envelope: `{"error": [], "result": …}`, always with HTTP 200; a refusal is a word in `error`."""

from typing import Any

from flask import Response, jsonify


class Refused(Exception):
    """A call the venue answers with an error, in its own words: `EOrder:Insufficient funds`."""

    def response(self) -> Response:
        """The error as it goes over the wire."""
        return jsonify(error=[str(self)])


def agreed(result: Any) -> Response:
    """A successful call."""
    return jsonify(error=[], result=result)


def invalid(argument: str) -> Refused:
    """An argument is absent or cannot be so."""
    return Refused(f"EGeneral:Invalid arguments:{argument}")


def out_of_order() -> Refused:
    """The venue's own trouble, which says nothing about whether the call was carried out."""
    return Refused("EGeneral:Internal error")

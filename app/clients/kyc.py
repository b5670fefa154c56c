"""Registers of people and companies, through a provider of a contract as small as can be: docs/identification.md.

Numbers travel in the body, never in an address: those are written to logs.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from app.clients.http import Http, Refused, Silent

CONNECT_SECONDS = 3.05
READ_SECONDS = 10.0
NO_RECORD = "no_such_record"
BAD_NUMBER = "bad_number"


class Outcome(StrEnum):
    """`refused` is a no to the number; `unavailable` is no answer, or a no to us, which says nothing of the number."""

    FOUND = "found"
    NOT_FOUND = "not_found"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True)
class Found:
    """What a register answered; only a `found` one has a name."""

    outcome: Outcome
    name: str = ""
    birth_date: date | None = None
    phone: str = ""
    gender: str = ""


class Registry:
    """`url` is where the provider answers, `token` is what it knows us by."""

    def __init__(
        self, url: str, *, token: str, connect_seconds: float = CONNECT_SECONDS, read_seconds: float = READ_SECONDS
    ) -> None:
        self._http = Http(
            url,
            headers={"Authorization": f"Bearer {token}"},
            connect_seconds=connect_seconds,
            read_seconds=read_seconds,
        )

    def look_up(self, kind: str, number: str, *, name: str, birth_date: date | None, reference: str) -> Found:
        """Whose number that is: `bvn`, `nin` or `company`. Never raises: no answer is an outcome, too."""
        given = {"name": name, "birth_date": birth_date.isoformat() if birth_date else None}
        asked = {"reference": reference, "kind": kind, "number": number, "given": given}
        try:
            return _found(self._http.call("POST", "/lookups", json=asked)["record"])
        except Refused as refused:
            by_code = {NO_RECORD: Outcome.NOT_FOUND, BAD_NUMBER: Outcome.REFUSED}
            return Found(by_code.get(refused.code, Outcome.UNAVAILABLE))
        except (Silent, KeyError, TypeError, ValueError):  # (an answer that is none of the contract's is no answer)
            return Found(Outcome.UNAVAILABLE)


def _found(record: dict[str, Any]) -> Found:
    name, born = record["name"], record.get("birth_date")
    if not isinstance(name, str) or not name.strip():
        raise ValueError
    return Found(
        Outcome.FOUND,
        name=name,
        birth_date=date.fromisoformat(born) if born else None,
        phone=str(record.get("phone") or ""),
        gender=str(record.get("gender") or ""),
    )

"""What the answers of a step must be: each field cleaned or a sentence about what is wrong with it. Pure."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from app.applications import countries, rules
from app.applications.errors import BadAnswers
from app.applications.rules import Step

Given = Mapping[str, str]
Cleaned = dict[str, Any]

TEXT_MAX = 120
LONG_MAX = 500
PEOPLE_MAX = 50
_ROW = re.compile(r"name_([0-9]{1,3})", re.ASCII)
_SHARE = re.compile(r"[0-9]{1,3}(\.[0-9]{0,2})?", re.ASCII)
_RC = re.compile(r"(?:RC|BN|IT)?\s?[0-9]{4,8}")
DOCUMENT_KINDS = {
    "passport": "International passport",
    "licence": "Driver's licence",
    "nin_card": "National ID card",
    "voter": "Voter's card",
}
PROOF_KINDS = {
    "utility": "Electricity, water or waste bill",
    "bank": "Bank statement",
    "tenancy": "Tenancy agreement",
    "tax": "Tax document",
}
FUNDS_KINDS = {
    "salary": "Salary",
    "business": "Own business",
    "savings": "Savings",
    "investments": "Investments",
    "inheritance": "Inheritance or gift",
    "sale": "Sale of property",
}
ROLES = {"director": "Director", "owner": "Owner", "signatory": "Signatory", "member": "Member of staff"}
HUNDRED_PERCENT_BPS = 10_000


def clean(step: Step, given: Given, *, today: date) -> Cleaned:
    """The answers of a step in one spelling. Raises BadAnswers, with a sentence for each field that is wrong."""
    cleaner = _CLEANERS.get(step)
    if cleaner is None:
        return {}
    faults: dict[str, str] = {}
    cleaned = cleaner(given, faults, today)
    if faults:
        raise BadAnswers(fields=faults)
    return cleaned


def outdated(step: Step, said: Mapping[str, Any], *, today: date) -> str:
    """What is wrong by now with answers that were in order on the day when they were given; empty when nothing is."""
    if step is Step.DOCUMENT and said.get("expires_on") and date.fromisoformat(said["expires_on"]) < today:
        return "Your document has expired by now. Use one that is valid today."
    if step is Step.ADDRESS and said.get("issued_on") and _is_old(date.fromisoformat(said["issued_on"]), today):
        return "Your proof of address is older than three months by now. Send a newer one."
    return ""


def full_name(profile: Mapping[str, Any]) -> str:
    """First, middle and last name."""
    parts = (profile["first_name"], profile["middle_name"], profile["last_name"])
    return " ".join(part for part in parts if part)


def _profile(given: Given, faults: dict[str, str], today: date) -> Cleaned:
    born = _day(given, "born", faults)
    if born and born > rules.years_before(today, rules.AGE_MIN_YEARS):
        faults["born"] = "You need to be eighteen."
    if born and born < rules.years_before(today, 120):
        faults["born"] = "Look at the year again."
    return {
        "first_name": _text(given, "first_name", faults, "Enter your first name as it stands in your documents."),
        "middle_name": _text(given, "middle_name", faults),
        "last_name": _text(given, "last_name", faults, "Enter your surname as it stands in your documents."),
        "born": born.isoformat() if born else "",
        "country": _country(given, faults),
        "street": _text(given, "street", faults, "Enter the house number and street."),
        "city": _text(given, "city", faults, "Enter the town or city."),
        "region": _text(given, "region", faults, "Enter the state or region."),
        "occupation": _text(given, "occupation", faults, "Enter what you do for a living."),
        "pep": _choice(given, "pep", faults, {"yes", "no"}, "Answer yes or no."),
    }


def _document(given: Given, faults: dict[str, str], today: date) -> Cleaned:
    kind = _choice(given, "kind", faults, set(DOCUMENT_KINDS), "Choose which document it is.")
    ends = _day(given, "expires_on", faults) if given.get("expires_on") or kind in {"passport", "licence"} else None
    if ends and ends < today:
        faults["expires_on"] = "This document has expired. Use one that is valid today."
    return {
        "kind": kind,
        "number": _text(given, "number", faults, "Enter the number of the document."),
        "expires_on": ends.isoformat() if ends else "",
    }


def _address(given: Given, faults: dict[str, str], today: date) -> Cleaned:
    issued = _day(given, "issued_on", faults)
    if issued and (issued > today or _is_old(issued, today)):
        faults["issued_on"] = "It has to be from the last three months."
    return {
        "kind": _choice(given, "kind", faults, set(PROOF_KINDS), "Choose what kind of proof it is."),
        "issued_on": issued.isoformat() if issued else "",
    }


def _funds(given: Given, faults: dict[str, str], _today: date) -> Cleaned:
    return {
        "kind": _choice(given, "kind", faults, set(FUNDS_KINDS), "Choose where most of the money comes from."),
        "story": _text(given, "story", faults, "Say in a sentence or two where it comes from.", most=LONG_MAX),
    }


def _company(given: Given, faults: dict[str, str], today: date) -> Cleaned:
    number = given.get("number", "").strip().upper()
    if not _RC.fullmatch(number):
        faults["number"] = "Enter the registration number as it stands on the certificate, such as RC123456."
    registered = _day(given, "registered_on", faults)
    if registered and registered > today:
        faults["registered_on"] = "Look at the date again."
    return {
        "name": _text(given, "name", faults, "Enter the registered name."),
        "number": number,
        "registered_on": registered.isoformat() if registered else "",
        "business": _text(given, "business", faults, "Say what the business does.", most=LONG_MAX),
    }


def _people(given: Given, faults: dict[str, str], today: date) -> Cleaned:
    """Rows `name_0, role_0, born_0, share_0 …`: directors, owners above 5 %, who signs, who works with the account."""
    people: list[Cleaned] = []
    for place in places(given):
        if not any(given.get(f"{what}_{place}", "").strip() for what in ("name", "born", "share")):
            continue
        born = _day(given, f"born_{place}", faults)
        if born and born > today:
            faults[f"born_{place}"] = "Look at the date again."
        people.append(
            {
                "name": _text(given, f"name_{place}", faults, "Enter the full name."),
                "role": _choice(given, f"role_{place}", faults, set(ROLES), "Choose a role."),
                "born": born.isoformat() if born else "",
                "share_bps": _share(given, f"share_{place}", faults),
            }
        )
    if not any(one["role"] == "director" for one in people):
        faults.setdefault("people", "Name at least one director.")
    if sum(one["share_bps"] for one in people) > HUNDRED_PERCENT_BPS:
        faults.setdefault("people", "Together the shares are more than 100 %.")
    if any(one["role"] == "owner" and one["share_bps"] <= rules.OWNER_BPS_MIN for one in people):
        faults.setdefault("people", "An owner has more than 5 %. Name others by what else they do.")
    return {"people": people}


def places(given: Given) -> list[int]:
    """The numbers of the rows that a form about people has, in order."""
    return sorted({int(found[1]) for key in given if (found := _ROW.fullmatch(key))})[:PEOPLE_MAX]


def _text(given: Given, name: str, faults: dict[str, str], missing: str = "", *, most: int = TEXT_MAX) -> str:
    value = " ".join(given.get(name, "").split())
    if missing and not value:
        faults[name] = missing
    elif len(value) > most or not value.isprintable():
        faults[name] = f"Use at most {most} letters."
    return value


def _is_old(issued: date, today: date) -> bool:
    return today - issued > rules.PROOF_OF_ADDRESS_LIVES


def _choice(given: Given, name: str, faults: dict[str, str], known: set[str], wrong: str) -> str:
    value = given.get(name, "")
    if value not in known:
        faults[name] = wrong
    return value


def _country(given: Given, faults: dict[str, str]) -> str:
    value = given.get("country", "").strip().upper()
    if value not in countries.NAMES:
        faults["country"] = "Choose your country."
    return value


def _day(given: Given, name: str, faults: dict[str, str]) -> date | None:
    try:
        return date.fromisoformat(given.get(name, ""))
    except ValueError:
        faults[name] = "Enter a date."
        return None


def _share(given: Given, name: str, faults: dict[str, str]) -> int:
    """Per cent with at most two decimals, as basis points."""
    typed = given.get(name, "").strip() or "0"
    whole, _, part = typed.partition(".")
    if not _SHARE.fullmatch(typed):
        faults[name] = "Enter per cent, such as 12.5."
        return 0
    return int(whole) * 100 + int(part.ljust(2, "0"))


_Cleaner = Callable[[Given, dict[str, str], date], Cleaned]
_CLEANERS: dict[Step, _Cleaner] = {
    Step.PROFILE: _profile,
    Step.DOCUMENT: _document,
    Step.ADDRESS: _address,
    Step.FUNDS: _funds,
    Step.COMPANY: _company,
    Step.PEOPLE: _people,
}

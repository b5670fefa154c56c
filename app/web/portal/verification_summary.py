"""What a customer said and sent in a step, as short lines, for the last look before it is handed in."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_login import current_user

from app.applications import answers as forms
from app.applications import countries
from app.applications.queries import StepView
from app.applications.rules import Step, StepState
from app.core.errors import NotFound
from app.documents import queries as documents
from app.documents.models import Document
from app.identification import queries as identification
from app.identification.queries import Shown
from app.identification.rules import SAID, Kind, Verdict
from app.payments import queries as payments
from app.web.filters import bank_number
from app.web.portal import verification_words as words

Line = tuple[str, str]
Answers = dict[str, Any]
UNCLEAR = {SAID[Verdict.MISMATCH], SAID[Verdict.NOT_FOUND]}


@dataclass(frozen=True)
class Part:
    """A step of the summary."""

    step: Step
    title: str
    done: bool
    open: bool
    lines: list[Line]
    pictures: list[tuple[str, Document]]
    trouble: str


def summary(view: StepView, *, open_: bool) -> Part:
    """One step's lines and pictures."""
    described = _DESCRIBED.get(view.step)
    lines = described(view.answers) if described and view.answers else []
    files = [(words.SLOTS[slot].title, document) for slot, document in files_of(view).items()]
    check = check_of(view)
    return Part(
        step=view.step,
        title=words.STEPS[view.step].title,
        done=view.row.state == StepState.DONE,
        open=open_,
        lines=[*lines, *([("Looked up", check.said)] if check else [])],
        pictures=files,
        trouble=trouble_of(view, check),
    )


def files_of(view: StepView) -> dict[str, Document]:
    """The documents in a step's slots."""
    mine = {one.id: one for one in documents.of_customer(owner=current_user.id)} if view.files else {}
    return {slot: mine[file.document_id] for slot, file in view.files.items() if file.document_id in mine}


def check_of(view: StepView) -> Shown | None:
    """The look-up that a step asked for; of a bank account of which nobody was asked, how its name was compared."""
    asked = view.answers.get("check")
    number = _account_number(view.answers.get("account", "")) if view.step is Step.BANK else ""
    if not asked and not number:
        return None
    mine = identification.of_customer(owner=current_user.id)
    of_account = (one for one in mine if number and one.kind == Kind.BANK_ACCOUNT and number.endswith(one.last4))
    return next((one for one in mine if one.id == asked), next(of_account, None))


def trouble_of(view: StepView, check: Shown | None) -> str:
    """What a customer had better look at before it is handed in."""
    unclear = check is not None and check.said in UNCLEAR
    refused = next((document.reason for document in files_of(view).values() if document.state == "refused"), "")
    if refused or not unclear:
        return refused
    if view.step is Step.BANK:
        return "Your bank has another name for this account than we have for you. Use one in your own name."
    if view.step is Step.COMPANY:
        return f"{SAID[Verdict.MISMATCH]}. Look at the number and the name of the company."
    return f"{SAID[Verdict.MISMATCH]}. Look at the number, your name and your date of birth."


def _account_number(account_id: str) -> str:
    try:
        return payments.bank_account(account_id, customer_id=current_user.id).account_number
    except NotFound:
        return ""


def account_line(account_id: str) -> str:
    """A bank account in words; nothing when it is not this customer's."""
    try:
        account = payments.bank_account(account_id, customer_id=current_user.id)
    except NotFound:
        return ""
    return f"{account.bank_name} {bank_number(account.account_number)}, {account.account_name}"


def share(bps: int) -> str:
    """Basis points as per cent are written: `12.5`."""
    whole, part = divmod(bps, 100)
    return f"{whole}.{part:02d}".rstrip("0").rstrip(".") if part else str(whole)


def _day(text: str) -> str:
    return f"{date.fromisoformat(text):%-d %b %Y}" if text else ""


def _profile(said: Answers) -> list[Line]:
    names = " ".join(said[name] for name in ("first_name", "middle_name", "last_name") if said.get(name))
    address = ", ".join(said[name] for name in ("street", "city", "region"))
    return [
        ("Name", names),
        ("Born", _day(said["born"])),
        ("Address", f"{address}, {countries.NAMES.get(said['country'], said['country'])}"),
        ("Occupation", said["occupation"]),
        ("Holds a public office", said["pep"]),
    ]


def _document(said: Answers) -> list[Line]:
    ends = [("Valid until", _day(said["expires_on"]))] if said["expires_on"] else []
    return [("Document", forms.DOCUMENT_KINDS[said["kind"]]), ("Number", said["number"]), *ends]


def _company(said: Answers) -> list[Line]:
    return [
        ("Name", said["name"]),
        ("Number", said["number"]),
        ("Registered", _day(said["registered_on"])),
        ("Business", said["business"]),
    ]


def _people(said: Answers) -> list[Line]:
    def owns(one: Answers) -> str:
        return f", {share(one['share_bps'])} %" if one["share_bps"] else ""

    return [(one["name"], f"{forms.ROLES[one['role']]}{owns(one)}") for one in said["people"]]


def _number(said: Answers) -> list[Line]:
    return [("Number", f"ends in {said['last4']}")] if said.get("last4") else []


_DESCRIBED: dict[Step, Callable[[Answers], list[Line]]] = {
    Step.CONTACT: lambda _: [("Address and phone", "confirmed by codes")],
    Step.PROFILE: _profile,
    Step.BVN: _number,
    Step.NIN: _number,
    Step.BANK: lambda said: [("Account", account_line(str(said.get("account", ""))))],
    Step.DOCUMENT: _document,
    Step.ADDRESS: lambda said: [("Proof", forms.PROOF_KINDS[said["kind"]]), ("Issued", _day(said["issued_on"]))],
    Step.FUNDS: lambda said: [("Mostly from", forms.FUNDS_KINDS[said["kind"]]), ("In your words", said["story"])],
    Step.COMPANY: _company,
    Step.PEOPLE: _people,
}

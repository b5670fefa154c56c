"""What an applicant gave, for people: the answers of a step as lines, and the files of all steps in their order."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import url_for

from app.applications import answers
from app.applications.models import FileRow
from app.applications.queries import StepView
from app.applications.rules import Step
from app.documents import queries as documents
from app.documents.models import Document
from app.documents.queries import Same

STEPS = {
    Step.CONTACT: "Contact",
    Step.PROFILE: "Personal details",
    Step.BVN: "BVN",
    Step.NIN: "NIN",
    Step.SELFIE: "Selfie",
    Step.BANK: "Bank account",
    Step.DOCUMENT: "Identity document",
    Step.ADDRESS: "Proof of address",
    Step.FUNDS: "Source of funds",
    Step.COMPANY: "Company",
    Step.PEOPLE: "Directors and owners",
}
SLOTS = {
    "selfie": "Selfie",
    "front": "Front",
    "back": "Back",
    "proof": "Proof of address",
    "evidence": "Evidence of funds",
    "more": "More evidence of funds",
    "certificate": "Certificate of incorporation",
    "status_report": "Status report",
    "resolution": "Board resolution",
}
FIELDS = {
    "first_name": "First name",
    "middle_name": "Middle name",
    "last_name": "Surname",
    "born": "Born",
    "country": "Country",
    "street": "Street",
    "city": "Town",
    "region": "State",
    "occupation": "Occupation",
    "pep": "Holds public office",
    "kind": "Kind",
    "number": "Number",
    "expires_on": "Valid until",
    "issued_on": "Issued",
    "story": "In their words",
    "name": "Name",
    "registered_on": "Registered",
    "business": "Business",
}
KINDS = answers.DOCUMENT_KINDS | answers.PROOF_KINDS | answers.FUNDS_KINDS
_DAYS = {"born", "expires_on", "issued_on", "registered_on"}


@dataclass(frozen=True)
class File:
    """One file: what it shows, its state and where its pages are; `pages` is 0 while it cannot be looked at."""

    row: FileRow
    title: str
    document: Document | None
    digest: str  # of what was sent
    shared: tuple[tuple[str, str, str], ...]  # document, customer and how, where another customer sent the same

    @property
    def pages(self) -> int:
        """How many pages can be looked at."""
        return self.document.pages if self.document and self.document.ready else 0

    @property
    def state(self) -> str:
        """In words, when it cannot be looked at."""
        if self.document is None:
            return "The file is not there"
        said = {"received": "Being checked", "refused": "Not readable", "discarded": "Thrown away by now"}
        return said.get(self.document.state, "")

    @property
    def addresses(self) -> list[str]:
        """Where its pages are."""
        return [
            url_for("console.preview_document", document_id=self.row.document_id, page=page)
            for page in range(1, self.pages + 1)
        ]


def lines(view: StepView) -> list[tuple[str, str]]:
    """The answers of a step, as label and text; nothing for a step whose proof stands elsewhere."""
    told = view.answers
    if view.step is Step.PEOPLE:
        return [_person(each) for each in told.get("people", [])]
    return [(FIELDS[name], _text(name, value)) for name, value in told.items() if name in FIELDS and value]


def files(steps: list[StepView], *, shared: Same) -> list[File]:
    """The files of all steps: those that count, in the order of the steps, then those that were replaced."""
    current = [file for view in steps for file in view.files.values()]
    earlier = [file for view in steps for file in view.earlier]
    rows = [*current, *earlier]
    digests = documents.digests_for_operators(_ids(rows))
    known: Mapping[str, Document] = {one.id: one for one in documents.many_for_operators(_ids(rows))}
    return [
        File(
            row,
            _title(row),
            known.get(row.document_id),
            digests.get(row.document_id, ""),
            tuple(shared.get(row.document_id, ())),
        )
        for row in rows
    ]


def day(text: str) -> str:
    """`17 May 1990`; what is no day stays as it is."""
    try:
        return date.fromisoformat(text).strftime("%-d %b %Y")
    except ValueError:
        return text


def _ids(rows: list[FileRow]) -> set[str]:
    return {row.document_id for row in rows}


def _title(row: FileRow) -> str:
    step, slot = STEPS[Step(row.step)], SLOTS.get(row.slot, row.slot)
    return slot if step == slot or row.slot not in {"front", "back"} else f"{step}, {slot.lower()}"


def _text(name: str, value: Any) -> str:
    if name in _DAYS:
        return day(str(value))
    return str(KINDS.get(value, value)) if name == "kind" else str(value).capitalize() if name == "pep" else str(value)


def _person(each: Mapping[str, Any]) -> tuple[str, str]:
    role = answers.ROLES.get(str(each["role"]), str(each["role"]))
    share = f", {each['share_bps'] / 100:g} %" if each.get("share_bps") else ""
    born = f", born {day(str(each['born']))}" if each.get("born") else ""
    return str(each["name"]), f"{role}{share}{born}"

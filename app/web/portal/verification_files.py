"""The files of a step as its page shows them."""

from dataclasses import dataclass

from flask_login import current_user

from app.applications import rules
from app.applications.queries import StepView
from app.documents import queries as documents
from app.documents.models import Document
from app.documents.rules import State
from app.web.portal import verification_words as words


@dataclass(frozen=True)
class Slot:
    """One place for a file: what lies in it, and what is wrong with that or with what was just sent."""

    name: str
    words: words.SlotWords
    required: bool
    document: Document | None
    there: bool
    fault: str

    @property
    def waits(self) -> bool:
        """Whether it is being checked."""
        return self.document is not None and self.document.state == State.RECEIVED

    @property
    def slow(self) -> bool:
        """Whether that takes longer, because something does not answer."""
        return self.waits and self.document is not None and bool(self.document.waits_for)

    @property
    def ready(self) -> bool:
        """Whether it can be looked at."""
        return self.document is not None and self.document.ready


def slots(view: StepView, faults: dict[str, str]) -> list[Slot]:
    """The places for files of a step, in order. What was refused is gone from its place, with the reason left."""
    wanted = rules.SLOTS.get(view.step, {})
    if not wanted:
        return []
    mine = {one.id: one for one in documents.of_customer(owner=current_user.id)}
    found = []
    for name, required in wanted.items():
        file = view.files.get(name)
        document = mine.get(file.document_id) if file else _last_refused(view, name, mine)
        refused = document is not None and document.state == State.REFUSED
        found.append(
            Slot(
                name=name,
                words=words.SLOTS[name],
                required=required,
                document=None if refused else document,
                there=file is not None and not refused,
                fault=faults.get(name) or (document.reason if document is not None and refused else ""),
            )
        )
    return found


def _last_refused(view: StepView, slot: str, mine: dict[str, Document]) -> Document | None:
    """The file that was last in an empty place, when it is gone because it could not be read."""
    earlier = [mine[file.document_id] for file in view.earlier if file.slot == slot and file.document_id in mine]
    return earlier[-1] if earlier and earlier[-1].state == State.REFUSED else None

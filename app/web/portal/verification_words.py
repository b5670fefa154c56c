"""What the verification pages say: steps, files and what happened, in the customer's words. Pure.

Who looks at an application on our side, and that somebody senior does, are not told: it is with our reviewers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.applications import rules
from app.applications.models import Application, Happening
from app.applications.reasons import REFUSALS
from app.applications.rules import About, State, Step, Subject
from app.customers.rules import Tier
from app.web.filters import wat
from reports.limits import NAMES


@dataclass(frozen=True)
class StepWords:
    """A step: its name, what it is for, its picture."""

    title: str
    text: str
    icon: str


@dataclass(frozen=True)
class SlotWords:
    """A file: what it is, how to make it; which camera fits it, and whether it has to be a photo."""

    title: str
    hint: str
    camera: str = "environment"
    photo: bool = False

    @property
    def accept(self) -> str:
        """The kinds of files that the browser offers."""
        return "image/jpeg,image/png" if self.photo else "image/jpeg,image/png,application/pdf"


STEPS: dict[Step, StepWords] = {
    Step.CONTACT: StepWords("Address and phone", "Where we reach you: each was confirmed by a code.", "mail"),
    Step.PROFILE: StepWords("About you", "As it stands in your documents: we compare it with them.", "user"),
    Step.BVN: StepWords(
        "Your BVN", "The Bank Verification Number. Dial *565*0# from your number to see it.", "fingerprint"
    ),
    Step.NIN: StepWords(
        "Your NIN", "The National Identification Number. Dial *346# from your number to see it.", "id-badge-2"
    ),
    Step.SELFIE: StepWords("A picture of your face", "So that we know that it is you who applies.", "camera"),
    Step.BANK: StepWords("Your bank account", "One in your own name. Your bank tells us whose it is.", "building-bank"),
    Step.DOCUMENT: StepWords(
        "Your ID document", "A passport, driver's licence, national ID or voter's card.", "id-badge-2"
    ),
    Step.ADDRESS: StepWords("Where you live", "A bill, statement or agreement of the last three months.", "home"),
    Step.FUNDS: StepWords("Where your money comes from", "And something that shows it.", "coins"),
    Step.COMPANY: StepWords("Your company", "As it is registered with the CAC.", "briefcase"),
    Step.PEOPLE: StepWords(
        "Who runs it", "Directors, owners of more than 5 %, who signs, and who uses the account.", "users"
    ),
}
SLOTS: dict[str, SlotWords] = {
    "selfie": SlotWords(
        "Your face", "From the front, in daylight, alone, without glasses or a cap.", camera="user", photo=True
    ),
    "front": SlotWords("Front", "All four corners, every letter sharp. Of a passport, the page with your picture."),
    "back": SlotWords("Back", "Where the document has one. A passport has none."),
    "proof": SlotWords("The proof", "With your name, your address and the date to be seen."),
    "evidence": SlotWords("Evidence", "Payslips, a contract, or statements of the last three months."),
    "more": SlotWords("More evidence", "If one file does not show it all."),
    "certificate": SlotWords("Certificate of registration", "The whole page, with the number to be read."),
    "status_report": SlotWords("Status report", "The CAC's report on directors and shares, if you have it."),
    "resolution": SlotWords("Board resolution", "That says who may act for the company, if you have one."),
}
ABOUTS: dict[About, str] = {
    About.REVIEW: "A look at what we know of you",
    About.NAME: "Your new name",
    About.ADDRESS: "Your new address",
    About.PHONE: "Your new phone number",
}
WHY: dict[About, str] = {
    About.REVIEW: "From time to time we have to make sure that what we know of you is still true.",
    About.NAME: "Your new name has to stand in a document, and under your numbers.",
    About.ADDRESS: "Your new address needs a proof.",
    About.PHONE: "Your phone number is another. Show us that it is still you.",
}
LOWERED = "Your tier is lower now"
DAY = timedelta(days=1)


def title(application: Application) -> str:
    """What an application is for."""
    if application.about != About.TIER:
        return ABOUTS[About(application.about)]
    return "Business account" if application.subject == Subject.BUSINESS else NAMES[Tier(application.wanted)]


def why(about: About, *, theirs: bool) -> str:
    """Why we ask for it, and until when while they have not done it."""
    lasts = rules.OVERDUE_AFTER.get(about) if theirs else None
    until = f" Please do it within {lasts.days} days: after that you cannot send money." if lasts else ""
    return WHY.get(about, "") + until


def review_time(tier: Tier) -> str:
    """How long a review takes: `about 4 hours`, `about 2 days`."""
    due = rules.DUE[tier]
    amount, unit = (due // DAY, "day") if due >= DAY else (due // timedelta(hours=1), "hour")
    return f"about {amount} {unit}{'s' if amount > 1 else ''}"


def expected(application: Application, *, at: datetime) -> str:
    """When the customer hears from us."""
    if application.due_at is None or at > application.due_at:
        return "It takes longer than usual. We are at it, and there is nothing that you need to do."
    return f"You hear from us by {wat(application.due_at)}."


def outcome(application: Application) -> tuple[str, str, str]:
    """How an application ended: kind, title, text."""
    if application.state == State.APPROVED:
        return (
            ("warn", LOWERED, _approved(application))
            if _lowers(application)
            else ("ok", "Approved", _approved(application))
        )
    if application.state == State.REJECTED:
        return "bad", "Not approved", REFUSALS[str(application.reason_code)].customer
    return "info", "Taken back", "Nothing was decided. You can begin again whenever you like."


def trail(application: Application, story: Sequence[Happening], *, at: datetime) -> list[dict[str, Any]]:
    """What happened, oldest first, and what comes next."""
    entries: list[dict[str, Any]] = []
    for one in story:
        if one.what == "claimed" and entries and entries[-1]["title"] == _LOOKED:
            continue
        if told := _told(application, one):
            entries.append({"at": one.happened_at, "state": "done", **told})
    if application.state in rules.THEIRS:
        again = application.state == State.WAITING
        entries.append(
            {"title": "You send us what is missing" if again else "You go through the steps", "state": "current"}
        )
        entries.append({"title": "We look at it", "state": "todo"})
    elif application.state in rules.OPEN:
        entries.append({"title": "We look at it", "text": expected(application, at=at), "state": "current"})
        entries.append({"title": "You hear from us", "state": "todo"})
    return entries


_LOOKED = "Somebody began to look at it"


def _told(application: Application, one: Happening) -> dict[str, Any]:
    facts = one.facts
    if one.what == "begun":
        return {
            "title": "You began" if application.about in {About.TIER, About.NAME, About.ADDRESS} else "We asked you"
        }
    if one.what == "submitted":
        return {"title": "You sent it to us" if facts.get("round") == 1 else "You sent it to us again"}
    if one.what == "asked_again":
        named = [STEPS[Step(step)].title for step in facts.get("steps", [])]
        return {"title": "We asked for something again", "text": ", ".join(named)}
    if one.what == "approved":
        return {"title": LOWERED if _lowers(application) else "Approved", "text": _approved(application)}
    if one.what == "rejected":
        return {"title": "Not approved", "state": "failed"}
    return {"claimed": {"title": _LOOKED}, "abandoned": {"title": "Taken back", "state": "failed"}}.get(one.what, {})


def _approved(application: Application) -> str:
    tier = Tier(str(application.decided_tier))
    if _lowers(application):
        return f"You have {NAMES[tier]} now, no longer {NAMES[Tier(application.had)]}. Your limits say what that means."
    if application.about != About.TIER:
        return "Thank you. Everything stays as it is."
    if tier != application.wanted:
        return f"You have {NAMES[tier]} now, not yet {NAMES[Tier(application.wanted)]}."
    return f"You have {NAMES[tier]} now."


def _lowers(application: Application) -> bool:
    return rules.above(Tier(application.had), Tier(str(application.decided_tier)))

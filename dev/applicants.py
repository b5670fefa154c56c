"""Customers of the demo who apply for a tier, and where the review of each has come to."""

import io
import zlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from PIL import Image, ImageDraw

from app.applications import queries, review, rules, service
from app.applications.rules import Step
from app.clients.storage import Storage
from app.core import actor, clock
from app.core.actor import Actor
from app.core.db import leave, transaction
from app.customers import queries as customers
from app.customers.rules import Tier
from app.documents import flows as documents
from app.identification import service as identification
from app.identification.rules import Given
from app.identification.rules import Kind as NumberKind
from dev import papers


class Person(Protocol):
    """A customer of the story."""

    id: str


def apply(
    people: Sequence[tuple[int, Person]], *, store: Storage, officer: str, work_off: Callable[[], None], at: datetime
) -> None:
    """Let these customers apply one after the other; an officer sends the last one's document back."""
    applied = []
    for hours, (number, person) in enumerate(people):
        with clock.at(at - timedelta(hours=30 - 9 * hours)):
            application_id = _hand_in(number, person, store=store)
        applied += [application_id] if application_id else []
    work_off()
    if len(applied) > 2:  # noqa: PLR2004 (some are left to be reviewed)
        who = actor.operator(officer)
        with transaction(who):
            asked = {Step.DOCUMENT: ("blurry", "")}
            review.ask_again(applied[-1], asked, operator_id=officer, actor=who)
        with transaction(who):
            review.note(applied[0], "The face is the one on the document.", operator_id=officer, actor=who)


def _hand_in(number: int, person: Person, *, store: Storage) -> str | None:
    has, who = customers.tier(owner=person.id), actor.customer(person.id)
    leave()
    if rules.above(has, Tier.T1) or queries.open_one(owner=person.id):
        return None
    with transaction(who):
        application = service.begin(person.id, wanted=Tier.T2, actor=who)
    bvn, nin, born = papers.of(number)
    name = customers.one_for_operators(person.id).name
    first, _, last = name.partition(" ")
    steps = [view.step for view in queries.steps(application.id, owner=person.id)]
    leave()
    said = Given(name=name, birth_date=born)
    with transaction(who):
        checks = {
            Step.BVN: identification.ask(person.id, kind=NumberKind.BVN, number=bvn, given=said, actor=who),
            Step.NIN: identification.ask(person.id, kind=NumberKind.NIN, number=nin, given=said, actor=who),
            Step.BANK: identification.record_bank(
                person.id, account_ref=f"demo {application.id}", bank_code="058", number=f"30{number:08d}",
                given_name=name, found_name=name, actor=who,
            ),
        }  # fmt: skip
    for step in steps:
        for slot in (slot for slot, wanted in rules.SLOTS.get(step, {}).items() if wanted):
            purpose = rules.PURPOSES[slot]
            body = _picture(name, "Passport" if step is Step.DOCUMENT else "Selfie")
            document = documents.take(
                store, customer_id=person.id, purpose=purpose, name=f"{slot}.jpg", body=body, actor=who
            )
            with transaction(who):
                service.attach(application.id, step, slot, document_id=document, owner=person.id, actor=who)
        profile = {"first_name": first, "last_name": last, "born": born.isoformat()}
        facts = {"check": checks[step]} if step in checks else {}
        _fill(application.id, step, profile=profile, facts=facts, owner=person.id, actor=who)
    with transaction(who):
        service.submit(application.id, owner=person.id, actor=who)
    return application.id


def _fill(
    application_id: str, step: Step, *, profile: dict[str, str], facts: dict[str, str], owner: str, actor: Actor
) -> None:
    lives = {"country": "NG", "street": "12 Marina", "city": "Lagos", "region": "Lagos"}
    given = {
        Step.PROFILE: profile | lives | {"occupation": "Trader", "pep": "no"},
        Step.DOCUMENT: {"kind": "passport", "number": "A01234567", "expires_on": "2031-01-01"},
    }
    with transaction(actor):
        if step in given:
            service.fill(application_id, step, given[step], owner=owner, actor=actor)
        elif step not in rules.SLOTS:
            service.prove(application_id, step, facts=facts, owner=owner, actor=actor)


def _picture(name: str, title: str) -> bytes:
    """A card with a face of a kind."""
    image = Image.new("RGB", (1000, 640), "#e8efe9")
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((20, 20, 980, 620), 32, outline="#14532d", width=6)
    pen.ellipse((110, 150, 330, 400), fill="#9a6b4a")
    pen.pieslice((60, 400, 380, 760), 180, 360, fill="#14532d")
    mark = zlib.crc32(f"{name} {title}".encode())
    for bit in range(30):  # (so that no two are alike, as no two faces are)
        if mark >> bit & 1:
            left, top = 400 + bit % 6 * 95, 20 + bit // 6 * 120
            pen.rectangle((left, top, left + 94, top + 119), fill="#9db8a6")
    for place, words in enumerate((title.upper(), name.upper(), "FEDERAL REPUBLIC OF NOWHERE", "SPECIMEN")):
        pen.text((440, 130 + 90 * place), words, fill="#1c2a22", font_size=36)
    out = io.BytesIO()
    image.save(out, "JPEG")
    return out.getvalue()

"""Commands of the customer's side: begin, fill a step, attach a file, hand in, take back; and news about them."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update

from app.applications import answers, due, errors, events, past, queries, rounds, rules
from app.applications.models import Application, FileRow, Happening, StepRow
from app.applications.queries import StepView
from app.applications.rules import About, State, Step, StepState, Subject
from app.core import actor as actors
from app.core import clock, crypto, ids, machine, outbox
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import NotFound
from app.customers import queries as customers
from app.customers.models import Customer
from app.customers.rules import Tier
from app.documents import service as documents
from app.documents.rules import State as FileState

IDENTIFYING = ("first_name", "middle_name", "last_name", "born")  # of the profile: what registers are compared with


def begin(
    customer_id: str,
    *,
    wanted: Tier,
    about: About = About.TIER,
    subject: Subject = Subject.PERSON,
    number: Step = Step.BVN,
    actor: Actor,
) -> Application:
    """Open an application with the steps that are not shown yet. `number` is what the first tier rests on.

    What is not for a tier is about whom the last approval was about; what they said of themselves then holds for now.
    Raises OpenAlready, NothingToGain, TierOutOfTurn, RefusedForGood.
    """
    # Of two clicks at the same time the second waits here, and is told.
    db.session.execute(select(Customer.id).where(Customer.id == customer_id).with_for_update(key_share=True))
    has = customers.tier(owner=customer_id)
    if queries.open_one(owner=customer_id) is not None:
        raise errors.OpenAlready
    if wanted is Tier.T0 or number not in {Step.BVN, Step.NIN}:
        raise errors.TierOutOfTurn
    last = past.last_approved(owner=customer_id)
    if about is not About.TIER:
        subject = Subject(last.subject) if last else subject
    elif not rules.above(wanted, has):
        raise errors.NothingToGain
    elif past.is_refused(owner=customer_id):
        raise errors.RefusedForGood
    shown = past.shown(owner=customer_id)
    steps = rules.asked(about, wanted=wanted, shown=shown, subject=subject, number=number)
    if not steps:
        raise errors.TierOutOfTurn
    moment = clock.now()
    application = Application(
        id=ids.new("app"),
        customer_id=customer_id,
        subject=subject,
        about=about,
        wanted=wanted,
        had=has,
        state=State.DRAFT,
        pep=last.pep if last else False,
        country=last.country if last else "",
        screening="unscreened",
        created_at=moment,
        queued_at=moment,
    )
    weigh(application)
    machine.begin(application, machine=rules.MACHINE, actor=actor)
    for place, step in enumerate(steps):
        add_step(application, step, place=place, actor=actor)
    tell(application, "begun", actor=actor, wanted=str(wanted), about=str(about))
    return application


def fill(application_id: str, step: Step, given: Mapping[str, str], *, owner: str, actor: Actor) -> None:
    """Write the answers of a step down; it is done when its files are there too. Until handed in it can change.

    Another name or date of birth has the numbers asked for again: they were compared with the one before.
    Raises NotFound, NotInYourHands, NoSuchStep, BadAnswers, NothingChanged.
    """
    application, row = _in_hand(application_id, step, owner=owner)
    cleaned = answers.clean(step, given, today=clock.now().astimezone(clock.WAT).date())
    if step is Step.PROFILE and application.about == About.ADDRESS:
        _refuse_another_name(cleaned, owner=owner)
    before = queries.step(application_id, step, owner=owner)
    same = before.answers | cleaned == before.answers  # (beside them may stand by which look-up they were checked)
    if row.state == StepState.AGAIN and same and not _sent_since(before, application):
        raise errors.NothingChanged
    row.answers_sealed = crypto.seal(json.dumps(cleaned), context=row.id)
    if step is Step.PROFILE:
        application.pep, application.country = cleaned["pep"] == "yes", cleaned["country"]
        if before.answers and any(cleaned[name] != before.answers.get(name) for name in IDENTIFYING):
            _ask_numbers_again(application, actor=actor)
    _see_whether_done(application, row, actor=actor)


def note_check(application_id: str, step: Step, check_id: str, *, owner: str) -> None:
    """Keep by which look-up the answers of a step were checked. Raises NotFound, NotInYourHands, NoSuchStep."""
    _, row = _in_hand(application_id, step, owner=owner)
    said = queries.step(application_id, step, owner=owner).answers
    row.answers_sealed = crypto.seal(json.dumps(said | {"check": check_id}), context=row.id)
    db.session.flush()


def prove(application_id: str, step: Step, *, facts: dict[str, Any], owner: str, actor: Actor) -> None:
    """A step whose proof another room keeps (a check's id, an account's id, that codes were confirmed) is done.

    Raises NotFound, NotInYourHands, NoSuchStep.
    """
    application, row = _in_hand(application_id, step, owner=owner)
    row.answers_sealed = crypto.seal(json.dumps(facts), context=row.id)
    _see_whether_done(application, row, actor=actor)


def attach(application_id: str, step: Step, slot: str, *, document_id: str, owner: str, actor: Actor) -> None:
    """Put a file that the documents' room took into a slot, in place of an earlier one.

    Raises NotFound, NotInYourHands, NoSuchStep, FileRefused for one whose check ended before it came here.
    """
    application, row = _in_hand(application_id, step, owner=owner)
    if slot not in rules.SLOTS.get(step, {}):
        raise errors.NoSuchStep
    document = documents.keep_still(document_id, owner=owner)
    if document.state not in {FileState.RECEIVED, FileState.READY}:
        raise errors.FileRefused(document.reason or None)
    detach(application_id, step, slot, owner=owner, actor=actor)
    db.session.add(
        FileRow(
            id=ids.new("apf"),
            application_id=application_id,
            customer_id=application.customer_id,
            step=step,
            slot=slot,
            document_id=document_id,
            added_at=clock.now(),
        )
    )
    db.session.flush()
    _see_whether_done(application, row, actor=actor)


def detach(application_id: str, step: Step, slot: str, *, owner: str, actor: Actor) -> None:
    """Take the file out of a slot; it stays to be seen by reviewers. Raises as `attach` does."""
    _, row = _in_hand(application_id, step, owner=owner)
    current = (FileRow.application_id == application_id) & (FileRow.slot == slot) & FileRow.replaced_at.is_(None)
    db.session.execute(update(FileRow).where(current, FileRow.step == step).values(replaced_at=clock.now()))
    if rules.SLOTS.get(step, {}).get(slot) and row.state == StepState.DONE:
        _undo(row, actor=actor)
    db.session.flush()


def refuse_file(document_id: str) -> None:
    """A file turned out to be none that we can read: its slot is empty again. For the documents' news."""
    row = db.session.scalars(select(FileRow).where(FileRow.document_id == document_id)).one_or_none()
    if row is None or row.replaced_at is not None:
        return
    application = locked(row.application_id)
    row.replaced_at = clock.now()
    step, actor = _step(application, Step(row.step)), actors.system("documents")
    if application.state in {*rules.OURS, State.PROPOSED}:  # it was handed in before the file was read
        send_back(step, "wrong_document", "We could not read this file. Take the picture again, or use another file.",
                  actor=actor)  # fmt: skip
    elif rules.SLOTS[Step(row.step)][row.slot] and step.state == StepState.DONE:
        _undo(step, actor=actor)
    if application.state in rules.OURS:
        hand_back(application, {row.step: "wrong_document"}, actor=actor)
    db.session.flush()


def weigh(application: Application) -> None:
    """Say how closely to look at it, by what is known by now."""
    application.risk = rules.risk_of(Tier(application.wanted), pep=application.pep, screening=application.screening)


def submit(application_id: str, *, owner: str, actor: Actor, consent: str = rules.CONSENT) -> None:
    """Hand it in, or in again; `consent` names the wording that was agreed to.

    Raises NotFound, NotInYourHands, ConsentMissing, StepsMissing, Outdated.
    """
    if consent != rules.CONSENT:
        raise errors.ConsentMissing
    application = _mine(application_id, owner=owner)
    steps, today = queries.steps(application_id, owner=owner), clock.now().astimezone(clock.WAT).date()
    if not rules.done(each.row.state for each in steps):
        raise errors.StepsMissing
    for each in steps:
        old = answers.outdated(each.step, each.answers, today=today)
        if old and _may_write(application, each.row):  # (else it is for a reviewer to ask for it)
            raise errors.Outdated(old)
    application.round += 1
    weigh(application)
    rounds.keep(application, [each.row for each in steps])
    application.due_at = clock.now() + rules.DUE[Tier(application.wanted)]
    _queue(application, State.SUBMITTED, actor=actor)
    tell(application, "submitted", actor=actor, round=application.round, consent=consent)
    outbox.emit(events.Submitted(application_id=application_id, customer_id=owner))


def abandon(application_id: str, *, owner: str, actor: Actor, reason: str = "") -> None:
    """The customer takes it back, or let it lie for too long. What it was to show of another phone is asked for anew.

    Raises NotFound, NotInYourHands, NotYoursToEnd.
    """
    application = _mine(application_id, owner=owner)
    if application.about in rules.ASKED_BY_US:
        raise errors.NotYoursToEnd
    application.decided_at = clock.now()
    machine.move(application, State.ABANDONED, machine=rules.MACHINE, actor=actor, reason=reason)
    tell(application, "abandoned", actor=actor)
    if application.round:
        outbox.emit(events.Abandoned(application_id=application_id, customer_id=owner))
    if due.asks_about_phone_for_system(application_id):
        reopen(owner, about=About.PHONE, actor=actor)


def abandon_forgotten(*, actor: Actor, limit: int = 100) -> int:
    """End what lay in customers' hands for longer than ABANDONED_AFTER: how many."""
    old = queries.forgotten_for_system(before=clock.now() - rules.ABANDONED_AFTER, limit=limit)
    for application_id, customer_id in old:
        abandon(application_id, owner=customer_id, actor=actor, reason="Nothing was added for a long time.")
    return len(old)


def open_reviews(*, actor: Actor, limit: int = 50) -> int:
    """Ask customers whose review is due to go over what we know of them: how many."""
    asked = 0
    for application_id, customer_id in queries.due_for_review_for_system(at=clock.now(), limit=limit):
        opened = reopen(customer_id, about=About.REVIEW, actor=actor)
        if opened or customers.tier(owner=customer_id) is Tier.T0:  # (else it stays due: they have just begun another)
            locked(application_id).reviewed_at = clock.now()
            asked += 1
    db.session.flush()
    return asked


def reopen(customer_id: str, *, about: About, actor: Actor) -> Application | None:
    """Open what a change or a due review calls for; None while another is under way, or there is nothing to go over.

    A review takes the place of a draft of the customer's own.
    """
    has, other = customers.tier(owner=customer_id), queries.open_one(owner=customer_id)
    if about is About.REVIEW and other and other.state == State.DRAFT and other.about not in rules.ASKED_BY_US:
        abandon(other.id, owner=customer_id, actor=actor, reason="A review is due.")
        other = queries.open_one(owner=customer_id)
    if has is Tier.T0 or other is not None:
        return None
    application = begin(customer_id, wanted=has, about=about, actor=actor)
    outbox.emit(events.Reopened(application_id=application.id, customer_id=customer_id))
    return application


def tell(application: Application, what: str, *, actor: Actor, **facts: Any) -> None:
    """Write a line of its story."""
    db.session.add(
        Happening(
            application_id=application.id,
            customer_id=application.customer_id,
            what=what,
            actor=str(actor),
            facts=facts,
            happened_at=clock.now(),
        )
    )
    db.session.flush()


def locked(application_id: str) -> Application:
    """The application, locked until the caller's transaction ends. Raises NotFound."""
    wanted = select(Application).where(Application.id == application_id).with_for_update()
    found = db.session.scalars(wanted.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NotFound
    return found


def add_step(
    application: Application, step: Step, *, place: int, state: StepState = StepState.OPEN, actor: Actor
) -> StepRow:
    """One step more."""
    row = StepRow(
        id=ids.new("stp"),
        application_id=application.id,
        customer_id=application.customer_id,
        step=step,
        place=place,
        state=state,
    )
    machine.begin(row, machine=rules.STEP_MACHINE, actor=actor)
    return row


def send_back(row: StepRow, code: str, words: str, *, actor: Actor) -> None:
    """A step has to be done again: why, and what the customer reads."""
    if row.state != StepState.AGAIN:
        machine.move(row, StepState.AGAIN, machine=rules.STEP_MACHINE, actor=actor)
    row.done_at, row.again_code, row.again_words = None, code, words


def hand_back(application: Application, codes: Mapping[str, str], *, actor: Actor) -> None:
    """It is the customer's again, for the steps that were sent back, each with its reason's code."""
    release(application)
    _queue(application, State.WAITING, actor=actor)
    tell(application, "asked_again", actor=actor, steps=list(codes), codes=dict(codes))
    outbox.emit(events.AskedAgain(application_id=application.id, customer_id=application.customer_id))


def release(application: Application) -> None:
    """Nobody is at work on it."""
    application.claimed_by = application.claim_until = None


def _queue(application: Application, to: State, *, actor: Actor) -> None:
    application.queued_at = clock.now()
    machine.move(application, to, machine=rules.MACHINE, actor=actor)


def _mine(application_id: str, *, owner: str) -> Application:
    application = locked(application_id)
    if application.customer_id != owner:
        raise NotFound
    if application.state not in rules.THEIRS:
        raise errors.NotInYourHands
    return application


def _in_hand(application_id: str, step: Step, *, owner: str) -> tuple[Application, StepRow]:
    """A step that the customer may write."""
    application = _mine(application_id, owner=owner)
    row = _step(application, step)
    if not _may_write(application, row):
        raise errors.NotInYourHands
    return application, row


def _may_write(application: Application, row: StepRow) -> bool:
    return rules.may_write(
        application.state, step_state=row.state, done_at=row.done_at, queued_at=application.queued_at
    )


def _sent_since(step: StepView, application: Application) -> bool:
    """Whether a file was added since the step came back."""
    return any(file.added_at > application.queued_at for file in step.files.values())


def _refuse_another_name(cleaned: Mapping[str, str], *, owner: str) -> None:
    """A new address proves no new name. Raises BadAnswers."""
    known = queries.latest_answers(Step.PROFILE, owner=owner)
    other = [name for name in IDENTIFYING if known and cleaned[name] != known[name]]
    if other:
        words = "This cannot change together with the address. Take this back, and choose “My name”."
        raise errors.BadAnswers(fields=dict.fromkeys(other, words))


def _ask_numbers_again(application: Application, *, actor: Actor) -> None:
    """What was looked up was compared with another name than the one that holds now."""
    numbers = select(StepRow).where(StepRow.application_id == application.id, StepRow.step.in_([Step.BVN, Step.NIN]))
    for row in db.session.scalars(numbers.where(StepRow.state == StepState.DONE)).all():
        _undo(row, actor=actor)


def _undo(row: StepRow, *, actor: Actor) -> None:
    row.done_at = None
    machine.move(row, StepState.OPEN, machine=rules.STEP_MACHINE, actor=actor)


def _step(application: Application, step: Step) -> StepRow:
    row = db.session.scalars(select(StepRow).filter_by(application_id=application.id, step=step)).one_or_none()
    if row is None:
        raise errors.NoSuchStep
    return row


def _see_whether_done(application: Application, row: StepRow, *, actor: Actor) -> None:
    slots = rules.SLOTS.get(Step(row.step), {})
    there = set(
        db.session.scalars(
            select(FileRow.slot).filter_by(application_id=application.id, step=row.step, replaced_at=None)
        )
    )
    answered = row.answers_sealed is not None or Step(row.step) is Step.SELFIE
    complete = answered and all(slot in there for slot, wanted in slots.items() if wanted)
    if complete and row.state != StepState.DONE:
        row.done_at = clock.now()
        machine.move(row, StepState.DONE, machine=rules.STEP_MACHINE, actor=actor)
        tell(application, "step_done", actor=actor, step=row.step)
    db.session.flush()

"""Commands of the customer's side: begin, fill a step, attach a file, hand in, take back; and news about them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select, update

from app.applications import answers, errors, events, queries, rules
from app.applications.models import Application, FileRow, Happening, RoundRow, StepRow
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

    Raises OpenAlready, NothingToGain, TierOutOfTurn.
    """
    # Of two clicks at the same time the second waits here, and is told.
    db.session.execute(select(Customer.id).where(Customer.id == customer_id).with_for_update(key_share=True))
    has = customers.tier(owner=customer_id)
    if queries.open_one(owner=customer_id) is not None:
        raise errors.OpenAlready
    if wanted is Tier.T0 or number not in {Step.BVN, Step.NIN}:
        raise errors.TierOutOfTurn
    if about is About.TIER and not rules.above(wanted, has):
        raise errors.NothingToGain
    shown = queries.shown(owner=customer_id)
    moment = clock.now()
    application = Application(
        id=ids.new("app"),
        customer_id=customer_id,
        subject=subject,
        about=about,
        wanted=wanted,
        had=has,
        state=State.DRAFT,
        created_at=moment,
        queued_at=moment,
    )
    machine.begin(application, machine=rules.MACHINE, actor=actor)
    steps = rules.asked(about, wanted=wanted, shown=shown, subject=subject, number=number)
    for place, step in enumerate(steps):
        db.session.add(
            StepRow(
                id=ids.new("stp"),
                application_id=application.id,
                customer_id=customer_id,
                step=step,
                place=place,
                state=StepState.OPEN,
            )
        )
    tell(application, "begun", actor=actor, wanted=str(wanted), about=str(about))
    return application


def fill(application_id: str, step: Step, given: Mapping[str, str], *, owner: str, actor: Actor) -> None:
    """Write the answers of a step down; it is done when its files are there too. Until handed in it can change.

    Another name or date of birth has the numbers asked for again: they were compared with the one before.
    Raises NotFound, NotInYourHands, NoSuchStep, BadAnswers, NothingChanged.
    """
    application, row = _in_hand(application_id, step, owner=owner)
    cleaned = answers.clean(step, given, today=clock.now().astimezone(clock.WAT).date())
    before = queries.step(application_id, step, owner=owner)
    if row.state == StepState.AGAIN and cleaned == before.answers and not _sent_since(before, application):
        raise errors.NothingChanged
    row.answers_sealed = crypto.seal(json.dumps(cleaned), context=row.id)
    if step is Step.PROFILE:
        application.pep, application.country = cleaned["pep"] == "yes", cleaned["country"]
        if before.answers and any(cleaned[name] != before.answers.get(name) for name in IDENTIFYING):
            _ask_numbers_again(application)
    _see_whether_done(application, row, actor=actor)


def prove(application_id: str, step: Step, *, facts: dict[str, Any], owner: str, actor: Actor) -> None:
    """A step whose proof another room keeps (a check's id, an account's id, that codes were confirmed) is done.

    Raises NotFound, NotInYourHands, NoSuchStep.
    """
    application, row = _in_hand(application_id, step, owner=owner)
    row.answers_sealed = crypto.seal(json.dumps(facts), context=row.id)
    _see_whether_done(application, row, actor=actor)


def attach(application_id: str, step: Step, slot: str, *, document_id: str, owner: str, actor: Actor) -> None:
    """Put a file that the documents' room took into a slot, in place of an earlier one.

    Raises NotFound, NotInYourHands, NoSuchStep.
    """
    application, row = _in_hand(application_id, step, owner=owner)
    if slot not in rules.SLOTS.get(step, {}):
        raise errors.NoSuchStep
    detach(application_id, step, slot, owner=owner)
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


def detach(application_id: str, step: Step, slot: str, *, owner: str) -> None:
    """Take the file out of a slot; it stays to be seen by reviewers. Raises as `attach` does."""
    _, row = _in_hand(application_id, step, owner=owner)
    current = (FileRow.application_id == application_id) & (FileRow.slot == slot) & FileRow.replaced_at.is_(None)
    db.session.execute(update(FileRow).where(current, FileRow.step == step).values(replaced_at=clock.now()))
    if rules.SLOTS.get(step, {}).get(slot) and row.state == StepState.DONE:
        row.state, row.done_at = StepState.OPEN, None
    db.session.flush()


def refuse_file(document_id: str) -> None:
    """A file turned out to be none that we can read: its slot is empty again. For the documents' news."""
    row = db.session.scalars(select(FileRow).where(FileRow.document_id == document_id)).one_or_none()
    if row is None or row.replaced_at is not None:
        return
    application = locked(row.application_id)
    row.replaced_at = clock.now()
    step = _step(application, Step(row.step))
    if rules.SLOTS[Step(row.step)][row.slot] and step.state == StepState.DONE:
        step.state, step.done_at = StepState.OPEN, None
    if application.state in rules.OURS:  # it was handed in before the file was read
        step.state, step.again_code = StepState.AGAIN, "wrong_document"
        step.again_words = "We could not read this file. Take the picture again, or use another file."
        release(application)
        _queue(application, State.WAITING, actor=actors.system("documents"))
        tell(application, "asked_again", actor=actors.system("documents"), steps=[row.step])
        outbox.emit(events.AskedAgain(application_id=application.id, customer_id=application.customer_id))
    db.session.flush()


def submit(application_id: str, *, owner: str, actor: Actor, consent: str = rules.CONSENT) -> None:
    """Hand it in, or in again; `consent` names the wording that was agreed to.

    Raises NotFound, NotInYourHands, ConsentMissing, StepsMissing.
    """
    if consent != rules.CONSENT:
        raise errors.ConsentMissing
    application = _mine(application_id, owner=owner)
    steps = db.session.scalars(select(StepRow).filter_by(application_id=application_id)).all()
    if not rules.done([step.state for step in steps]):
        raise errors.StepsMissing
    application.round += 1
    _keep_round(application, steps)
    application.due_at = clock.now() + rules.DUE[Tier(application.wanted)]
    application.assigned_to = application.assigned_to or queries.least_loaded_for_system(customer_id=owner)
    _queue(application, State.SUBMITTED, actor=actor)
    tell(application, "submitted", actor=actor, round=application.round, consent=consent)
    outbox.emit(events.Submitted(application_id=application_id, customer_id=owner))


def abandon(application_id: str, *, owner: str, actor: Actor, reason: str = "") -> None:
    """The customer takes it back, or let it lie for too long. Raises NotFound, NotInYourHands."""
    application = _mine(application_id, owner=owner)
    application.decided_at = clock.now()
    machine.move(application, State.ABANDONED, machine=rules.MACHINE, actor=actor, reason=reason)
    tell(application, "abandoned", actor=actor)


def abandon_forgotten(*, actor: Actor, limit: int = 100) -> int:
    """End what lay in customers' hands for longer than ABANDONED_AFTER: how many."""
    old = queries.forgotten_for_system(before=clock.now() - rules.ABANDONED_AFTER, limit=limit)
    for application_id, customer_id in old:
        abandon(application_id, owner=customer_id, actor=actor, reason="Nothing was added for a long time.")
    return len(old)


def open_reviews(*, actor: Actor, limit: int = 50) -> int:
    """Ask customers whose review is due to go over what we know of them: how many."""
    due = queries.due_for_review_for_system(at=clock.now(), limit=limit)
    for application_id, customer_id, subject in due:
        locked(application_id).reviewed_at = clock.now()
        reopen(customer_id, about=About.REVIEW, subject=Subject(subject), actor=actor)
    return len(due)


def reopen(customer_id: str, *, about: About, subject: Subject = Subject.PERSON, actor: Actor) -> Application | None:
    """Open what a change or a due review calls for; None while another is under way, or there is nothing to go over."""
    has = customers.tier(owner=customer_id)
    if has is Tier.T0 or queries.open_one(owner=customer_id) is not None:
        return None
    application = begin(customer_id, wanted=has, about=about, subject=subject, actor=actor)
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
    if not rules.may_write(
        application.state, step_state=row.state, done_at=row.done_at, queued_at=application.queued_at
    ):
        raise errors.NotInYourHands
    return application, row


def _sent_since(step: StepView, application: Application) -> bool:
    """Whether a file was added since the step came back."""
    return any(file.added_at > application.queued_at for file in step.files.values())


def _keep_round(application: Application, steps: Sequence[StepRow]) -> None:
    """Keep what was handed in: a later round is written over the steps."""
    for step in steps:
        if step.answers_sealed is not None:
            kept = RoundRow(id=ids.new("apr"), application_id=application.id, customer_id=application.customer_id)
            kept.step_id, kept.round, kept.answers_sealed = step.id, application.round, step.answers_sealed
            db.session.add(kept)
    db.session.flush()


def _ask_numbers_again(application: Application) -> None:
    """What was looked up was compared with another name than the one that holds now."""
    numbers = select(StepRow).where(StepRow.application_id == application.id, StepRow.step.in_([Step.BVN, Step.NIN]))
    for row in db.session.scalars(numbers.where(StepRow.state == StepState.DONE)):
        row.state, row.done_at = StepState.OPEN, None


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
        row.state, row.done_at = StepState.DONE, clock.now()
        tell(application, "step_done", actor=actor, step=row.step)
    db.session.flush()

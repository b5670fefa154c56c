"""Commands of the reviewers' side: claim, answer, note, ask again, escalate, approve.

Whoever acts on an application that nobody holds, holds it; one that somebody else holds answers with their name. A
claim ends by itself when its holder gives no sign of life.
"""

from collections.abc import Mapping

from sqlalchemy import select, update

from app.applications import answers, due, errors, events, past, queries, rules, service, standing
from app.applications.models import Answer, Application, Note, StepRow
from app.applications.reasons import AGAIN
from app.applications.rules import About, State, Step
from app.core import clock, ids, machine, outbox
from app.core.actor import Actor
from app.core.db import db
from app.customers import queries as customers
from app.customers import service as customers_service
from app.customers.rules import Tier
from app.identification import service as identification
from app.identification.rules import CheckState
from app.identity import queries as identity


def claim(application_id: str, *, operator_id: str, actor: Actor) -> Application:
    """Take it into one's hands, or stay at work on it. Raises NotFound, ClaimedByAnother, NotUnderReview."""
    application = service.locked(application_id)
    _hold(application, operator_id=operator_id, actor=actor)
    return application


def stay(application_id: str, *, operator_id: str) -> bool:
    """A sign of life: the claim lasts another LEASE from now. False when it is not this person's any more."""
    application = service.locked(application_id)
    if application.claimed_by != operator_id or not _is_held(application):
        return False
    application.claim_until = clock.now() + rules.LEASE
    db.session.flush()
    return True


def let_go(application_id: str, *, operator_id: str, actor: Actor) -> None:
    """Put it back. Of another's claim nothing is changed. Raises NotFound."""
    application = service.locked(application_id)
    if application.claimed_by == operator_id:
        service.release(application)
        service.tell(application, "released", actor=actor)


def claim_next(queue: queries.Queue, *, operator_id: str, actor: Actor) -> str | None:
    """Claim the first in this queue that nobody holds and that is not one's own: its id, None when there is none."""
    for application_id in queries.unclaimed_for_operators(queue, operator_id=operator_id):
        free = select(Application).where(Application.id == application_id).with_for_update(skip_locked=True)
        application = db.session.scalars(free.execution_options(populate_existing=True)).one_or_none()
        if application is None or _is_held(application) or application.state not in rules.OURS:
            continue
        if customers.is_related_for_system(operator_id, [application.customer_id]):
            continue
        _hold(application, operator_id=operator_id, actor=actor)
        return application_id
    return None


def assign(application_id: str, *, to: str, actor: Actor) -> None:
    """Say who should take it up; a claim is not touched. Raises NotFound, NotUnderReview, NoReviewer."""
    application = service.locked(application_id)
    if application.state not in rules.OURS:
        raise errors.NotUnderReview
    if to not in due.reviewers_for_system():
        raise errors.NoReviewer
    if customers.is_related_for_system(to, [application.customer_id]):
        raise errors.OwnApplication
    application.assigned_to = to
    service.tell(application, "assigned", actor=actor, to=to)


def answer(application_id: str, item: str, said: str, *, operator_id: str, actor: Actor) -> None:
    """Answer an item of the check-list: `yes`, `no` or `na`. Raises NoSuchItem, and as `claim` does."""
    application = _acting(application_id, operator_id=operator_id, actor=actor)
    asked = {one.code: one for one in queries.checklist_for_operators(application)}
    if item not in asked or said not in {"yes", "no", *(("na",) if asked[item].may_be_na else ())}:
        raise errors.NoSuchItem
    if asked[item].answer == said:
        return
    _unanswer(application_id, [item])
    db.session.add(
        Answer(
            id=ids.new("ans"),
            application_id=application_id,
            item=item,
            answer=said,
            operator_id=operator_id,
            answered_at=clock.now(),
        )
    )
    db.session.flush()


def note(application_id: str, words: str, *, operator_id: str, actor: Actor) -> None:
    """Write something down for compliance alone. Anybody who may review may, whoever holds it.

    Raises ReasonMissing, OwnApplication.
    """
    application = service.locked(application_id)
    _refuse_own(application, operator_id)
    written = words.strip()
    if not 1 <= len(written) <= rules.NOTE_MAX:
        raise errors.ReasonMissing
    db.session.add(
        Note(
            id=ids.new("not"),
            application_id=application_id,
            operator_id=operator_id,
            words=written,
            noted_at=clock.now(),
        )
    )
    service.tell(application, "noted", actor=actor)


def ask_again(application_id: str, wanted: Mapping[Step, tuple[str, str]], *, operator_id: str, actor: Actor) -> None:
    """Send steps back to the customer: for each its reason's code and, if any, words of one's own for them to read.

    Only these can be written again; what was answered about them is to be answered anew.
    Raises NothingAsked, ReasonMissing, NoSuchStep, and as `claim` does.
    """
    application = _acting(application_id, operator_id=operator_id, actor=actor)
    if not wanted:
        raise errors.NothingAsked
    rows = {row.step: row for row in db.session.scalars(select(StepRow).filter_by(application_id=application_id))}
    for step, (code, words) in wanted.items():
        if code not in AGAIN or len(words) > rules.NOTE_MAX:
            raise errors.ReasonMissing
        if step not in rows:
            raise errors.NoSuchStep
        service.send_back(rows[step], code, words.strip() or AGAIN[code].customer, actor=actor)
    service.hand_back(application, {str(step): code for step, (code, _) in wanted.items()}, actor=actor)


def look_up_again(application_id: str, *, operator_id: str, actor: Actor) -> None:
    """Ask registers once more that gave no answer. Raises as `claim` does, and AsksSpent."""
    application = _acting(application_id, operator_id=operator_id, actor=actor)
    for check in standing.checks_of(application):
        if check is not None and check.state == CheckState.UNAVAILABLE:
            identification.ask_again(check.id, customer_id=application.customer_id, actor=actor)
    standing.refresh(application)


def escalate(application_id: str, *, reason: str, operator_id: str, actor: Actor) -> None:
    """Give it to somebody senior, with a note why. Raises ReasonMissing, and as `claim` does."""
    application = _acting(application_id, operator_id=operator_id, actor=actor)
    note(application_id, reason, operator_id=operator_id, actor=actor)
    application.assigned_to, application.escalated_by = None, operator_id
    _hand_over(application, State.ESCALATED, actor=actor)
    service.tell(application, "escalated", actor=actor)


def approve(application_id: str, *, tier: Tier, operator_id: str, actor: Actor) -> None:
    """Approve a tier alone: the one that was applied for, or a lower one that is more than they have.

    Raises NeedsTwo, NotReady, NothingToGain, Lowers, and as `claim` does.
    """
    application = _acting(application_id, operator_id=operator_id, actor=actor)
    if application.about != About.TIER and rules.above(Tier(application.had), tier):
        raise errors.Lowers
    _decide_alone(application, tier=tier, operator_id=operator_id, actor=actor)


def lower(application_id: str, *, tier: Tier, reason: str, operator_id: str, actor: Actor) -> None:
    """Take a tier away alone, for a reason that is kept as a note: a review found that less holds.

    Raises ReasonMissing, NeedsTwo, NotReady, NothingToGain, and as `claim` does.
    """
    application = _acting(application_id, operator_id=operator_id, actor=actor)
    if not rules.above(Tier(application.had), tier):
        raise errors.NothingToGain("That is not lower than what they have.")
    note(application_id, reason, operator_id=operator_id, actor=actor)
    _decide_alone(application, tier=tier, operator_id=operator_id, actor=actor)


def check(application: Application, *, tier: Tier) -> None:
    """Refuse what cannot be approved. Raises NothingToGain for a tier that was not asked for, NotReady."""
    if rules.above(tier, Tier(application.wanted)) or tier is Tier.T0:
        raise errors.NothingToGain("That is more than was applied for.")
    if application.about == About.TIER and not rules.above(tier, Tier(application.had)):
        raise errors.NothingToGain("They have that already. Who applies for more is not given less.")
    blockers = queries.blockers_for_operators(application, tier=tier)
    if blockers:
        raise errors.NotReady(blockers=blockers)


def conclude(application: Application, *, tier: Tier, operator_id: str, actor: Actor) -> None:
    """Write the approval down, and give the customer the tier. Whoever calls this has checked that it may be.

    Only who was looked at whole is not due for a while; a change may bring the next review nearer, never puts it off.
    """
    moment, standing_due = clock.now(), past.review_due_at(owner=application.customer_id)
    application.decided_at, application.decided_by, application.decided_tier = moment, operator_id, tier
    application.risk = rules.risk_of(tier, pep=application.pep, screening=application.screening)
    due = rules.months_later(moment, rules.REVIEW_AGAIN_MONTHS[application.risk])
    whole = application.about in {About.TIER, About.REVIEW}
    if whole:
        earlier = (Application.customer_id == application.customer_id) & (Application.state == State.APPROVED)
        unreviewed = update(Application).where(earlier, Application.reviewed_at.is_(None))
        db.session.execute(unreviewed.values(reviewed_at=moment))
    if whole or standing_due is None or due < standing_due:
        application.review_due_at = due
    service.release(application)
    machine.move(application, State.APPROVED, machine=rules.MACHINE, actor=actor)
    lowers = {"lowers": True} if rules.above(Tier(application.had), tier) else {}
    service.tell(application, "approved", actor=actor, tier=str(tier), wanted=application.wanted, **lowers)
    customers_service.set_tier(application.customer_id, tier, application_id=application.id, actor=actor)
    _take_name_over(application)
    outbox.emit(events.Approved(application_id=application.id, customer_id=application.customer_id))


def end_claims(*, actor: Actor) -> int:
    """Write down that claims ran out; they hold nothing since then: how many."""
    ran_out = select(Application).where(Application.claim_until <= clock.now()).with_for_update(skip_locked=True)
    ended = list(db.session.scalars(ran_out.limit(100)))
    for application in ended:
        service.release(application)
        service.tell(application, "claim_ended", actor=actor)
    return len(ended)


def _decide_alone(application: Application, *, tier: Tier, operator_id: str, actor: Actor) -> None:
    standing.refresh(application)
    if past.needs_two(application, tier=tier, operator_id=operator_id):
        raise errors.NeedsTwo
    check(application, tier=tier)
    conclude(application, tier=tier, operator_id=operator_id, actor=actor)


def _take_name_over(application: Application) -> None:
    """Who was shown to be of this name is called so from now on: it is what bank accounts are compared with."""
    asked = select(StepRow.id).filter_by(application_id=application.id, step=Step.PROFILE)
    if db.session.scalars(asked).one_or_none():
        profile = queries.profile_for_operators(application)
        customers_service.rename(application.customer_id, answers.full_name(profile))


def _acting(application_id: str, *, operator_id: str, actor: Actor) -> Application:
    """The application, locked and in this person's hands."""
    return claim(application_id, operator_id=operator_id, actor=actor)


def _hold(application: Application, *, operator_id: str, actor: Actor) -> None:
    if application.state not in rules.OURS:
        raise errors.NotUnderReview(f"This application is {application.state}: there is nothing to decide on it.")
    _refuse_own(application, operator_id)
    held = _is_held(application)
    if held and application.claimed_by != operator_id:
        name = identity.operator_for_operators(str(application.claimed_by)).name
        until = application.claim_until.isoformat() if application.claim_until else ""
        raise errors.ClaimedByAnother(f"{name} is working on this.", by=name, until=until)
    if not held:
        service.tell(application, "claimed", actor=actor)
    application.claimed_by, application.claim_until = operator_id, clock.now() + rules.LEASE
    application.assigned_to = operator_id
    db.session.flush()


def _refuse_own(application: Application, operator_id: str) -> None:
    if customers.is_related_for_system(operator_id, [application.customer_id]):
        raise errors.OwnApplication


def _is_held(application: Application) -> bool:
    return application.claim_until is not None and application.claim_until > clock.now()


def _hand_over(application: Application, to: State, *, actor: Actor) -> None:
    service.release(application)
    application.queued_at = clock.now()
    if application.state != to:
        machine.move(application, to, machine=rules.MACHINE, actor=actor)
    db.session.flush()


def _unanswer(application_id: str, items: list[str]) -> None:
    current = (Answer.application_id == application_id) & Answer.replaced_at.is_(None) & Answer.item.in_(items)
    db.session.execute(update(Answer).where(current).values(replaced_at=clock.now()))

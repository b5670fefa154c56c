"""Decisions of two: the highest tiers, who holds public office or was on a list, every refusal for good and its end.

An officer asks and a manager agrees; governance carries it out. Who cleared a hit does not also agree.
"""

from app.applications import due, errors, events, past, queries, review, rules, service, standing
from app.applications.models import Application
from app.applications.reasons import REFUSALS
from app.applications.rules import State
from app.core import actor as actors
from app.core import clock, machine, outbox
from app.core.actor import Actor
from app.core.db import db
from app.core.permissions import Permission
from app.customers import queries as customers
from app.customers.rules import Tier
from app.governance import queries as approvals
from app.governance import service as governance
from app.governance.kinds import Agreed, Kind, Line, Payload
from app.governance.models import Request
from app.governance.rules import Facts
from app.screening import queries as screening


def propose_tier(application_id: str, *, tier: Tier, reason: str, operator_id: str, actor: Actor) -> Request:
    """Ask that a tier be approved which one person may not approve alone.

    Raises NeedsNoSecond, NotReady, as `review.claim` and governance do.
    """
    application = review.claim(application_id, operator_id=operator_id, actor=actor)
    standing.refresh(application)
    if not past.needs_two(application, tier=tier, operator_id=operator_id):
        raise errors.NeedsNoSecond
    review.check(application, tier=tier)
    payload = _about(application) | {"tier": str(tier), "round": application.round}
    return _ask(application, APPROVAL, payload, reason=reason, operator_id=operator_id, actor=actor)


def propose_refusal(application_id: str, *, code: str, reason: str, operator_id: str, actor: Actor) -> Request:
    """Ask that an application be refused for good. Raises ReasonMissing, as `review.claim` and governance do."""
    application = review.claim(application_id, operator_id=operator_id, actor=actor)
    if code not in REFUSALS:
        raise errors.ReasonMissing
    payload = _about(application) | {"code": code, "round": application.round}
    return _ask(application, REFUSAL, payload, reason=reason, operator_id=operator_id, actor=actor)


def propose_lift(application_id: str, *, reason: str, operator_id: str, actor: Actor) -> Request:
    """Ask that a refusal bar the customer no longer: they may apply again, and are looked at anew.

    Raises NotFound, NotRefused, AskedAlready, and as governance does.
    """
    application = service.locked(application_id)
    target = f"application:{application_id}"
    if any(one.request.kind == LIFT.name for one in approvals.about_for_operators(target)):
        raise errors.AskedAlready
    payload = _about(application) | {"code": application.reason_code}
    return governance.submit(LIFT.name, payload, target=target, reason=reason, maker=operator_id, actor=actor)


def take_up_again(application_id: str, request_id: str) -> None:
    """The second person said no, or nobody did in time: it is under review again. For governance's news."""
    application = service.locked(application_id)
    if application.state == State.PROPOSED and application.request_id == request_id:
        application.request_id = None
        actor = actors.system("governance")
        application.queued_at = clock.now()
        service.tell(application, "not_agreed", actor=actor, request=request_id)
        undone = due.sent_back_for_system(application_id)
        if undone:  # (a file was none, or the phone became another, while others were asked)
            service.hand_back(application, undone, actor=actor)
        else:
            machine.move(application, State.SUBMITTED, machine=rules.MACHINE, actor=actor, reason="The request ended.")


def _about(application: Application) -> Payload:
    customer = customers.one_for_operators(application.customer_id)
    return {
        "application_id": application.id,
        "customer_id": application.customer_id,
        "name": customer.name,
        "has": customer.tier,
        "wanted": application.wanted,
        "screening": application.screening,
        "identity": application.identity,
        "pep": past.holds_office(application),
    }


def _ask(
    application: Application, kind: Kind, payload: Payload, *, reason: str, operator_id: str, actor: Actor
) -> Request:
    asked = governance.submit(
        kind.name,
        payload,
        target=f"application:{application.id}",
        reason=reason,
        maker=operator_id,
        actor=actor,
    )
    application.request_id = asked.id
    service.release(application)
    application.queued_at = clock.now()
    machine.move(application, State.PROPOSED, machine=rules.MACHINE, actor=actor)
    service.tell(application, "proposed", actor=actor, request=asked.id)
    return asked


def _check_tier(payload: Payload) -> None:
    application = _unchanged(payload)
    now = (application.screening, application.identity, past.holds_office(application))
    if now != (payload["screening"], payload["identity"], payload["pep"]):
        raise errors.NotReady(blockers=["What lists or registers say has changed since it was asked for."])
    review.check(application, tier=Tier(payload["tier"]))


def _approve(agreed: Agreed) -> str:
    application = service.locked(agreed.payload["application_id"])
    standing.refresh(application)
    db.session.flush()
    _check_tier(agreed.payload)
    if screening.cleared_by_for_system(application.customer_id) & set(agreed.voters):
        raise errors.ClearedTheHit
    application.request_id = agreed.request_id
    tier = Tier(agreed.payload["tier"])
    review.conclude(application, tier=tier, operator_id=agreed.maker, actor=agreed.actor)
    return f"{agreed.payload['name']} has tier {tier.upper()}"


def _check_refusal(payload: Payload) -> None:
    _unchanged(payload)


def _refuse(agreed: Agreed) -> str:
    _check_refusal(agreed.payload)
    application = service.locked(agreed.payload["application_id"])
    application.request_id = agreed.request_id
    application.decided_at, application.decided_by = clock.now(), agreed.maker
    application.reason_code = agreed.payload["code"]
    service.release(application)
    machine.move(application, State.REJECTED, machine=rules.MACHINE, actor=agreed.actor, reason=application.reason_code)
    service.tell(application, "rejected", actor=agreed.actor, code=application.reason_code)
    outbox.emit(events.Rejected(application_id=application.id, customer_id=application.customer_id))
    return f"{agreed.payload['name']}'s application is refused"


def _check_lift(payload: Payload) -> None:
    application = queries.one_for_operators(payload["application_id"])
    if application.state != State.REJECTED or application.lifted_at is not None:
        raise errors.NotRefused


def _lift(agreed: Agreed) -> str:
    application = service.locked(agreed.payload["application_id"])
    _check_lift(agreed.payload)
    application.lifted_at = clock.now()
    service.tell(application, "lifted", actor=agreed.actor, request=agreed.request_id)
    return f"{agreed.payload['name']} may apply again"


def _unchanged(payload: Payload) -> Application:
    """The application, under review in the round in which the decision was asked for. Raises NotUnderReview."""
    application = queries.one_for_operators(payload["application_id"])
    if application.state not in {*rules.OURS, State.PROPOSED} or application.round != payload["round"]:
        raise errors.NotUnderReview
    return application


def _risk(payload: Payload) -> Facts:
    return Facts(risk="high" if payload["pep"] or payload["screening"] != "clear" else "")


def _in_short(payload: Payload) -> str:
    lowers = rules.above(Tier(payload["has"]), Tier(payload["tier"]))
    return f"{'Lower' if lowers else 'Give'} {payload['name']} {'to ' if lowers else ''}tier {payload['tier'].upper()}"


def _lines(payload: Payload) -> list[Line]:
    return [
        Line("Customer", payload["name"]),
        Line("Public office, now or at the last approval", "yes" if payload["pep"] else "no"),
        Line("Lists", payload["screening"]),
        Line("Registers", payload["identity"]),
    ]


APPROVAL = Kind(
    name="applications.tier",
    title="Tier of a customer",
    make=Permission.APPLICATIONS_REQUEST,
    dry_run=_check_tier,
    execute=_approve,
    describe=lambda payload: [*_lines(payload), Line("Tier", payload["tier"].upper(), was=payload["has"].upper())],
    summary=_in_short,
    facts=_risk,
    touches=lambda payload: frozenset({payload["customer_id"]}),
    sees=Permission.APPLICATIONS_READ,  # (what the lists say stands in it)
)

REFUSAL = Kind(
    name="applications.refusal",
    title="Refusal of an application",
    make=Permission.APPLICATIONS_REQUEST,
    dry_run=_check_refusal,
    execute=_refuse,
    describe=lambda payload: [
        *_lines(payload),
        Line("Reason", REFUSALS[payload["code"]].title),
        Line("The customer reads", REFUSALS[payload["code"]].customer),
    ],
    summary=lambda payload: f"Refuse {payload['name']}'s application",
    touches=lambda payload: frozenset({payload["customer_id"]}),
    sees=Permission.APPLICATIONS_READ,  # (what the lists say stands in it)
)

LIFT = Kind(
    name="applications.lift",
    title="Lifting of a refusal",
    make=Permission.APPLICATIONS_REQUEST,
    dry_run=_check_lift,
    execute=_lift,
    describe=lambda payload: [
        *_lines(payload),
        Line("May apply", "again", was="never"),
        Line("Refused for", REFUSALS[payload["code"]].title),
    ],
    summary=lambda payload: f"Let {payload['name']} apply again after a refusal",
    touches=lambda payload: frozenset({payload["customer_id"]}),
    sees=Permission.APPLICATIONS_READ,  # (what was found stands in it)
)

"""Decisions of two: the highest tiers, who holds public office or was on a list, and every refusal for good.

An officer asks and a manager agrees; governance carries it out. Who cleared a hit does not also agree.
"""

from app.applications import due, errors, events, queries, review, rules, service, standing
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
    if not rules.needs_two(tier, pep=application.pep, screening=application.screening, identity=application.identity):
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
        "pep": application.pep,
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
    if any(getattr(application, name) != payload[name] for name in ("screening", "identity", "pep")):
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


def _unchanged(payload: Payload) -> Application:
    """The application, under review in the round in which the decision was asked for. Raises NotUnderReview."""
    application = queries.one_for_operators(payload["application_id"])
    if application.state not in {*rules.OURS, State.PROPOSED} or application.round != payload["round"]:
        raise errors.NotUnderReview
    return application


def _risk(payload: Payload) -> Facts:
    return Facts(risk="high" if payload["pep"] or payload["screening"] != "clear" else "")


def _lines(payload: Payload) -> list[Line]:
    return [
        Line("Customer", payload["name"]),
        Line("Holds public office", "yes" if payload["pep"] else "no"),
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
    summary=lambda payload: f"Give {payload['name']} tier {payload['tier'].upper()}",
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

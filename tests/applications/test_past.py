"""What a decision may be, and what it leaves behind for the next one."""

from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.applications import decisions, errors, looking, past, queries, review, rules, service
from app.applications.models import Application
from app.applications.rules import About, State, Step, Subject
from app.core import actor, clock
from app.core.db import db, leave, rows, transaction
from app.customers import queries as customers
from app.customers.rules import Tier
from tests.makers import applicants, people
from tests.makers.people import Customer

pytestmark = pytest.mark.usefixtures("inside")

TODAY = date.today().isoformat()  # noqa: DTZ011
TEST = actor.system("test")
APPROVE = text(
    "UPDATE applications SET state = 'approved', screening = 'clear', decided_tier = :tier, decided_by = :by"
    " WHERE id = :id"
)
SEARCHED = "SELECT names FROM screening_subjects WHERE ref = :ref"
LIFT = text("UPDATE applications SET lifted_at = now() WHERE id = :id")


@pytest.fixture
def owner() -> Customer:
    """Somebody whom nobody has verified."""
    return people.customer(tier=Tier.T0)


def given(owner: Customer, wanted: Tier, tier: Tier | None = None) -> Application:
    """What was applied for was approved, or a lower tier than that."""
    return applicants.decided(applicants.submitted(owner, wanted, today=TODAY), tier or wanted)


def steps_of(application: Application) -> list[str]:
    return [each.row.step for each in queries.steps(application.id, owner=application.customer_id)]


def by_hand(application: Application, tier: Tier, *, by: str | None = None) -> None:
    leave()
    with transaction(TEST):
        db.session.execute(APPROVE, {"tier": str(tier), "by": by, "id": application.id})


class TestWhatCounts:
    def test_what_was_not_decided_on_is_asked_for_again(self, owner: Customer) -> None:
        given(owner, Tier.T2, Tier.T1)
        assert steps_of(applicants.begin(owner, Tier.T2)) == ["bank", "document"]

    def test_who_asks_for_more_is_given_no_less(self, owner: Customer) -> None:
        given(owner, Tier.T1)
        application, holder = applicants.submitted(owner, Tier.T2, today=TODAY), applicants.officer()
        with pytest.raises(errors.NothingToGain), transaction(who := actor.operator(holder)):
            review.approve(application.id, tier=Tier.T1, operator_id=holder, actor=who)
        with pytest.raises(errors.NothingToGain), transaction(who):
            review.lower(application.id, tier=Tier.T1, reason="x", operator_id=holder, actor=who)
        with pytest.raises(DBAPIError, match="was not asked for"):
            by_hand(application, Tier.T1, by=holder)

    def test_what_was_never_shown_stands_against_it(self, owner: Customer) -> None:
        people.verify(owner.id, Tier.T1)
        with transaction(TEST):
            opened = service.reopen(owner.id, about=About.REVIEW, actor=TEST)
        assert opened is not None
        application = applicants.handed_in(owner, opened, today=TODAY)
        assert queries.blockers_for_operators(application, tier=Tier.T1)[0] == "The step “selfie” is not done."

    def test_nothing_is_given_for_nothing(self, owner: Customer) -> None:
        given(owner, Tier.T1)
        assert not rules.done([])
        assert rules.asked(About.TIER, wanted=Tier.T3_PLUS, shown=rules.needs(Tier.T3)) == ()
        application = applicants.begin(owner, Tier.T2)
        with pytest.raises(errors.StepsMissing), transaction(owner.actor):
            service.submit(application.id, owner=owner.id, actor=owner.actor)
        with pytest.raises(DBAPIError, match="steps are not done"):
            by_hand(application, Tier.T2)


class TestOffice:
    def test_is_remembered_until_two_say_that_it_ended(self, owner: Customer) -> None:
        first = applicants.handed_in(owner, applicants.begin(owner, Tier.T1), today=TODAY, pep="yes")
        assert (first.pep, first.risk) == (True, "high")
        applicants.decided(first, Tier.T1)
        change = applicants.begin(owner, Tier.T1, about=About.ADDRESS)
        assert (change.pep, change.country, change.risk) == (True, "NG", "high")
        change, holder = applicants.handed_in(owner, change, today=TODAY, pep="no"), applicants.officer()
        assert (change.pep, change.risk) == (False, "low")
        with pytest.raises(errors.NeedsTwo), transaction(who := actor.operator(holder)):
            review.approve(change.id, tier=Tier.T1, operator_id=holder, actor=who)
        with pytest.raises(DBAPIError, match="two people approve"):
            by_hand(change, Tier.T1)
        leave()
        with transaction(who):
            review.let_go(change.id, operator_id=holder, actor=who)
        applicants.decided(change, Tier.T1)  # (by two)
        assert not past.holds_office(applicants.begin(owner, Tier.T2))


class TestTheNextReview:
    def test_is_not_put_off_by_a_change(self, owner: Customer) -> None:
        first = given(owner, Tier.T1)
        with clock.at(clock.now() + timedelta(hours=1)):
            change = applicants.submitted(owner, Tier.T1, about=About.ADDRESS, today=TODAY)
            change = applicants.decided(change, Tier.T1)
        assert change.review_due_at is None
        assert queries.one_for_operators(first.id).reviewed_at is None
        assert past.review_due_at(owner=owner.id) == first.review_due_at

    def test_comes_nearer_when_a_change_makes_it_grave(self, owner: Customer) -> None:
        first = given(owner, Tier.T1)
        change = applicants.handed_in(
            owner, applicants.begin(owner, Tier.T1, about=About.ADDRESS), today=TODAY, pep="yes"
        )
        change = applicants.decided(change, Tier.T1)
        assert first.review_due_at is not None
        assert change.review_due_at is not None
        assert change.review_due_at < first.review_due_at

    def test_of_a_business_is_of_the_business(self, owner: Customer) -> None:
        business = applicants.submitted(owner, Tier.T1, subject=Subject.BUSINESS, today=TODAY)
        assert not past.is_business(owner=owner.id)
        applicants.decided(business, Tier.T1)
        assert past.is_business(owner=owner.id)
        change = applicants.begin(owner, Tier.T1, about=About.ADDRESS)
        assert change.subject == Subject.BUSINESS
        with transaction(owner.actor):
            service.abandon(change.id, owner=owner.id, actor=owner.actor)
        with transaction(TEST):
            opened = service.reopen(owner.id, about=About.REVIEW, actor=TEST)
        assert opened is not None
        assert {"company", "people"} <= set(steps_of(opened))


class TestWhatWasSaid:
    def test_in_what_was_given_up_is_not_said(self, owner: Customer) -> None:
        application = applicants.begin(owner, Tier.T1)
        with transaction(owner.actor):
            profile = applicants.PROFILE | {"last_name": "Eze"}
            service.fill(application.id, Step.PROFILE, profile, owner=owner.id, actor=owner.actor)
        assert queries.latest_answers(Step.PROFILE, owner=owner.id)["last_name"] == "Eze"
        with transaction(owner.actor):
            service.abandon(application.id, owner=owner.id, actor=owner.actor)
        assert queries.latest_answers(Step.PROFILE, owner=owner.id) == {}
        assert looking.people_of(owner.id, business=True) == []
        assert queries.profile_for_operators(queries.one_for_operators(application.id))["last_name"] == "Eze"

    def test_in_what_was_handed_in_and_given_up_is_not_searched_for(self, owner: Customer) -> None:
        given(owner, Tier.T1)
        change = applicants.begin(owner, Tier.T1, about=About.NAME)
        applicants.handed_in(owner, change, today=TODAY, last_name="Eze")
        for state, names in ((State.SUBMITTED, ["Ada Eze"]), (State.ABANDONED, ["Ada Obi"])):
            if state is State.ABANDONED:
                with transaction(who := actor.operator(applicants.officer())):
                    again = {Step.PROFILE: ("partial", "")}
                    review.ask_again(change.id, again, operator_id=who.id, actor=who)
                with transaction(owner.actor):
                    service.abandon(change.id, owner=owner.id, actor=owner.actor)
            with transaction(TEST):
                looking.look_into(change.id, actor=TEST)
            assert [row.names for row in rows(SEARCHED, ref=f"customer:{owner.id}")] == [names]

    def test_and_approved_is_what_they_are_called(self, owner: Customer) -> None:
        given(owner, Tier.T1)
        change = applicants.handed_in(
            owner, applicants.begin(owner, Tier.T1, about=About.NAME), today=TODAY, last_name="Eze"
        )
        assert customers.one_for_operators(owner.id).name == "Ada Obi"
        applicants.decided(change, Tier.T1)
        leave()
        assert customers.one_for_operators(owner.id).name == "Ada Eze"


class TestRefusedForGood:
    def test_bars_until_two_lift_it(self, owner: Customer) -> None:
        application = applicants.refused(applicants.submitted(owner, Tier.T1, today=TODAY))
        with pytest.raises(errors.RefusedForGood):
            applicants.begin(owner, Tier.T1)
        with pytest.raises(DBAPIError, match="two people lift"), transaction(TEST):
            db.session.execute(LIFT, {"id": application.id})
        leave()
        with transaction(who := actor.operator(applicants.officer())):
            asked = decisions.propose_lift(application.id, reason="A mix-up.", operator_id=who.id, actor=who)
        with pytest.raises(errors.AskedAlready), transaction(who):
            decisions.propose_lift(application.id, reason="Again.", operator_id=who.id, actor=who)
        applicants.agreed(asked.id)
        assert applicants.begin(owner, Tier.T1).state == State.DRAFT
        with pytest.raises(errors.NotRefused), transaction(who):
            decisions.propose_lift(application.id, reason="Once more.", operator_id=who.id, actor=who)


class TestOutOfDate:
    def test_is_looked_at_when_it_is_handed_in_and_when_it_is_decided(self, owner: Customer) -> None:
        application, later = applicants.begin(owner, Tier.T2), clock.now() + timedelta(days=365 * 6)
        applicants.do(owner, application.id, [Step(each) for each in steps_of(application)], today=TODAY)
        with clock.at(later), pytest.raises(errors.Outdated, match="has expired"), transaction(owner.actor):
            service.submit(application.id, owner=owner.id, actor=owner.actor)
        with transaction(owner.actor):
            service.submit(application.id, owner=owner.id, actor=owner.actor)
        application = queries.one_for_operators(application.id)
        said = "The step “document” is out of date by now: ask for it again."
        assert said not in queries.blockers_for_operators(application, tier=Tier.T2)
        with clock.at(later):
            assert said in queries.blockers_for_operators(application, tier=Tier.T2)
            assert said not in queries.blockers_for_operators(application, tier=Tier.T1)


class TestEscalated:
    def test_is_not_approved_alone_by_who_escalated_it(self, owner: Customer) -> None:
        application, holder = applicants.submitted(owner, Tier.T1, today=TODAY), applicants.officer()
        applicants.answer_all(application, holder)
        with transaction(who := actor.operator(holder)):
            review.escalate(application.id, reason="It is strange.", operator_id=holder, actor=who)
        with pytest.raises(errors.NeedsTwo), transaction(who):
            review.approve(application.id, tier=Tier.T1, operator_id=holder, actor=who)
        with pytest.raises(DBAPIError, match="two people approve"):
            by_hand(application, Tier.T1, by=holder)
        leave()
        with transaction(other := actor.operator(applicants.senior())):
            review.approve(application.id, tier=Tier.T1, operator_id=other.id, actor=other)
        assert customers.tier(owner=owner.id) is Tier.T1


class TestLowering:
    def test_is_an_act_of_its_own_with_a_reason(self, owner: Customer) -> None:
        given(owner, Tier.T2)
        with transaction(TEST):
            opened = service.reopen(owner.id, about=About.REVIEW, actor=TEST)
        assert opened is not None
        application, holder = applicants.handed_in(owner, opened, today=TODAY), applicants.officer()
        applicants.answer_all(application, holder)
        with pytest.raises(errors.Lowers), transaction(who := actor.operator(holder)):
            review.approve(application.id, tier=Tier.T1, operator_id=holder, actor=who)
        for tier, reason, refusal in ((Tier.T1, " ", errors.ReasonMissing), (Tier.T2, "x", errors.NothingToGain)):
            with pytest.raises(refusal), transaction(who):
                review.lower(application.id, tier=tier, reason=reason, operator_id=holder, actor=who)
        with transaction(who):
            review.lower(application.id, tier=Tier.T1, reason="The document is void.", operator_id=holder, actor=who)
        assert customers.tier(owner=owner.id) is Tier.T1
        assert queries.notes_for_operators(application.id)[0].words == "The document is void."
        assert steps_of(applicants.begin(owner, Tier.T2)) == ["bank", "document"]

    @pytest.mark.parametrize(("tier", "says"), [("t3", "Give Ada tier T3"), ("t1", "Lower Ada to tier T1")])
    def test_is_called_so_where_it_takes_two(self, tier: str, says: str) -> None:
        assert decisions.APPROVAL.summary({"name": "Ada", "has": "t2", "tier": tier}) == says


@pytest.mark.parametrize(
    ("tier", "shown", "lacks"),
    [
        (Tier.T1, {"contact", "profile", "nin", "selfie"}, []),
        (Tier.T1, {"contact", "profile", "bvn"}, ["selfie"]),
        (Tier.T2, {"contact", "profile", "nin", "selfie", "bank", "document"}, ["bvn"]),
    ],
)
def test_for_the_first_tier_either_number_does(tier: Tier, shown: set[str], lacks: list[str]) -> None:
    assert list(rules.missing(tier, shown=shown)) == lacks

"""The way to a tier of a business: the company, and the people behind it."""

from flask.testing import FlaskClient

from app.applications import queries
from app.applications.rules import Step, StepState
from app.core import actor
from app.core.db import leave, transaction
from app.customers.rules import Tier
from app.identification import queries as identification
from app.identification import service as numbers
from tests.makers import applicants, pictures
from tests.makers.people import Customer
from tests.web.portal.conftest import begin, send, state_of, token_of_page

OFFICER = actor.system("test")


def company_check(owner: Customer) -> str:
    """The look-up by which the company that they named was checked."""
    leave()
    application = queries.open_one(owner=owner.id)
    assert application is not None
    return str(queries.step(application.id, Step.COMPANY, owner=owner.id).answers.get("check", ""))


class TestBusiness:
    def test_people_come_and_go_without_a_script(self, visitor: FlaskClient, owner: Customer) -> None:
        begin(visitor, Tier.T3_PLUS, subject="business")
        person = {"name_0": "Ada Obi", "role_0": "director", "born_0": "1990-05-17", "share_0": "60"}
        more = send(visitor, "/verification/people", **person, add="1")
        assert more.status_code == 200
        assert 'name="name_1"' in more.text
        assert 'value="Ada Obi"' in more.text
        second = {"name_1": "Bola Eze", "role_1": "owner", "born_1": "", "share_1": "4"}
        wrong = send(visitor, "/verification/people", **person, **second)
        assert (wrong.status_code, "An owner has more than 5 %" in wrong.text) == (422, True)
        assert 'value="Bola Eze"' in wrong.text
        fewer = send(visitor, "/verification/people", **person, **second, remove="1")
        assert "Bola Eze" not in fewer.text
        assert state_of(owner, Step.PEOPLE) == StepState.OPEN
        assert send(visitor, "/verification/people", **person).status_code == 303
        assert state_of(owner, Step.PEOPLE) == StepState.DONE
        assert 'value="60"' in visitor.get("/verification/people").text

    def test_a_board_of_twenty(self, visitor: FlaskClient, owner: Customer) -> None:
        begin(visitor, Tier.T3_PLUS, subject="business")
        board = {f"name_{place}": f"Member {place}" for place in range(20)}
        board |= {f"role_{place}": "director" for place in range(20)}
        board |= {f"born_{place}": "1970-01-01" for place in range(20)}
        assert send(visitor, "/verification/people", **board).status_code == 303
        assert state_of(owner, Step.PEOPLE) == StepState.DONE

    def test_a_row_more_comes_as_a_part_of_the_page(self, visitor: FlaskClient) -> None:
        begin(visitor, Tier.T3_PLUS, subject="business")
        data = {**token_of_page(visitor), "add": "1", "name_0": "Ada"}
        part = visitor.post("/verification/people", data=data, headers={"HX-Request": "true"}).text
        assert part.lstrip().startswith('<div id="people">')

    def test_the_number_of_the_company_is_looked_up_once(self, visitor: FlaskClient, owner: Customer) -> None:
        begin(visitor, Tier.T3_PLUS, subject="business")
        fields = applicants.GIVEN[Step.COMPANY]
        files = {"certificate": (pictures.png("CAC"), "cac.png")}
        for _ in range(2):
            assert send(visitor, "/verification/company", **fields, files=files).status_code == 303
        (check,) = identification.of_customer(owner=owner.id)
        assert (check.kind, check.subject) == ("company", "company")
        assert company_check(owner) == check.id

    def test_that_number_is_asked_about_again_while_there_is_no_answer(
        self, visitor: FlaskClient, owner: Customer
    ) -> None:
        begin(visitor, Tier.T3_PLUS, subject="business")
        fields = applicants.GIVEN[Step.COMPANY]
        send(visitor, "/verification/company", **fields, files={"certificate": (pictures.png("CAC"), "cac.png")})
        first = company_check(owner)
        with transaction(OFFICER):
            attempt = numbers.begin_attempt(first)
            assert attempt is not None
            numbers.give_up(attempt, reason="nobody answered", actor=OFFICER)
        leave()
        assert send(visitor, "/verification/company", **fields).status_code == 303
        assert company_check(owner) not in {"", first}
        assert send(visitor, "/verification/company/again", at="/verification/company").status_code == 303

    def test_a_person_does_not_get_it_alone(self, visitor: FlaskClient, owner: Customer) -> None:
        send(visitor, "/verification", tier="t3_plus", subject="person")
        send(visitor, "/verification", tier="t2", subject="business")
        assert queries.open_one(owner=owner.id) is None

"""Answers of a step: cleaned, or a sentence for each field."""

from datetime import date

import pytest

from app.applications import answers
from app.applications.errors import BadAnswers
from app.applications.reasons import REFUSALS
from app.applications.rules import Step
from tests.makers.applicants import GIVEN, PROFILE

TODAY = date(2026, 11, 21)


def faults(step: Step, **changed: str) -> dict[str, str]:
    with pytest.raises(BadAnswers) as refusal:
        answers.clean(step, GIVEN[step] | changed, today=TODAY)
    found: dict[str, str] = refusal.value.facts["fields"]
    return found


def test_a_profile_is_cleaned() -> None:
    cleaned = answers.clean(Step.PROFILE, PROFILE | {"first_name": "  Ada  Mary ", "country": "ng"}, today=TODAY)
    assert (cleaned["first_name"], cleaned["country"]) == ("Ada Mary", "NG")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("first_name", ""),
        ("last_name", " "),
        ("born", "2008-11-22"),  # eighteen tomorrow
        ("born", "31/12/1990"),
        ("born", "1850-01-01"),
        ("country", "Nigeria"),
        ("street", "x" * 121),
        ("city", "La\x00gos"),
        ("pep", "maybe"),
    ],
)
def test_a_profile_says_which_field_is_wrong(field: str, value: str) -> None:
    assert list(faults(Step.PROFILE, **{field: value})) == [field]


def test_eighteen_today_is_old_enough() -> None:
    assert answers.clean(Step.PROFILE, PROFILE | {"born": "2008-11-21"}, today=TODAY)["born"] == "2008-11-21"


@pytest.mark.parametrize(("issued", "fits"), [("2026-08-21", True), ("2026-08-20", False), ("2026-11-22", False)])
def test_a_proof_of_address_is_from_the_last_three_months(issued: str, *, fits: bool) -> None:
    given = GIVEN[Step.ADDRESS] | {"issued_on": issued}
    if fits:
        assert answers.clean(Step.ADDRESS, given, today=TODAY)["issued_on"] == issued
    else:
        assert list(faults(Step.ADDRESS, issued_on=issued)) == ["issued_on"]


@pytest.mark.parametrize(
    ("step", "name", "day", "old"),
    [
        (Step.ADDRESS, "issued_on", "2026-08-21", False),
        (Step.ADDRESS, "issued_on", "2026-08-20", True),
        (Step.DOCUMENT, "expires_on", "2026-11-21", False),
        (Step.DOCUMENT, "expires_on", "2026-11-20", True),
        (Step.DOCUMENT, "expires_on", "", False),
        (Step.COMPANY, "registered_on", "2015-03-02", False),
    ],
)
def test_what_was_in_order_can_be_out_of_date_later(step: Step, name: str, day: str, *, old: bool) -> None:
    assert bool(answers.outdated(step, {name: day}, today=TODAY)) is old


def test_an_expired_document_is_named() -> None:
    assert list(faults(Step.DOCUMENT, expires_on="2026-11-20")) == ["expires_on"]


@pytest.mark.parametrize(("typed", "bps"), [("12.5", 1250), ("12.05", 1205), ("100", 10_000), ("", 0)])
def test_a_share_is_basis_points(typed: str, bps: int) -> None:
    cleaned = answers.clean(Step.PEOPLE, GIVEN[Step.PEOPLE] | {"share_0": typed}, today=TODAY)
    assert cleaned["people"][0]["share_bps"] == bps


def test_who_runs_a_business_is_named() -> None:
    assert "people" in faults(Step.PEOPLE, role_0="owner")
    assert "people" in faults(Step.PEOPLE, name_1="B", role_1="owner", born_1="1980-01-01", share_1="5")
    assert "people" in faults(Step.PEOPLE, name_1="B", role_1="owner", born_1="1980-01-01", share_1="50")


def test_a_companys_number_has_plain_digits() -> None:
    assert faults(Step.COMPANY, number="RC١٢٣٤٥٦")  # (Arabic ones look like none in a register)


def test_a_list_gives_itself_away_in_no_refusal() -> None:
    told = [REFUSALS[code] for code in ("listed", "forged", "impostor", "cannot_verify")]
    assert len({(one.customer, one.support) for one in told}) == 1

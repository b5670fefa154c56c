"""What decides by itself: numbers, dates, verdicts. No database."""

from datetime import date, timedelta
from itertools import pairwise

import pytest

from app.identification import rules
from app.identification.rules import Dates, Given, Kind, Verdict

BORN = date(1990, 4, 11)


@pytest.mark.parametrize(
    ("kind", "typed", "plain"),
    [
        (Kind.BVN, "22212345678", "22212345678"),
        (Kind.BVN, " 2221 234 5678 ", "22212345678"),
        (Kind.NIN, "222-1234-5678", "22212345678"),
        (Kind.BVN, "2221234567", None),
        (Kind.BVN, "222123456789", None),
        (Kind.NIN, "٢٢٢١٢٣٤٥٦٧٨", None),  # digits, and not these
        (Kind.NIN, "2221234567a", None),
        (Kind.BANK_ACCOUNT, "0123456789", "0123456789"),
        (Kind.BANK_ACCOUNT, "01234567890", None),
        (Kind.COMPANY, "rc 123456", "RC123456"),
        (Kind.COMPANY, "123456", "RC123456"),
        (Kind.COMPANY, "BN-2233445", "BN2233445"),
        (Kind.COMPANY, "XX123456", None),
        (Kind.COMPANY, "", None),
    ],
)
def test_a_number_has_one_spelling_or_is_none(kind: Kind, typed: str, plain: str | None) -> None:
    assert rules.canonical(kind, typed) == plain


@pytest.mark.parametrize(
    ("found", "how"),
    [
        (BORN, Dates.SAME),
        (date(1990, 11, 4), Dates.SWAPPED),
        (date(1991, 4, 11), Dates.NEAR),
        (date(1990, 4, 12), Dates.NEAR),
        (date(1991, 4, 12), Dates.DIFFERENT),
        (date(1991, 11, 4), Dates.DIFFERENT),
        (None, Dates.UNKNOWN),
    ],
)
def test_birth_dates(found: date | None, how: Dates) -> None:
    assert rules.compare_dates(BORN, found) is how


@pytest.mark.parametrize(
    ("kind", "name", "born", "verdict"),
    [
        (Kind.BVN, "OBI ADA", BORN, Verdict.MATCH),
        (Kind.BVN, "OBI ADA NGOZI", BORN, Verdict.MATCH),
        (Kind.BVN, "OBI ADA", date(1990, 11, 4), Verdict.REVIEW),
        (Kind.BVN, "OBI ADA", date(1990, 4, 12), Verdict.REVIEW),
        (Kind.NIN, "OBI ADA", None, Verdict.REVIEW),
        (Kind.NIN, "OBI ADA", date(1971, 1, 1), Verdict.MISMATCH),
        (Kind.NIN, "ADA", BORN, Verdict.REVIEW),
        (Kind.NIN, "CHINEDU OKONKWO", BORN, Verdict.MISMATCH),
        (Kind.BVN, "", BORN, Verdict.MISMATCH),
        (Kind.BANK_ACCOUNT, "OBI ADA", None, Verdict.MATCH),
        (Kind.BANK_ACCOUNT, "OKONKWO CHINEDU", None, Verdict.MISMATCH),
    ],
)
def test_a_name_alone_does_not_pass_where_a_birth_date_is_known(
    kind: Kind, name: str, born: date | None, verdict: Verdict
) -> None:
    judged = rules.judge(kind, Given("Ada Obi", birth_date=BORN), found_name=name, found_birth_date=born)
    assert judged.verdict is verdict, judged


@pytest.mark.parametrize(
    ("given", "found", "verdict"),
    [
        ("Obi & Daughters Ltd", "OBI AND DAUGHTERS LIMITED", Verdict.MATCH),
        ("Zuma Foods Ltd.", "ZUMA FOODS PLC", Verdict.MATCH),
        ("Zuma Ltd", "ZUMA LIMITED", Verdict.MATCH),
        ("Zuma Foods Ltd", "KANO TEXTILES LTD", Verdict.MISMATCH),
        ("Ltd", "LIMITED", Verdict.MISMATCH),
    ],
)
def test_a_companys_legal_form_says_nothing(given: str, found: str, verdict: Verdict) -> None:
    judged = rules.judge(Kind.COMPANY, Given(given), found_name=found, found_birth_date=None)
    assert judged.verdict is verdict, judged


def test_a_birth_date_that_was_not_given_is_no_agreement() -> None:
    judged = rules.judge(Kind.BVN, Given("Ada Obi"), found_name="ADA OBI", found_birth_date=BORN)
    assert judged.verdict is Verdict.REVIEW


def test_what_was_given_survives_json() -> None:
    for one in (Given("Ada Obi"), Given("Ada Obi", BORN, "057", "22212345678", "ada@test.example")):
        assert Given.of(one.facts()) == one


@pytest.mark.parametrize(
    ("given", "whole"),
    [
        (Given("Ada Obi", None, "057", "22212345678", "a@b.c"), True),
        (Given("Ada", None, "057", "22212345678", "a@b.c"), False),
        (Given("Ada Obi", None, "", "22212345678", "a@b.c"), False),
        (Given("Ada Obi", None, "057", "2221234567", "a@b.c"), False),
        (Given("Ada Obi", None, "057", "22212345678"), False),
    ],
)
def test_paystack_needs_all_of_it(given: Given, whole: object) -> None:
    assert rules.bank_proof_is_whole(given) is whole


def test_a_number_is_starred_as_in_the_vendors_events() -> None:
    assert rules.starred("12345678456") == "123*****456"
    assert rules.starred("0123456789") == "012****789"


def test_pauses_grow_and_end() -> None:
    pauses = [rules.pause_after(attempt) for attempt in range(1, rules.ATTEMPTS_MAX + 1)]
    assert pauses[-1] is None
    assert all(isinstance(pause, timedelta) for pause in pauses[:-1])
    assert all(one < two for one, two in pairwise(rules.PAUSES))


def test_every_verdict_is_said_in_plain_words() -> None:
    assert set(rules.SAID) == set(Verdict)
    assert not any("customer" in said.lower() or "another" in said.lower() for said in rules.SAID.values())

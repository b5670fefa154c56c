"""Names in one spelling, and nothing that only looks like one."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.identity.rules import NAME_LENGTH_MAX, clean_name


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Ada Obi", "Ada Obi"),
        ("  Ada \t Obi\n", "Ada Obi"),
        ("Ada\u00a0Obi", "Ada Obi"),  # a no-break space is a space
        ("Adé Ọlá", "Adé Ọlá"),
        ("Ade\u0301 O\u0323la\u0301", "Adé Ọlá"),
        ("Ngozi Okonjo-Iweala", "Ngozi Okonjo-Iweala"),
        ("O'Neil N.", "O'Neil N."),
        ("王 小明", "王 小明"),
        ("A B", "A B"),
        (f"{'a' * 49} {'b' * 50}", f"{'a' * 49} {'b' * 50}"),
    ],
)
def test_a_name_is_kept_in_one_spelling(written: str, name: str) -> None:
    assert clean_name(written) == name


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "Ada",
        " Ada ",
        "A 1",
        "1 2",
        ". .",
        f"{'a' * 50} {'b' * 50}",
        "Ada \u202eibO",  # right to left from here on
        "Ada\u200b Obi",  # a space of no width
        "Ada Obi\u0000",
        "Ada \u0007Obi",
        "Ada Obi\ue000",
        "Ada Obi\ufeff",
    ],
    ids=ascii,
)
def test_what_cannot_be_a_full_name_is_refused(written: str) -> None:
    assert clean_name(written) is None


@given(st.text(max_size=120))
def test_a_clean_name_is_clean_and_stays_as_it_is(text: str) -> None:
    name = clean_name(text)
    if name is not None:
        assert clean_name(name) == name
        assert unicodedata.is_normalized("NFC", name)
        assert len(name) <= NAME_LENGTH_MAX
        assert name == name.strip()

"""Sixty pairs of names, and whether they may be one person's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.identification import names
from app.identification.names import Pair

PAIRS = [
    # order, case, marks, titles, punctuation
    ("Ada Obi", "Ada Obi", "match"),
    ("Ada Obi", "OBI ADA", "match"),
    ("Ada Obi", "obi, ada", "match"),
    ("Olúfẹ́mi Adéwálé", "OLUFEMI ADEWALE", "match"),
    ("José García", "Jose Garcia", "match"),
    ("Jürgen Müller", "Jurgen Muller", "match"),
    ("Łukasz Nowak", "Lukasz Nowak", "match"),
    ("Alhaji Sani Abacha", "Sani Abacha", "match"),
    ("Dr. Mrs. Ngozi Eze", "Ngozi Eze", "match"),
    ("Chief Peter Okon Jr.", "Okon Peter", "match"),
    ("O'Brien Kate", "Kate OBrien", "match"),
    ("D’Souza Ana", "Ana DSouza", "match"),
    ("Kim Jong-un", "Kim Jong Un", "match"),
    # middle names, initials, short forms
    ("Ada Obi", "Ada Ngozi Obi", "match"),
    ("Ada Ngozi Obi", "Ada Obi", "match"),
    ("Grace Uche", "Uche Grace Ifeoma", "match"),
    ("Joaquin Guzman Loera", "Joaquín Archivaldo Guzmán Loera", "match"),
    ("Ada N. Obi", "Ada Ngozi Obi", "match"),
    ("A. Obi", "Ada Obi", "review"),
    ("A Obi", "OBI AMAKA", "review"),
    ("A. N. Obi", "Ada Ngozi Obi", "review"),
    ("Femi Adewale", "Olufemi Adewale", "match"),
    ("Tunde Bakare", "Babatunde Bakare", "match"),
    ("Emeka Ojukwu", "Chukwuemeka Ojukwu", "match"),
    ("Emeka Ojukwu", "Chukwuemeka Odumegwu Ojukwu", "match"),
    # spelling and transliteration
    ("Mohammed Bello", "Muhammad Belo", "match"),
    ("Mohamed Sani", "Muhammed Sanni", "match"),
    ("Ibrahim Musa", "Ebrahim Moussa", "match"),
    ("John Smith", "Jon Smyth", "match"),
    ("Philip Oke", "Filip Oke", "match"),
    ("Khalid Sheikh", "Halid Sheik", "match"),
    ("Aliko Dangote", "Aliko Dangotte", "match"),
    ("Yusuf Lawal", "Yousouf Lawal", "match"),
    ("Osama bin Laden", "Usama Bin Ladin", "match"),
    ("Vladimir Putin", "Владимир Путин", "match"),
    ("Adebayo Okechukwu", "Адебайо Окечукву", "match"),
    ("Muhammad Yusuf", "محمد يوسف", "match"),
    ("Zhang Wei", "张伟", "match"),
    ("Ɓello Ɗanjuma", "Bello Danjuma", "match"),
    # written as one and as two
    ("Abdul Rahman Musa", "Abdulrahman Musa", "match"),
    ("Abdul-Rahman Musa", "Musa Abdulrahman", "match"),
    ("Ahmed Al Bashir", "Ahmed Albashir", "match"),
    ("Oluwa Seun Ade", "Oluwaseun Ade", "match"),
    # for people to decide
    ("Ada", "Ada Obi", "review"),
    ("Grace Uche Eze", "Grace Amaka Eze", "review"),
    ("Viktor Bout", "Victor Anatolyevich Bout", "review"),
    ("Usama bin Muhammad bin Awad bin Ladin", "Osama bin Laden", "review"),
    ("Mary Amaka Okafor", "Mary Okafor Nwosu", "review"),
    ("Christopher Eze", "Christopher Okoro", "review"),
    ("Femi Kuti", "Fela Kuti", "review"),
    # somebody else
    ("Ada Obi", "Ada Okafor", "differs"),
    ("James Okon", "Jane Okon", "differs"),
    ("Peter Obi", "Pius Obi", "differs"),
    ("Blessing Okoro", "Patience Okoro", "differs"),
    ("Musa Ali", "Moses Ali", "differs"),
    ("Ngozi Eze", "Ngozi Ezekwesili", "differs"),
    ("Sani Abacha", "Sani Danladi", "differs"),
    ("Ada Obi", "Chinedu Okonkwo", "differs"),
    ("Femi Kuti", "Fela Anikulapo", "differs"),
    ("Li Na", "Wang Wei", "differs"),
    ("محمد يوسف", "Ada Obi", "differs"),
    ("Путин Владимир", "Иван Иванов", "differs"),
    ("", "Ada Obi", "differs"),
]


@pytest.mark.parametrize(("one", "other", "verdict"), PAIRS)
def test_two_names(one: str, other: str, verdict: str) -> None:
    found = names.compare(one, other)
    assert found.verdict == verdict, found
    assert names.compare(other, one).score == found.score


def test_there_are_sixty() -> None:
    assert len(set(PAIRS)) >= 60


def test_what_led_to_it_is_said() -> None:
    assert names.compare("Femi A. Bello", "OLUFEMI BELLO").pairs == (
        Pair("bello", "bello", 100, names.SAME),
        Pair("femi", "olufemi", 85, names.SHORT),
        Pair("a", "", 0, names.ALONE),
    )


NAME = st.lists(
    st.sampled_from(["ada", "obi", "eze", "bello", "musa", "ibrahim", "olufemi", "femi", "a", "ngozi"]), max_size=5
)


@given(NAME, NAME)
def test_order_and_sides_do_not_matter(one: list[str], other: list[str]) -> None:
    score = names.compare(" ".join(one), " ".join(other)).score
    assert 0 <= score <= 100
    assert names.compare(" ".join(other), " ".join(reversed(one))).score == score
    assert names.compare(" ".join(one), " ".join(one)).score == (100 if one else 0)

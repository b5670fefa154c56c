"""Pairs of somebody of ours and somebody listed, through `screen` itself: a strong hit, one to look at, or none.

One list holds them all. What a pair expects is said of its own entry; whether others are hit is not its concern.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from app.core.db import leave
from app.screening import queries
from app.screening.rules import Kind
from tests.makers import listed, people
from tests.makers.listed import AList, Listed

STRONG, LOOK, NONE = "strong", "look", "none"
# (ours, our birth date, listed, listed birth dates, aliases, verdict)
PAIRS = [
    # the same, in another order, with marks, titles and case
    ("Adaobi Okonkwo", "", "OKONKWO, Adaobi", "", "", LOOK),
    ("Adaobi Okonkwo", "1980-02-01", "Okonkwo Adaobi", "1980-02-01", "", STRONG),
    ("Olúfẹ́mi Adéwálé", "", "OLUFEMI ADEWALE", "", "", LOOK),
    ("Alhaji Sani Dangana", "", "Dangana Sani", "", "", LOOK),
    ("Chief Dr. Peter Okoro", "", "Peter Okoro", "", "", LOOK),
    ("Kate O'Brannigan", "", "OBRANNIGAN Kate", "", "", LOOK),
    ("Łukasz Nowakowski", "", "Lukasz Nowakowski", "", "", LOOK),
    ("Jürgen Mühlhauser", "", "Jurgen Muhlhauser", "", "", LOOK),
    # spelling
    ("Mohammed Belloson", "", "Muhammad Beloson", "", "", LOOK),
    ("Ibrahim Moussafir", "", "Ebrahim Musafir", "", "", LOOK),
    ("Yusuf Lawalinde", "", "Yousouf Lawalinde", "", "", LOOK),
    ("Khalid Sheikhani", "", "Halid Sheikani", "", "", LOOK),
    ("Philip Okehampton", "", "Filip Okehampton", "", "", LOOK),
    ("Jon Smythington", "", "John Smithington", "", "", LOOK),
    ("Aliko Dangotovich", "", "Aliko Dangottovitch", "", "", LOOK),
    ("Osama bin Laddenham", "", "Usama Bin Ladenham", "", "", LOOK),
    ("Catherine Abelard", "", "Katherine Abelard", "", "", LOOK),
    ("Stephen Ogbemudia", "", "Stephan Ogbemudia", "", "", LOOK),
    # scripts
    ("Vladimir Pugachenko", "", "Владимир Пугаченко", "", "", LOOK),
    ("Muhammad Yusufzai", "", "محمد يوسفزاي", "", "", LOOK),
    ("Adebayo Okechukwu", "", "Адебайо Окечукву", "", "", LOOK),
    ("Zhang Weiming", "", "Weiming Zhang", "", "", LOOK),
    # written as one and as two
    ("Abdul Rahman Musani", "", "Abdulrahman Musani", "", "", LOOK),
    ("Ahmed Al Bashiri", "", "Ahmed Albashiri", "", "", LOOK),
    ("Oluwa Seun Adesokan", "", "Oluwaseun Adesokan", "", "", LOOK),
    # short forms, middle names, initials
    ("Femi Adewumi", "", "Olufemi Adewumi", "", "", LOOK),
    ("Tunde Bakarenko", "", "Babatunde Bakarenko", "", "", LOOK),
    ("Emeka Ojukwulobe", "", "Chukwuemeka Ojukwulobe", "", "", LOOK),
    ("Grace Uchechi", "", "Uchechi Grace Ifeoma", "", "", LOOK),
    ("Joaquin Guzmanera", "", "Joaquín Archivaldo Guzmanera", "", "", LOOK),
    ("A. Obiageli", "", "Adanna Obiageli", "", "", LOOK),
    # aliases
    ("Baby Facewell", "", "Hezekiah Turnbuckle", "", "Baby Facewell", LOOK),
    ("Eben Quilfeather", "1961-04-12", "Zebulon Ramshackle", "1961-04-12", "Sam Nobody;Eben Quillfeather", STRONG),
    ("Abu Sayyafani", "", "Tobias Merriweather", "", "Sayyafani Abu", LOOK),
    # birth dates that agree, agree in part, differ
    ("Musa Garbadinho", "1975-06-30", "Musa Garbadinho", "1975-06-30", "", STRONG),
    ("Musa Kolapowski", "1975-06-30", "Musa Kolapowski", "1975", "", LOOK),
    ("Musa Lekandoro", "1975-06-30", "Musa Lekandoro", "1975-06", "", LOOK),
    ("Musa Nnamdiano", "1975", "Musa Nnamdiano", "1975-06-30", "", LOOK),
    ("Musa Pategiwala", "1975-06-30", "Musa Pategiwala", "1970-01-01", "", LOOK),
    ("Musa Rimigado", "1975-06-30", "Musa Rimigado", "1950-01-01;1975-06-30", "", STRONG),
    ("Musa Sokotovic", "1975-06-07", "Musa Sokotovic", "1975-07-06", "", LOOK),
    ("Musa Tarabaldi", "1975-06-30", "Musa Tarabaldi", "1976-06-30", "", LOOK),
    ("Mohammed Wukaridge", "1975-06-30", "Muhamad Wokaridge", "1950", "", NONE),
    ("Musa Yobemann", "1975-06-30", "Musa Yobemann", "1950-01-01", "", LOOK),
    ("Mohammed Intervallo", "1955-06-30", "Muhamad Intervalo", "1950/1960", "", LOOK),
    ("Mohammed Betwinson", "1975-06-30", "Muhamad Betvinson", "1950/1960", "", NONE),
    ("Joseph Chinedu Konyaro", "1961-07-24", "KONYARO, Joseph Rao", "1961-07-24", "", LOOK),
    ("Joseph Chukwuemeka Konyelu", "1961-07-24", "KONYELU, Joseph Archivaldo", "1961-07-24", "", LOOK),
    ("Joseph Chinedu Konywale", "1961-07-24", "KONYWALE, Joseph Rao", "1971-01-01", "", NONE),
    ("Mohammed Zamfaresku", "1975-06-30", "Muhammad Zamfaresko", "1975-06-30", "", STRONG),
    # others
    ("Ngozi Akpabiosa", "", "Chinedu Akpabiosa", "", "", NONE),
    ("Amina Lawansky", "", "Amina Sulemansky", "", "", NONE),
    ("Tunde Fasholana", "", "Bola Tinubulana", "", "", NONE),
    ("Grace Eze Okafornia", "", "Samuel Danjumania", "", "", NONE),
    ("Peter Obinnason", "", "Peter", "", "", NONE),
    ("Ahmed Musadique", "", "Ahmed", "", "", NONE),
    ("Sani Abachavili", "", "Mariam Abachavili Sanogo", "", "", NONE),
    ("John Akinfenwari", "", "Mary Johnson", "", "", NONE),
    ("Ada Ubani Ekwuemenon", "", "Ubani Chima Nwosunon", "", "", NONE),
    ("Blessing Okagbareth", "1990-01-01", "Patience Jonathaneth", "1990-01-01", "", NONE),
    ("Ifeanyi Ubahdoor", "", "Ubahdoor Ifeanyichukwu", "", "", LOOK),
    ("Halima Dangotinho", "", "Aliko Dangotinho", "", "", NONE),
    ("Kabiru Tanimukas", "", "Kabir Tanimucas", "", "", LOOK),
    ("Suleiman Oladokunle", "", "Solomon Oladokunle", "", "", LOOK),
    ("Vera Nobleheartley", "", "Вера Ноблхартли", "", "", LOOK),
]


@pytest.fixture(scope="module")
def every(app: Flask, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AList]:
    """One list with everybody of the table."""
    with app.app_context():
        made = AList(tmp_path_factory.mktemp("pairs"))
        made.load(*(
            Listed(f"p{place}", name, aliases, births)
            for place, (_, _, name, births, aliases, _) in enumerate(PAIRS)
        ))  # fmt: skip
        leave()
        yield made


@pytest.mark.parametrize("place", range(len(PAIRS)), ids=lambda place: f"{PAIRS[place][0]} / {PAIRS[place][2]}")
def test_a_pair(inside: Flask, every: AList, place: int) -> None:
    ours, born, _, _, _, expected = PAIRS[place]
    outcome = listed.screened(listed.subject(ours, people.customer(), born=born))
    leave()
    of_this = [
        found.hit
        for found in map(queries.hit_for_operators, outcome.hits)
        if (found.entry.list_code, found.entry.entry_ref) == (every.code, f"p{place}")
    ]
    assert (STRONG if of_this[0].strong else LOOK) == expected if of_this else expected == NONE


@pytest.mark.parametrize(
    ("ours", "theirs", "schema", "found"),
    [
        ("Moonbeam Biscuits Limited", "Moonbeam Biscuits Ltd.", "Company", True),
        ("Globex Nigeria Ltd", "GLOBEX", "Organization", True),
        ("Lantern Ventures", "Lantern Wharf", "Company", False),
        ("Paper Lantern Trading", "Paper Lantern Trading", "Vessel", False),
        ("Paper Moonstone Trading", "Paper Moonstone Trading", "LegalEntity", True),
        ("Paper Sunstone Trading", "Paper Sunstone Trading", "Person", False),
    ],
)
def test_an_organisation(inside: Flask, tmp_path: Path, ours: str, theirs: str, schema: str, *, found: bool) -> None:
    AList(tmp_path).load(Listed("o1", theirs, schema=schema))
    outcome = listed.screened(listed.subject(ours, people.customer(), kind=Kind.ORGANISATION))
    assert bool(outcome.hits) is found

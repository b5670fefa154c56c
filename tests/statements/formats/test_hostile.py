"""Whatever happens to a file, it is read whole or refused with the place: never another error, never a part of it."""

import random

import pytest

from app.statements.formats import registry
from app.statements.formats.errors import Unreadable
from app.statements.formats.lines import EXACT, Line
from tests.makers import lists
from tests.makers.statements import BITSTAMP, BOMB, MUTATIONS, SOUND

EACH = 50
LISTS = {
    "luno-wallet": lists.listed_file(lists.as_luno_lists(lists.rows_of(SOUND["luno-wallet"][0]))),
    "bitstamp-transactions": lists.listed_file(lists.as_bitstamp_lists(lists.rows_of(BITSTAMP))),
}


def says_where(refused: Unreadable) -> bool:
    """Whether the refusal names row and column, in words and as facts. Row 0 is the file as a whole."""
    place = (refused.row, refused.column)
    said = f"Row {refused.row}, {refused.column}: " if refused.row else refused.column[1:]
    return said in refused.message and place == (refused.facts["row"], refused.facts["column"]) and bool(refused.column)


def outcome(name: str, body: bytes) -> str:
    """What became of the body; fails on anything but the two ends that there are."""
    settings = SOUND[name][1]
    try:
        told = registry.parse(name, body, settings)  # a refusal looks for what the file is instead
    except Unreadable as refused:
        return "refused" if says_where(refused) else f"refused without a place: {refused}"
    assert told.whole
    assert name in {each.name for each in registry.recognised(body)}
    for each in told.statements:
        assert each.ties is not None or each.difference is None
        assert all(isinstance(line, Line) and line.delta.is_finite() for line in each.lines)
        assert each.moved == EXACT.add(each.moved, 0)
    return "read"


@pytest.mark.parametrize("name", SOUND)
def test_fifty_mutations(name: str) -> None:
    chance = random.Random(f"statements {name}")  # noqa: S311 a seed, not a secret
    ends = {outcome(name, chance.choice(MUTATIONS)(SOUND[name][0], chance)) for _ in range(EACH - 1)}
    ends.add(outcome(name, BOMB(SOUND[name][0], chance)))
    assert ends == {"refused", "read"}


@pytest.mark.parametrize("name", LISTS)
def test_fifty_mutations_of_a_list(name: str) -> None:
    chance = random.Random(f"lists {name}")  # noqa: S311 a seed, not a secret
    assert {outcome(name, chance.choice(MUTATIONS)(LISTS[name], chance)) for _ in range(EACH)} == {"refused", "read"}


@pytest.mark.parametrize("name", ["kraken-ledgers", "mt940", "camt053", "paystack-balance"])
def test_each_mutation_by_itself(name: str) -> None:
    chance = random.Random(f"each {name}")  # noqa: S311 a seed, not a secret
    for mutation in MUTATIONS:
        for _ in range(2):
            assert outcome(name, mutation(SOUND[name][0], chance)) in {"read", "refused"}

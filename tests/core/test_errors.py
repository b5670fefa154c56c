"""The tree of refusals that the docstring draws is the tree there is."""

import inspect
import re

import pytest

from app.core import errors
from app.core.errors import NotFound, Refusal

ROW = re.compile(r"^    (?P<indent>[│├└─ ]*)(?P<name>[A-Z]\w+) +(?P<status>\d{3})( |$)")
OWN = {
    name: kind
    for name, kind in vars(errors).items()
    if inspect.isclass(kind) and issubclass(kind, Refusal) and kind.__module__ == errors.__name__
}


def drawn() -> dict[str, tuple[str, int]]:
    """The drawing as name → (parent, status)."""
    found: dict[str, tuple[str, int]] = {}
    path: list[str] = []
    for row in filter(None, map(ROW.match, (errors.__doc__ or "").splitlines())):
        depth = len(row["indent"]) // 4
        path[depth:] = [row["name"]]
        found[row["name"]] = (path[depth - 1] if depth else "Exception", int(row["status"]))
    return found


class TestTheTree:
    def test_is_as_it_is_drawn(self) -> None:
        assert drawn() == {name: (kind.__bases__[0].__name__, kind.status) for name, kind in OWN.items()}

    def test_has_one_code_for_each_refusal(self) -> None:
        codes = [kind.code for kind in OWN.values()]
        assert len(set(codes)) == len(codes)

    @pytest.mark.parametrize("kind", OWN.values(), ids=OWN)
    def test_speaks_in_sentences(self, kind: type[Refusal]) -> None:
        assert kind.message[0].isupper()
        assert kind.message.endswith(".")


class TestRefusal:
    def test_says_its_class_s_sentence_when_given_none(self) -> None:
        assert str(NotFound()) == NotFound().message == "There is nothing here."

    def test_says_the_sentence_it_is_given(self) -> None:
        assert str(NotFound("No such bank.")) == NotFound("No such bank.").message == "No such bank."

    def test_leaves_its_class_s_sentence_alone(self) -> None:
        NotFound("No such bank.")
        assert NotFound.message == "There is nothing here."

    def test_carries_the_facts(self) -> None:
        refused = NotFound(bank="057")
        assert (refused.facts, refused.message) == ({"bank": "057"}, "There is nothing here.")

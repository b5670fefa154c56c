"""What names are found by: two names that may be one person's share a key, and finding them is a read of an index.

A key is one word's skeleton together with a trait of another word: how that begins, or how it ends. So one word may be
misspelt beyond its skeleton, shortened or an initial, and order does not matter. A name of one word is found by names
of one word alone: `Ahmed` on a list is not every Ahmed. Both words misspelt beyond their skeletons are not found.
"""

import hashlib
import re
from collections.abc import Iterable
from itertools import permutations

from app.core import crypto
from app.identification import names
from app.screening.rules import Kind, bare_identifier, spoken

WORDS_MAX = 8  # of one name; longer ones are whole sentences
ALONE = "alone"
_VOWELS = re.compile(r"[aeiouyw]+")
_COARSE = str.maketrans({"h": None, "g": "k", "z": "s", "v": "f", "p": "b", "t": "d"})


def of_names(kind: Kind, given: Iterable[str]) -> frozenset[int]:
    """The keys of all these names."""
    return frozenset(_number(key) for name in given for key in _keys(names.words(spoken(kind, name))[:WORDS_MAX]))


def of_identifiers(hashes: Iterable[str]) -> frozenset[int]:
    """The keys of identifiers, by their hashes."""
    return frozenset(_number(f"id:{each}") for each in hashes)


def hashed(identifiers: Iterable[str]) -> frozenset[str]:
    """What identifiers are compared by: the same for the same number, whatever kind it is called."""
    bare = {bare_identifier(each) for each in identifiers} - {""}
    return frozenset(crypto.blind_index(each, kind="screened identifier").hex() for each in bare)


def _keys(words: list[str]) -> Iterable[str]:
    if len(words) == 1:
        yield f"{ALONE}:{_sound(words[0])}"
    for one, other in permutations(words, 2):
        begins, ends = _traits(other)
        yield f"{_sound(one)}^{begins}"
        yield f"{_sound(one)}${ends}"


def _sound(word: str) -> str:
    """Its skeleton; of a word that has next to none, the skeleton with where its vowels stand."""
    bare = names.skeleton(word)
    if len(bare) >= names.SKELETON_MIN or not _VOWELS.search(word):
        return bare.translate(_COARSE)
    return "".join(_VOWELS.sub("a", names.spelt(word)).translate(_COARSE))


def _traits(word: str) -> tuple[str, str]:
    """The first letter, any vowel being one, and the last consonant."""
    coarse = names.spelt(word).translate(_COARSE)
    first = coarse[:1]
    bare = _VOWELS.sub("", coarse)
    return "a" if _VOWELS.match(first) else first, bare[-1:] or "a"


def _number(key: str) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "big", signed=True)

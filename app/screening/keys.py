"""What names are found by: two names that may be one person's share a key, and finding them is a read of an index.

A key is one word's sound together with how another word begins, ends, or both. So one word may be misspelt, shortened
or grown, and order does not matter; an initial is met by the other side's first letters. A name of one word is found by
names of one word alone: `Ahmed` on a list is not every Ahmed. Two names whose words are all misspelt beyond their
consonants are not found.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import permutations

from app.core import crypto
from app.identification import names
from app.screening.rules import Kind, bare_identifier, spoken

WORDS_MAX = 8  # of one name; longer ones are whole sentences
OURS, LISTED = "ours", "listed"
_SOUND_MIN, _TRAIT = 3, 2  # consonants
_KEPT = 100_000
_ALONE = "alone"
_VOWELS = re.compile(r"[aeiouyw]+")
_DOUBLED = re.compile(r"(.)\1+")
_COARSE = str.maketrans({"h": None, "g": "k", "z": "s", "v": "f", "p": "b", "t": "d"})


def of_names(kind: Kind, given: Iterable[str], *, side: str) -> frozenset[int]:
    """The keys of all these names; `side` says whether they are our people's or those on a list."""
    read = [spoken(kind, name) for name in given]
    ways = {tuple(way(name)[:WORDS_MAX]) for name in read for way in (names.words, names.parts)}
    return frozenset(_number(key) for way in ways for key in _keys(way, side))


def of_identifiers(hashes: Iterable[str]) -> frozenset[int]:
    """The keys of identifiers, by their hashes."""
    return frozenset(_number(f"id:{each}") for each in hashes)


def hashed(identifiers: Iterable[str]) -> frozenset[str]:
    """What identifiers are compared by: the same for the same number, whatever kind it is called."""
    bare = {bare_identifier(each) for each in identifiers} - {""}
    return frozenset(crypto.blind_index(each, kind="screened identifier").hex() for each in bare)


def _keys(words: Sequence[str], side: str) -> Iterable[str]:
    """An initial asks for whole words of the other side alone: were whole words asked for by it too, all would meet."""
    if len(words) == 1:
        yield f"{_ALONE}:{_sound(words[0])}"
    for one, other in permutations(words, 2):
        sound = _sound(one)
        if len(other) == 1:
            yield f"{sound}~{side}:{_initial(other)}"
            continue
        begins, ends = _traits(other)
        yield f"{sound}^{begins}"
        yield f"{sound}${ends}"
        yield f"{sound}<>{begins[0]}{ends[-1]}"
        yield f"{sound}~{LISTED if side == OURS else OURS}:{_initial(other)}"


@lru_cache(_KEPT)
def _sound(word: str) -> str:
    """Its consonants; of a word that has next to none, with where its vowels stand."""
    bare = _consonants(word)
    return bare if len(bare) >= _SOUND_MIN or not _VOWELS.search(word) else _shape(word)


@lru_cache(_KEPT)
def _traits(word: str) -> tuple[str, str]:
    """Its first and its last consonants."""
    bare = _consonants(word)
    said = bare if len(bare) >= _TRAIT else _shape(word)
    return said[:_TRAIT], said[-_TRAIT:]


def _consonants(word: str) -> str:
    return names.skeleton(word).translate(_COARSE)


def _shape(word: str) -> str:
    return _DOUBLED.sub(r"\1", _VOWELS.sub("a", names.spelt(word).translate(_COARSE)))


def _initial(word: str) -> str:
    first = names.spelt(word)[:1].translate(_COARSE)
    return "a" if _VOWELS.match(first) else first


def _number(key: str) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "big", signed=True)

"""Whether two names are one person's: case, marks, scripts, titles and order aside, with what led to the verdict.

A score from 0 to 100 and the pairs behind it are shown together, beside both names as they were written: people decide.
Rapidfuzz's Jaro-Winkler measures spelling. What it does not know: one word written as two (Abdul Rahman), short forms
(Femi for Olufemi), scripts that leave vowels out, initials.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from anyascii import anyascii
from rapidfuzz.distance import JaroWinkler

SAME, SIMILAR, SOUNDS, SHORT, INITIAL, ALONE = "same", "similar", "sounds alike", "short form", "initial", "alone"
MATCH_MIN, REVIEW_MIN = 80, 50
ONE_WORD_MAX = 79  # one word in common is never a match, and an initial is none
SPELLING_MIN = 85
SOUNDS_WORTH, SHORT_WORTH, INITIAL_WORTH = 90, 85, 70
SHORT_MIN, SKELETON_MIN = 4, 3
LIKENESSES_KEPT = 200_000  # (of pairs of words; a comparison with a whole list meets more of them than memory holds)
TITLES = frozenset(
    {"mr", "mrs", "miss", "ms", "dr", "prof", "engr", "barr", "chief", "rev", "pastor", "deacon", "mallam"}
)
TITLES |= {"alhaji", "alhaja", "hajia", "hajiya", "otunba", "oba", "sir", "lady", "jr", "sr", "ii", "iii"}
# Words that stand before another and are often written together with it.
_PREFIXES = frozenset(
    {"abdul", "abdel", "abd", "abu", "al", "el", "bin", "ibn", "de", "van", "von", "mc", "mac", "oluwa"}
)
_WORD = re.compile(r"[a-z]+")
_RUN_TOGETHER = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SPOKEN = re.compile(r"[aeiou]")
_VOWELS = re.compile(r"[aeiouyw]")
_SPELT = (("ph", "f"), ("kh", "h"), ("q", "k"), ("c", "k"))
_DOUBLED = re.compile(r"(.)\1+")


@dataclass(frozen=True)
class Pair:
    """A word of one name and its counterpart in the other (empty when there is none): how alike, 0 to 100, and why."""

    given: str
    found: str
    likeness: int
    how: str


@dataclass(frozen=True)
class Match:
    """How alike two names are, 0 to 100, and the pairs of words that say so."""

    score: int
    pairs: tuple[Pair, ...]

    @property
    def verdict(self) -> str:
        """`match`, `review` or `differs`."""
        if self.score >= MATCH_MIN:
            return "match"
        return "review" if self.score >= REVIEW_MIN else "differs"


def words(name: str) -> list[str]:
    """The words of a name, prefixes joined to what comes next."""
    found: list[str] = []
    before = ""
    for word in parts(name):
        if word in _PREFIXES:
            before += word
        else:
            found.append(before + word)
            before = ""
    return [*found, before] if before else found


def parts(name: str) -> list[str]:
    """The words of a name as they stand there: Latin letters, lower case, no marks, no titles."""
    latin = anyascii(unicodedata.normalize("NFC", name))
    if not unicodedata.normalize("NFKD", name).isascii():
        latin = _RUN_TOGETHER.sub(" ", latin)
    plain = re.sub(r"[`'’ʼ]", "", latin).lower()
    return [word for word in _WORD.findall(plain) if word not in TITLES]


def compare(given: str, found: str) -> Match:
    """How alike two names are. Words are paired best first; a word without a counterpart weighs against the rest.

    When every word of one name has its counterpart, the other's further ones (a middle name) weigh half.
    """
    return compare_words(words(given), words(found))


def compare_words(ours: list[str], theirs: list[str]) -> Match:
    """The same for names whose words were taken apart already: who compares one with many does that once."""
    pairs = _paired(ours, theirs)
    lone_ours, lone_theirs = _without(ours, [pair.given for pair in pairs]), _without(theirs, [p.found for p in pairs])
    agreed = sum(pair.likeness * (len(pair.given) + len(pair.found)) for pair in pairs)
    weight = 2 * sum(len(pair.given) + len(pair.found) for pair in pairs)
    alone = sum(map(len, lone_ours)) + sum(map(len, lone_theirs))
    weight += alone if not lone_ours or not lone_theirs else 2 * alone
    score = 2 * agreed // weight if weight else 0
    if sum(pair.how != INITIAL for pair in pairs) <= 1 and (len(ours), len(theirs)) != (1, 1):
        score = min(score, ONE_WORD_MAX)
    rest = [Pair(word, "", 0, ALONE) for word in lone_ours] + [Pair("", word, 0, ALONE) for word in lone_theirs]
    return Match(score, (*pairs, *rest))


def _paired(ours: list[str], theirs: list[str]) -> list[Pair]:
    """The best pairs, each word in one of them."""
    every = [(place, other, *_likeness(one, two)) for place, one in enumerate(ours) for other, two in enumerate(theirs)]
    every.sort(key=lambda row: (-row[2], -len(ours[row[0]]), row[0], row[1]))
    taken_ours: set[int] = set()
    taken_theirs: set[int] = set()
    pairs = []
    for place, other, likeness, how in every:
        if likeness and place not in taken_ours and other not in taken_theirs:
            taken_ours.add(place)
            taken_theirs.add(other)
            pairs.append(Pair(ours[place], theirs[other], likeness, how))
    return pairs


def _without(words_: list[str], taken: list[str]) -> list[str]:
    left = list(words_)
    for word in taken:
        left.remove(word)
    return left


@lru_cache(LIKENESSES_KEPT)
def _likeness(one: str, two: str) -> tuple[int, str]:
    """How alike two words are, and in which way; 0 is not at all."""
    if one == two:
        return 100, SAME
    short, long = sorted((one, two), key=len)
    if len(short) == 1:
        return (INITIAL_WORTH, INITIAL) if long.startswith(short) else (0, "")
    unvowelled = not (_SPOKEN.search(one) and _SPOKEN.search(two))  # a script that leaves them out
    if skeleton(one) == skeleton(two) and len(skeleton(one)) >= (SKELETON_MIN - unvowelled):
        return SOUNDS_WORTH, SOUNDS
    spelling = int(100 * JaroWinkler.similarity(one, two))
    if spelling >= SPELLING_MIN:
        return spelling, SIMILAR
    if len(short) >= SHORT_MIN and (long.endswith(short) or long.startswith(short)):
        return SHORT_WORTH, SHORT
    return 0, ""


@lru_cache(LIKENESSES_KEPT)
def skeleton(word: str) -> str:
    """What is left of a word without vowels, doubled letters and ways of spelling."""
    return _DOUBLED.sub(r"\1", _VOWELS.sub("", spelt(word)))


def spelt(word: str) -> str:
    """A word in one of the ways in which the same sounds are written."""
    for written, said in _SPELT:
        word = word.replace(written, said)
    return word

"""What screening decides without looking anything up: whether a person may be the one whom a list names, and why."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from app.core.machine import Machine, Wait
from app.identification import names

REVIEW_MIN = 70  # from here on people look (yente's own default)
STRONG_MIN = 90  # from here on, with a birth date or an identifier that agrees, nothing goes on meanwhile
ID_WORTH = 95
EXACT, WORDS_MIN = 100, 2
BORN_AGREES, BORN_NEAR, BORN_DIFFERS, BORN_FAR = 5, -5, -25, -35
NEAR_YEARS, FAR_YEARS = 1, 10
IDENTIFIER_MIN = 6  # shorter ones are anybody's
LIST_AGE_MAX = timedelta(days=7)  # a list that nobody has loaded for longer says nothing any more
LIST_AGE_WARNED = timedelta(days=2)  # from then on compliance is told
RETRY_AFTER = timedelta(hours=1)
SHRINK_MAX_PERCENT = 20  # a list that lost more than this is looked at before it counts
FAULTS_KEPT = 1_000
_READ_KEPT = 20_000
_FORMS = re.compile(
    r"\b(?:limited|ltd|plc|inc|incorporated|llc|llp|lp|gmbh|sarl|s\.?a|ag|bv|oy|ab|pty|co|company|corp|corporation|enterprises?"
    r"|ventures?|nig|nigeria|intl|international|group|holdings?)\b\.?",
    re.IGNORECASE,
)
_REGISTER = re.compile(r"^(?:RC|BN|IT)(?=\d{6,}$)")  # (of six digits and more: shorter ones need them)
_ID_NOISE = re.compile(r"[^A-Z0-9]")
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
_BETWEEN = re.compile(r"(\d{4})[-\d]*/(\d{4})[-\d]*")  # a birth between two dates


class Kind(StrEnum):
    """What is named. `other` is whatever its list does not say."""

    PERSON = "person"
    ORGANISATION = "organisation"
    VESSEL = "vessel"
    ADDRESS = "address"
    OTHER = "other"


class Topic(StrEnum):
    """Why it is listed."""

    SANCTION = "sanction"
    PEP = "pep"
    CRIME = "crime"


class HitState(StrEnum):
    """A pair of a subject and an entry that may be one. `dropped` ones are not listed, or not alike, any more.

    `match_asked`: others were asked to agree to what somebody says of it.
    """

    OPEN = "open"
    NO_MATCH = "no_match"
    MATCH_ASKED = "match_asked"
    MATCH = "match"
    WITHDRAWN = "withdrawn"
    DROPPED = "dropped"


LIVE = (HitState.OPEN, HitState.MATCH_ASKED, HitState.MATCH)
WAITING = (HitState.OPEN, HitState.MATCH_ASKED)
REFUTED = (HitState.NO_MATCH, HitState.WITHDRAWN)
HIT = Machine(
    "hit",
    {
        HitState.OPEN: frozenset({HitState.NO_MATCH, HitState.MATCH_ASKED, HitState.MATCH, HitState.DROPPED}),
        HitState.MATCH_ASKED: frozenset({HitState.NO_MATCH, HitState.MATCH, HitState.OPEN}),
        HitState.MATCH: frozenset({HitState.WITHDRAWN}),
    },
    waits={
        HitState.OPEN: Wait(
            timedelta(hours=24),
            "compliance_officer",
            "Decide on the hit: say why it is nobody, or ask others to agree to it.",
        ),
        HitState.MATCH_ASKED: Wait(
            timedelta(hours=72), "compliance_manager", "Agree to the match or deny it, among the approvals."
        ),
    },
    rests={HitState.MATCH: "it was decided, and what it stops is a restriction, which is watched"},
)


class Result(StrEnum):
    """What came of holding a subject against the lists."""

    CLEAR = "clear"
    HITS = "hits"
    UNAVAILABLE = "unavailable"


class Standing(StrEnum):
    """How a customer stands, the worst first. `known`: a list of public office names them, and two people said so."""

    MATCH = "match"
    HITS = "hits"
    UNAVAILABLE = "unavailable"
    NEVER = "never"
    KNOWN = "known"
    CLEAR = "clear"


class Born(StrEnum):
    """How two birth dates go together. `partly`: as far as the list knows it, be it between two years."""

    AGREES = "agrees"
    PARTLY = "partly"
    NEAR = "near"
    DIFFERS = "differs"
    FAR = "far"
    UNKNOWN = "unknown"


_BORN_POINTS = {
    Born.AGREES: BORN_AGREES,
    Born.NEAR: BORN_NEAR,
    Born.DIFFERS: BORN_DIFFERS,
    Born.FAR: BORN_FAR,
}


@dataclass(frozen=True)
class Subject:
    """Whom to screen. `ref` names them for whoever asks; `born` is `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.

    `identifiers` are pairs of a kind and a number; the numbers are compared and not kept.
    """

    ref: str
    customer_id: str
    kind: Kind
    name: str
    other_names: tuple[str, ...] = ()
    born: str = ""
    countries: tuple[str, ...] = ()
    identifiers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Entry:
    """One entry of a list, as its file has it."""

    ref: str
    kind: Kind
    names: tuple[str, ...]
    topics: tuple[str, ...] = ()
    births: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    raw: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Side:
    """One side of a comparison. The hashes stand for identifiers."""

    kind: str
    names: tuple[str, ...]
    births: tuple[str, ...]
    countries: tuple[str, ...]
    id_hashes: frozenset[str]


@dataclass(frozen=True)
class Verdict:
    """How alike two sides are, 0 to 100, and what led there. `strong`: more than a name agrees."""

    score: int
    strong: bool
    explanation: dict[str, Any]


def spoken(kind: str, name: str) -> str:
    """The name as it is compared: an organisation's without its legal form, unless nothing else is left."""
    if kind == Kind.PERSON:
        return name
    bare = _FORMS.sub(" ", name)
    return bare if names.words(bare) else name


def bare_identifier(written: str) -> str:
    """An identifier without spaces and strokes, a company's without the letters of its register.

    Empty where too little is left to tell anybody by.
    """
    bare = _REGISTER.sub("", _ID_NOISE.sub("", written.upper()))
    return bare if len(bare) >= IDENTIFIER_MIN else ""


def forbids(topics: Iterable[str]) -> bool:
    """Whether who is listed for this may not be served. Who holds public office may, once two people agree."""
    return set(topics) != {Topic.PEP}


def comparable(given: str, listed: str) -> bool:
    """Whether these kinds can be one."""
    return given == listed or Kind.OTHER in (given, listed)


def judge(given: Side, listed: Side) -> Verdict | None:
    """How the two go together; None where nobody needs to look."""
    if not comparable(given.kind, listed.kind):
        return None
    match, ours, theirs = _best(given, listed)
    agreeing = given.id_hashes & listed.id_hashes
    same = sum(pair.how == names.SAME for pair in match.pairs)
    if match.score + BORN_AGREES < REVIEW_MIN and same < WORDS_MIN and not agreeing:
        return None
    born, listed_birth = born_verdict(given.births, listed.births)
    points = _BORN_POINTS.get(born, 0)
    score = max(0, min(100, match.score + points))
    # Two whole words and the day are looked at whatever else they are called; the very name, whatever day they say.
    if match.score == EXACT or (born is Born.AGREES and same >= WORDS_MIN):
        score = max(score, REVIEW_MIN)
    if agreeing:
        score = max(score, ID_WORTH)
    if score < REVIEW_MIN:
        return None
    explanation = {
        "given": ours,
        "listed": theirs,
        "name_score": match.score,
        "pairs": [[pair.given, pair.found, pair.likeness, pair.how] for pair in match.pairs],
        "born": {"verdict": str(born), "listed": listed_birth, "points": points},
        "identifiers": len(agreeing),
        "countries": _countries(given.countries, listed.countries),
    }
    return Verdict(score, score >= STRONG_MIN and (born is Born.AGREES or bool(agreeing)), explanation)


def born_verdict(given: Iterable[str], listed: Iterable[str]) -> tuple[Born, str]:
    """How the birth dates go together, at best, and with which of those listed."""
    order = (Born.AGREES, Born.PARTLY, Born.NEAR, Born.DIFFERS, Born.FAR)
    found = [(order.index(how), other) for one in given for other in listed if (how := _born(one, other))]
    if not found:
        return Born.UNKNOWN, ""
    place, other = min(found)
    return order[place], other


def _born(one: str, other: str) -> Born | None:
    if between := _BETWEEN.fullmatch(other):
        first, last = between.groups()
        nearest = min(max(one[:4], first), last)
        return _born(one, nearest)
    ours, theirs = _DATE.fullmatch(one), _DATE.fullmatch(other)
    if ours is None or theirs is None:
        return None
    pairs = [(a, b) for a, b in zip(ours.groups(), theirs.groups(), strict=True) if a and b]
    if all(a == b for a, b in pairs):
        return Born.AGREES if len(pairs) == len(ours.groups()) else Born.PARTLY
    years = abs(int(ours[1]) - int(theirs[1]))
    swapped = (ours[1], ours[2], ours[3]) == (theirs[1], theirs[3], theirs[2])
    if swapped or (len(pairs) < len(ours.groups()) and years <= NEAR_YEARS):
        return Born.NEAR
    same_year_or_day = years == 0 or (years <= NEAR_YEARS and ours.groups()[1:] == theirs.groups()[1:])
    if same_year_or_day:
        return Born.NEAR
    return Born.FAR if years > FAR_YEARS else Born.DIFFERS


def _best(given: Side, listed: Side) -> tuple[names.Match, str, str]:
    """The names that go together best; where none has a word, nothing does."""
    best, pair = names.Match(-1, ()), ("", "")
    for one in given.names:
        for other in listed.names:
            (ours, alone), (theirs, other_alone) = _read(given.kind, one), _read(listed.kind, other)
            match = names.compare_words(list(ours), list(theirs)) if alone == other_alone else best
            if match.score > best.score:
                best, pair = match, (one, other)
    return (best, *pair) if best.score >= 0 else (names.Match(0, ()), *pair)


@lru_cache(_READ_KEPT)
def _read(kind: str, name: str) -> tuple[tuple[str, ...], bool]:
    """Its words, and whether it is a single one: on a list of thousands that says nothing beside a name of several."""
    said = spoken(kind, name)
    return tuple(names.words(said)), len(names.parts(said)) == 1


def _countries(given: tuple[str, ...], listed: tuple[str, ...]) -> str:
    if not given or not listed:
        return "unknown"
    return "shared" if {each.casefold() for each in given} & {each.casefold() for each in listed} else "different"

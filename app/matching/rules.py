"""The rules by which lines and entries are put together: data, with a version. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any

from app.matching import errors

DAY = 86_400


class Step(StrEnum):
    """What a rule looks at: a key that both sides know, a token in what they say, or the amount alone."""

    KEY = "key"
    TOKEN = "token"  # noqa: S105 (a word in a narration)
    AMOUNT = "amount"
    CANCELS = "cancels"  # their own lines, that come to nothing together
    OPENING = "opening"  # the balance that statements begin with, and all that was booked before


class Reason(StrEnum):
    """Why the two sides differ in a line, an entry or a group; or what is wrong with a statement itself."""

    MISSING_IN_LEDGER = "missing_in_ledger"
    MISSING_IN_STATEMENT = "missing_in_statement"
    AMOUNT_MISMATCH = "amount_mismatch"
    FEE_VARIANCE = "fee_variance"
    FX_ROUNDING = "fx_rounding"
    DUPLICATE_LINE = "duplicate_line"
    DUPLICATE_ENTRY = "duplicate_entry"
    TIMING = "timing"  # nobody told of its day yet
    NOT_COVERED = "not_covered"  # nobody told of its day, and of later ones
    STATEMENT_DOES_NOT_TIE = "statement_does_not_tie"
    SEQUENCE_GAP = "sequence_gap"  # it does not begin where the one before ended, or its rows do not follow
    RESTATED = "restated"  # a line told again, otherwise
    UNKNOWN_TYPE = "unknown_type"  # a row that no line could be made of
    ANOTHER_ACCOUNT = "another_account"  # of the teller: what it had before may be told of under another name already


LINE_WORDS = {
    "id": "a line's id",
    "ref": "a line's reference",
    "second": "a line's second reference",
    "third": "a line's third reference",
    "group": "a line's group",
    "token": "what is found in a line's words",
    "line": "a line",
    "opening": "the balance that its statements begin with",
}
ENTRY_WORDS = {
    "ref": "our reference",
    "told": "their id in the books",
    "token": "what is found in ours",
    "entry": "an entry",
    "second": "entries of one second",
    "before": "all that was booked before",
    "": "nothing of ours",
}
_LINE_FIELDS = {
    Step.KEY: {"id", "ref", "second", "third", "group"},
    Step.TOKEN: {"token"},
    Step.AMOUNT: {"line", "group"},
    Step.CANCELS: {"group"},
    Step.OPENING: {"opening"},
}
_ENTRY_FIELDS = {
    Step.KEY: {"ref", "told"},
    Step.TOKEN: {"token"},
    Step.AMOUNT: {"entry", "ref", "second"},
    Step.CANCELS: {""},
    Step.OPENING: {"before"},
}


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One pass: what of a line (id, references, group) is compared with what of an entry (our ref, their id).

    For an amount `line` and `entry` say what is summed first (a group of lines; entries of one ref, or of one second),
    `bare` that only lines without a reference count, and how many seconds an entry may be before or after its line.
    """

    name: str
    step: Step
    line: str
    entry: str
    confidence: int = 100
    pattern: str = ""
    entry_pattern: str = ""
    bare: bool = True
    before_seconds: int = 0
    after_seconds: int = 0

    @property
    def window(self) -> int:
        """How many seconds the two may lie apart, either way."""
        return max(self.before_seconds, self.after_seconds)

    @property
    def looks_far(self) -> bool:
        """Whether what belongs together may be far apart: then all that is open must be in sight."""
        return bool(self.window) or self.step is Step.OPENING


STANDARD = (
    Rule(name="their id", step=Step.KEY, line="id", entry="told"),
    Rule(name="their reference", step=Step.KEY, line="ref", entry="told"),
    Rule(name="our reference", step=Step.KEY, line="ref", entry="ref"),
    Rule(name="our second reference", step=Step.KEY, line="second", entry="ref"),
    Rule(name="their second reference", step=Step.KEY, line="second", entry="told"),
    Rule(name="group", step=Step.KEY, line="group", entry="told"),
    Rule(name="our group", step=Step.KEY, line="group", entry="ref"),
    # Paystack's payouts: a bank writes PSTK_772001 or PSTK772001, they themselves pstk-772001-3vl or 772001.
    Rule(
        name="payout in the narration",
        step=Step.TOKEN,
        line="token",
        entry="token",
        confidence=95,
        pattern=r"PSTK[_-]?(\d{6,})",
        entry_pattern=r"(?:^|\s)(?:pstk-)?(\d{6,})(?:-|$)",
    ),
    Rule(name="opening balance", step=Step.OPENING, line="opening", entry="before", confidence=95),
    Rule(name="moment and amount", step=Step.AMOUNT, line="line", entry="entry", confidence=90),
    Rule(name="moment and sum of lines", step=Step.AMOUNT, line="group", entry="entry", confidence=90),
    Rule(name="moment and sum of entries", step=Step.AMOUNT, line="line", entry="second", confidence=90),
    Rule(
        name="amount within two days",
        step=Step.AMOUNT,
        line="group",
        entry="ref",
        confidence=80,
        before_seconds=2 * DAY,
        after_seconds=2 * DAY,
    ),
    # A transfer that failed: they took it and gave it back, and nothing of it was ever booked.
    Rule(name="taken back by their own line", step=Step.CANCELS, line="group", entry="", confidence=95),
)


def read(told: Iterable[Mapping[str, Any]]) -> tuple[Rule, ...]:
    """Rules as they are kept. Raises BadRules, which says what is wrong with which."""
    found = tuple(_read(number, one) for number, one in enumerate(told, 1))
    if len({rule.name for rule in found}) < len(found) or not found:
        raise errors.BadRules("Rules need a name each, and none may have another's.")
    return found


def kept(rules: Iterable[Rule]) -> list[dict[str, Any]]:
    """Rules as they are kept."""
    return [asdict(rule) for rule in rules]


def how_far(trial_id: int, done: int) -> str:
    """What a connection is called that has tried so many rules of a trial."""
    return f"rules trial {trial_id} {done}"


def step_of(group_id: int, done: int) -> str:
    """What a connection is called that has taken so many steps of taking a match apart."""
    return f"match apart {group_id} {done}"


def in_words(rule: Rule) -> str:
    """What a rule compares."""
    if rule.step is Step.AMOUNT:
        near = "at the same second"
        if rule.before_seconds or rule.after_seconds:
            near = f"{_span(rule.before_seconds)} before to {_span(rule.after_seconds)} after"
        who = ", of lines without a reference" if rule.bare else ""
        return f"{LINE_WORDS[rule.line]} and {ENTRY_WORDS[rule.entry]} of one amount, {near}{who}, the only such pair"
    if rule.step is Step.CANCELS:
        return "lines of one group that come to nothing, and of which no entry knows"
    if rule.step is Step.OPENING:
        return f"{LINE_WORDS[rule.line]} and {ENTRY_WORDS[rule.entry]} come to the same"
    words = f"{LINE_WORDS[rule.line]} is {ENTRY_WORDS[rule.entry]}"
    return f"{words}: {rule.pattern} and {rule.entry_pattern}" if rule.step is Step.TOKEN else words


def _span(seconds: int) -> str:
    return f"{seconds // DAY} days" if seconds % DAY == 0 else f"{seconds // 3600} hours"


def _read(number: int, told: Mapping[str, Any]) -> Rule:
    unknown = set(told) - {field.name for field in fields(Rule)}
    try:
        rule = Rule(**{**told, "step": Step(told["step"])})
    except (KeyError, TypeError, ValueError) as wrong:
        raise errors.BadRules(f"Rule {number} cannot be read: {wrong}.") from wrong
    if unknown or not rule.name or rule.line not in _LINE_FIELDS[rule.step]:
        raise errors.BadRules(f"Rule {number} compares what lines do not have: {rule.line}.")
    if rule.entry not in _ENTRY_FIELDS[rule.step] or not 0 <= rule.confidence <= 100:  # noqa: PLR2004 (per cent)
        raise errors.BadRules(f"Rule {number} compares what entries do not have: {rule.entry}.")
    for pattern in (rule.pattern, rule.entry_pattern):
        try:
            groups = re.compile(pattern).groups
        except re.error as wrong:
            raise errors.BadRules(f"Rule {number} has a pattern that is none: {pattern}.") from wrong
        if rule.step is Step.TOKEN and groups != 1:
            raise errors.BadRules(f"Rule {number} needs a pattern with one part in brackets.")
    return rule

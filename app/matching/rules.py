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


class Reason(StrEnum):
    """Why the two sides differ in a line, an entry or a group."""

    MISSING_IN_LEDGER = "missing_in_ledger"
    MISSING_IN_STATEMENT = "missing_in_statement"
    AMOUNT_MISMATCH = "amount_mismatch"
    FEE_VARIANCE = "fee_variance"
    FX_ROUNDING = "fx_rounding"
    DUPLICATE_LINE = "duplicate_line"
    DUPLICATE_ENTRY = "duplicate_entry"
    TIMING = "timing"


_LINE_FIELDS = {
    Step.KEY: {"id", "ref", "second", "third", "group"},
    Step.TOKEN: {"token"},
    Step.AMOUNT: {"line", "group"},
    Step.CANCELS: {"group"},
}
_ENTRY_FIELDS = {
    Step.KEY: {"ref", "told"},
    Step.TOKEN: {"token"},
    Step.AMOUNT: {"entry", "ref", "second"},
    Step.CANCELS: {""},
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

"""What bank formats share: which words of a reference say nothing, and what a line is about."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from app.statements.formats.lines import Kind

_SAYS_NOTHING = frozenset({"", "NONREF", "NOTPROVIDED", "NOT PROVIDED"})
_PAYOUT = re.compile(r"(?<![A-Za-z0-9])PSTK[_-]?(?P<id>[0-9]{6,})", re.IGNORECASE)
# Charges and commissions: SWIFT's codes after the letter of who made them, and those of ISO 20022.
_CHARGES = frozenset({"NCHG", "SCHG", "FCHG", "NCOM", "SCOM", "FCOM", "CHRG", "COMM"})


@dataclass
class Count:
    """Numbers entries through a file of many statements."""

    last: int = 0

    def next(self) -> int:
        """The next number, from 1."""
        self.last += 1
        return self.last


def references(*told: object) -> Iterator[str]:
    """Those that say something, as written, each once."""
    yield from dict.fromkeys(
        str(each).strip() for each in told if each and str(each).strip().upper() not in _SAYS_NOTHING
    )


def group(*words: str) -> str:
    """The payout of Paystack that a narration or reference names (`PSTK_359143`): its id there, else nothing."""
    found = next(filter(None, (_PAYOUT.search(word) for word in words if "PSTK" in word.upper())), None)
    return found["id"] if found else ""


def kind(code: str, *, reversal: bool = False) -> Kind:
    """A line's kind from the bank's code of it, such as NTRF or NCHG."""
    if reversal:
        return Kind.REVERSAL
    return Kind.FEE if code.upper() in _CHARGES else Kind.PAYMENT


def plain(*words: object) -> str:
    """Words on one line."""
    return " ".join(" ".join([str(word) for word in words if word]).split())

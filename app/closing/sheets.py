"""A proof sheet: an account over days, its figures, its invariants, and who stands for them.

Of a month that is closed the sheet is what it was closed on; of any other it is what statements and books say now.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.closing import figures, invariants, queries, rules
from app.closing.figures import Figures
from app.closing.models import Closing, Reopening, Signature
from app.closing.results import Asked, Result
from app.closing.rules import SignRole, Span


@dataclass(frozen=True)
class Sheet:
    """One account over days. `closing` is what its month is closed on, if it is; `reopened` what was opened again."""

    figures: Figures
    results: tuple[Result, ...]
    signatures: tuple[Signature, ...]
    closing: Closing | None
    reopened: tuple[tuple[Closing, Reopening], ...]

    @property
    def account(self) -> str:
        """Whose it is."""
        return self.figures.account

    @property
    def digest(self) -> bytes:
        """What a sign-off is for."""
        return self.figures.digest

    @property
    def failing(self) -> list[Result]:
        """The invariants that do not hold."""
        return [one for one in self.results if one.holds is False]

    @property
    def blocked(self) -> bool:
        """Whether nobody can stand for it."""
        return any(one.blocks for one in self.results)

    def signed(self, role: SignRole) -> Signature | None:
        """Who signed these very figures in this part."""
        return next((one for one in self.signatures if one.role == role and one.digest == self.digest), None)

    @property
    def whole(self) -> bool:
        """Whether two people stand for these figures."""
        return all(self.signed(role) for role in SignRole)

    @property
    def others(self) -> list[Signature]:
        """Sign-offs for figures that are no more."""
        return [one for one in self.signatures if one.digest != self.digest]

    def written(self) -> dict[str, Any]:
        """As a closing keeps it."""
        signed = [[one.role, one.operator_id, one.signed_at.isoformat()] for one in self.signatures
                  if one.digest == self.digest]  # fmt: skip
        return {**self.figures.written(), "results": [one.kept() for one in self.results], "signed": signed,
                "digest": self.digest.hex()}  # fmt: skip


def of(account: str, span: Span) -> Sheet:
    """The sheet of an account over days."""
    signatures = tuple(queries.signatures_for_operators(account, span))
    reopened = tuple(
        (one, again) for one, again in queries.reopenings_for_operators() if rules.month_of(one.month).last <= span.last
    )
    closing = queries.closing_for_operators(span.first) if span == rules.month_of(span.first) else None
    kept = closing.sheets.get(account) if closing else None
    if kept is not None:
        return Sheet(figures.read(kept), _results(kept), signatures, closing, reopened)
    found = figures.of(account, span)
    return Sheet(found, tuple(invariants.prove(Asked(account, span, found))), signatures, None, reopened)


def _results(kept: Mapping[str, Any]) -> tuple[Result, ...]:
    return tuple(Result(**{**each, "place": ("", {})}) for each in kept["results"])

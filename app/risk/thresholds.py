"""A change of a threshold is a request: what checks and breakers measure against begins on a day that is said.

A threshold is never changed: a row that starts later takes its place. Each has a kind of its own, which bounds it.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.core import clock, ids
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import InvalidAmount
from app.core.money import NGN, Money, parse, plain
from app.core.permissions import Permission
from app.governance import service as governance
from app.governance.kinds import Agreed, Kind, Line, Payload
from app.governance.models import Request
from app.governance.payloads import begins, starts_at
from app.risk import errors, queries
from app.risk.models import Threshold


class Unit(StrEnum):
    """What a threshold counts."""

    NAIRA = "naira"
    POINTS = "points"
    PERCENT = "percent"
    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    NUMBER = "number"
    TIMES = "times"
    SECONDS = "seconds"
    BPS = "ten-thousandths"


MOST = {
    Unit.NAIRA: 10**17, Unit.POINTS: 100, Unit.PERCENT: 100, Unit.MINUTES: 10_080, Unit.HOURS: 720, Unit.DAYS: 3_650,
    Unit.NUMBER: 1_000, Unit.TIMES: 100, Unit.SECONDS: 120, Unit.BPS: 1_000,
}  # fmt: skip
MAY_BE_NOTHING = {Unit.NAIRA, Unit.POINTS, Unit.HOURS, Unit.BPS}  # of anything else none would fit everything


@dataclass(frozen=True)
class Meaning:
    """What a threshold is for."""

    group: str
    words: str
    unit: Unit


_W, _D, _P, _B = (
    "Withdrawals: what is weighed",
    "Withdrawals: who waits",
    "Patterns of withdrawals",
    "Breaker of payouts",
)
_I = "Deposits: what is held"
_C = "Transfers to other customers"
_T = "Trading"
U = Unit
MEANINGS: dict[str, Meaning] = {
    "band_medium_points": Meaning(_W, "Medium risk begins at", U.POINTS),
    "band_high_points": Meaning(_W, "High risk begins at", U.POINTS),
    "float_share_percent": Meaning(_W, "Counts as larger than any amount: more of the payout float than", U.PERCENT),
    "name_match_percent": Meaning(_W, "The name at the bank is alike from", U.PERCENT),
    "name_differs_points": Meaning(_W, "The name at the bank differs", U.POINTS),
    "screening_unavailable_points": Meaning(_W, "The lists could not be asked", U.POINTS),
    "screening_known_points": Meaning(_W, "Known public office", U.POINTS),
    "identity_due_points": Meaning(_W, "Who they are is to be looked at again", U.POINTS),
    "dispute_points": Meaning(_W, "Something is held for a dispute", U.POINTS),
    "new_destination_hours": Meaning(_D, "A new bank account", U.HOURS),
    "new_factor_hours": Meaning(_D, "The first second factor", U.HOURS),
    "sign_in_change_hours": Meaning(_D, "A changed password, a removed factor", U.HOURS),
    "contact_change_hours": Meaning(_D, "A new address, phone or further factor", U.HOURS),
    "unpaid_minutes": Meaning(_D, "Unpaid, until it is given back", U.MINUTES),
    "hour_count": Meaning(_P, "V1: withdrawals in an hour", U.NUMBER),
    "day_count": Meaning(_P, "V1: withdrawals in a day", U.NUMBER),
    "count_points": Meaning(_P, "V1: many in a short time", U.POINTS),
    "outflow_times_mean": Meaning(_P, "V2: a day's outflow, times the mean of 90 days", U.TIMES),
    "outflow_min": Meaning(_P, "V2: a day's outflow above", U.NAIRA),
    "outflow_history_count": Meaning(_P, "V2: withdrawals paid before, at least", U.NUMBER),
    "outflow_points": Meaning(_P, "V2: more than they are used to", U.POINTS),
    "hugging_percent": Meaning(_P, "V3: of the daily limit, from", U.PERCENT),
    "hugging_days": Meaning(_P, "V3: days of the last seven", U.NUMBER),
    "hugging_points": Meaning(_P, "V3: close to the limit day after day", U.POINTS),
    "structuring_low": Meaning(_P, "S1: just below what is reported, from", U.NAIRA),
    "structuring_high": Meaning(_P, "S1: what is reported, from", U.NAIRA),
    "structuring_company_low": Meaning(_P, "S2: just below what is reported of a business, from", U.NAIRA),
    "structuring_company_high": Meaning(_P, "S2: what is reported of a business, from", U.NAIRA),
    "structuring_count": Meaning(_P, "S1, S2: amounts that add up to a pattern", U.NUMBER),
    "structuring_points": Meaning(_P, "S1, S2: amounts kept below what is reported", U.POINTS),
    "pass_through_percent": Meaning(_P, "P1: of what came, leaves again", U.PERCENT),
    "pass_through_minutes": Meaning(_P, "P1: within", U.MINUTES),
    "pass_through_min": Meaning(_P, "P1: from an amount of", U.NAIRA),
    "pass_through_points": Meaning(_P, "P1: what came goes out again", U.POINTS),
    "dormant_days": Meaning(_P, "P4: quiet for", U.DAYS),
    "dormant_amount": Meaning(_P, "P4: above an amount of", U.NAIRA),
    "dormant_points": Meaning(_P, "P4: an account wakes up", U.POINTS),
    "new_account_days": Meaning(_P, "N1: an account younger than", U.DAYS),
    "new_account_amount": Meaning(_P, "N1: above an amount of", U.NAIRA),
    "new_account_points": Meaning(_P, "N1: a large amount from a new account", U.POINTS),
    "destination_shared_customers": Meaning(_P, "D2: customers with one bank account", U.NUMBER),
    "destination_shared_points": Meaning(_P, "D2: a shared bank account", U.POINTS),
    "takeover_hours": Meaning(_P, "A1: before the withdrawal, within", U.HOURS),
    "takeover_points": Meaning(_P, "A1: as if somebody else had come in", U.POINTS),
    "breaker_outflow_times": Meaning(_B, "A quarter of an hour's outflow, times the usual", U.TIMES),
    "breaker_outflow_min": Meaning(_B, "A quarter of an hour's outflow above", U.NAIRA),
    "breaker_float_percent": Meaning(_B, "Of what the payout float is topped up to, left at least", U.PERCENT),
    "transfer_unproved_amount": Meaning(_C, "Sent in a day without a second factor, at most", U.NAIRA),
    "deposit_alike_percent": Meaning(_I, "A sender's name is the customer's from", U.PERCENT),
    "deposit_unlike_percent": Meaning(_I, "A sender's name is somebody else's below", U.PERCENT),
    "deposit_other_sender_hours": Meaning(_I, "From a sender whose name differs, or is not known", U.HOURS),
    "deposit_new_payer_count": Meaning(_I, "The first payments by card of somebody", U.NUMBER),
    "deposit_card_new_hours": Meaning(_I, "Those are held for", U.HOURS),
    "deposit_young_days": Meaning(_I, "Somebody pays by card for less than", U.DAYS),
    "deposit_large_amount": Meaning(_I, "Then also held: above an amount of", U.NAIRA),
    "deposit_card_abroad_hours": Meaning(_I, "By a card from abroad", U.HOURS),
    "deposit_over_limit_hours": Meaning(_I, "To an account number, over a limit", U.HOURS),
    "quote_seconds": Meaning(_T, "A quote stands for", U.SECONDS),
    "quote_moved_bps": Meaning(_T, "It is not honoured once the price has moved against us by more than", U.BPS),
    "order_max": Meaning(_T, "The largest order", U.NAIRA),
}
GROUPS = tuple(dict.fromkeys(each.group for each in MEANINGS.values()))
BELOW = (
    ("band_medium_points", "band_high_points"),
    ("structuring_low", "structuring_high"),
    ("structuring_company_low", "structuring_company_high"),
    ("deposit_unlike_percent", "deposit_alike_percent"),
)


def request(name: str, value: int, *, starts_on: date, reason: str, maker: str, actor: Actor) -> Request:
    """Ask for another value of a threshold from a day on (it begins at midnight in Lagos).

    Raises BadThreshold, DayTaken, and as governance does.
    """
    was = queries.thresholds_without_owner().get(name)
    payload = {
        "name": name,
        "value": str(value),
        "was": None if was is None else str(was),
        "starts_on": starts_on.isoformat(),
    }
    return governance.submit(KIND.name, payload, target=target_of(name), reason=reason, maker=maker, actor=actor)


def target_of(name: str) -> str:
    """What requests about a threshold are filed under."""
    return f"threshold:{name}"


def in_words(name: str, value: int) -> str:
    """`₦5,000,000.00`, `24 hours`, `80 %`."""
    unit = MEANINGS[name].unit
    if unit is Unit.NAIRA:
        return str(Money(NGN, value))
    if unit is Unit.PERCENT:
        return f"{value} %"
    if unit is Unit.NUMBER:
        return str(value)
    return f"{value} {unit}" if value != 1 or unit is Unit.TIMES else f"1 {unit.removesuffix('s')}"


def typed(name: str, value: int) -> str:
    """As somebody types it."""
    return plain(Money(NGN, value)) if MEANINGS[name].unit is Unit.NAIRA else str(value)


def read(name: str, text: str) -> int:
    """What somebody typed. Raises BadThreshold."""
    meaning = MEANINGS.get(name)
    if meaning is None:
        raise errors.BadThreshold("Choose a threshold.")
    if meaning.unit is Unit.NAIRA:
        try:
            return parse(text, asset=NGN).units
        except InvalidAmount as refused:
            raise errors.BadThreshold(refused.message) from refused
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(MOST[Unit.NAIRA]))):
        raise errors.BadThreshold("Write it in digits.")
    return int(text)


def _check(payload: Payload) -> None:
    name, value, begin = payload["name"], int(payload["value"]), starts_at(payload)
    meaning = MEANINGS.get(name)
    if meaning is None:
        raise errors.BadThreshold("Choose a threshold.")
    least = 0 if meaning.unit in MAY_BE_NOTHING else 1
    if not least <= value <= MOST[meaning.unit]:
        most = in_words(name, MOST[meaning.unit])
        raise errors.BadThreshold(f"That is at least {in_words(name, least)} and at most {most}.")
    if payload["value"] == payload["was"]:
        raise errors.BadThreshold("That is what counts now.")
    if begin <= clock.now():
        raise errors.BadThreshold("A threshold begins on a day to come.")
    then = queries.thresholds_without_owner(at=begin) | {name: value}
    for low, high in BELOW:
        if name in {low, high} and then[low] >= then[high]:
            raise errors.BadThreshold(f"“{MEANINGS[low].words}” stays below “{MEANINGS[high].words}”.")
    if queries.threshold_begins_for_operators(name, at=begin):
        raise errors.DayTaken


def _set(agreed: Agreed) -> str:
    """The database looks at the request too."""
    _check(agreed.payload)
    fresh = Threshold(
        id=ids.new("rth"),
        name=agreed.payload["name"],
        value=int(agreed.payload["value"]),
        starts_at=starts_at(agreed.payload),
        request_id=agreed.request_id,
    )
    db.session.add(fresh)
    db.session.flush()
    return f"Begins on {agreed.payload['starts_on']}"


def _describe(payload: Payload) -> list[Line]:
    name, was = payload["name"], payload["was"]
    new, old = in_words(name, int(payload["value"])), None if was is None else in_words(name, int(was))
    meaning = MEANINGS[name]
    return [
        Line("For", meaning.group),
        Line(meaning.words, new, was=old),
        begins(payload),
    ]


KIND = Kind(
    name="risk.thresholds",
    title="Threshold of a check",
    make=Permission.LIMITS_REQUEST,
    dry_run=_check,
    execute=_set,
    describe=_describe,
    summary=lambda payload: f"Set a threshold: {MEANINGS[payload['name']].words}",
)

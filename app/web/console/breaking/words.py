"""What finance reads for reasons, ages and deeds, and which breaks an address asks for."""

from decimal import Decimal, InvalidOperation

from flask import request

from app.breaks.board import Sought
from app.breaks.bulk import Chosen
from app.breaks.rules import BANDS, Act
from app.identity import queries as identity
from app.matching.rules import Reason

REASONS = {
    Reason.MISSING_IN_LEDGER: "Missing in the books",
    Reason.MISSING_IN_STATEMENT: "Missing in the statement",
    Reason.AMOUNT_MISMATCH: "Another amount",
    Reason.FEE_VARIANCE: "Another fee",
    Reason.FX_ROUNDING: "Rounding",
    Reason.DUPLICATE_LINE: "Told twice",
    Reason.DUPLICATE_ENTRY: "Booked twice",
    Reason.TIMING: "Not told yet",
    Reason.NOT_COVERED: "No statement of its day",
    Reason.STATEMENT_DOES_NOT_TIE: "Statement does not tie",
    Reason.SEQUENCE_GAP: "Statements do not follow",
    Reason.RESTATED: "Told otherwise later",
    Reason.UNKNOWN_TYPE: "Row of unknown type",
    Reason.ANOTHER_ACCOUNT: "Account under another name",
}
# What is wrong with a statement itself, and how that ends.
OF_SHEETS = {
    Reason.STATEMENT_DOES_NOT_TIE: "Its opening balance and its lines are not its closing balance. Once a sound"
    " statement of the same days is here, this closes by itself.",
    Reason.SEQUENCE_GAP: "It begins with another balance than the one before ended with, or balances in it do not"
    " follow. Once what is missing is here, this closes by itself.",
    Reason.RESTATED: "What was told first stays counted until you take what is told now in its place. Ask the teller"
    " which of the two holds.",
    Reason.UNKNOWN_TYPE: "No line could be made of this row, so it is not counted as told. Once a file tells it so that"
    " one can, this closes by itself.",
    Reason.ANOTHER_ACCOUNT: "It names an account that was not told of before, and this source told of another of the"
    " same asset. Is it another account, say so: then what it had before its first statement is counted. Is it the same"
    " one under another name, book nothing: retire the source, and add one that goes on with it.",
}
VIEWS = {
    "todo": "To do",
    "late": "Overdue",
    "small": "Below a unit",
    "proposed": "Waits for treasury",
    "accepted": "Accepted",
    "all": "All that are open",
}
ACTS = {
    Act.ASSIGN: "Give to somebody",
    Act.COMMENT: "Comment",
    Act.ACCEPT: "Accept for a time",
    Act.WRITE_OFF: "Write off",
    Act.MERGE: "Merge into one",
}
PICKED_MAX = 200
_DIGITS_MAX = 19
LEASTS = ("1000", "10000", "100000", "1000000")
_AGES = tuple(f"{name} days" for name, _, _ in BANDS)


def ages() -> list[tuple[str, str]]:
    """Bands of age by their place."""
    return [(str(place), words) for place, words in enumerate(_AGES)]


def chosen() -> dict[str, str]:
    """What the address narrows the queue to; what it says that there is not is left out."""
    asked = {name: request.args.get(name, "") for name in ("view", "reason", "age", "least", "owner")}
    fits = {
        "view": asked["view"] in VIEWS and asked["view"] != "todo",
        "reason": asked["reason"] in set(Reason),
        "age": asked["age"].isdecimal() and int(asked["age"]) < len(BANDS),
        "least": _number(asked["least"]) is not None,
        "owner": len(asked["owner"]) < 60,  # noqa: PLR2004 (an id)
    }
    narrowed = {name: value for name, value in asked.items() if value and fits[name]}
    return narrowed | ({"row": ",".join(map(str, picked()))} if "row" in request.args else {})


def acts(narrowed: dict[str, str]) -> dict[Act, str]:
    """What may be done to what fits: what is less than a unit cannot be written off, and is best merged."""
    if narrowed.get("view") != "small":
        return ACTS
    return {act: ACTS[act] for act in (Act.MERGE, *ACTS) if act != Act.WRITE_OFF}


def picked() -> list[int]:
    """The rows that are chosen one by one."""
    told = ",".join(request.args.getlist("row")).split(",")
    return [int(each) for each in told if each.isascii() and each.isdecimal() and len(each) < _DIGITS_MAX][:PICKED_MAX]


def sought(narrowed: dict[str, str]) -> Sought:
    """The same, for who looks them up."""
    return Sought(
        view=narrowed.get("view", "todo"),
        reason=narrowed.get("reason", ""),
        band=int(narrowed["age"]) if "age" in narrowed else None,
        least=_number(narrowed.get("least", "")) or Decimal(0),
        owner=narrowed.get("owner", ""),
        these=tuple(picked()) if "row" in narrowed else None,
    )


def scope(account: str, narrowed: dict[str, str], found: Chosen) -> str:
    """Which breaks, in a sentence that says how many they are, what sum, and what of those below a unit is left out."""
    many, sum_of = len(found.rows), f"{found.amount:+,f} {account.rpartition(':')[2]}"
    if "row" in narrowed:
        return f"{f'the {many:,} breaks' if many > 1 else 'the one break'} of {account} that you chose, {sum_of}"
    every = "" if found.large or found.others else "all "
    words = [f"{every}{many:,}" if many > 1 else "the one"]
    if "view" in narrowed and narrowed["view"] not in {"all", "small"}:
        words.append({"late": "overdue"}.get(narrowed["view"], narrowed["view"]))
    reason = narrowed.get("reason")
    noun = "breaks" if many > 1 else "break"
    words.append(f"“{REASONS[Reason(reason)]}” {noun}" if reason else noun)
    words.append(f"of {account}")
    if narrowed.get("view") == "small":
        words.append("below a smallest unit of the books")
    if "age" in narrowed:
        words.append(f"that {'are' if many > 1 else 'is'} {_AGES[int(narrowed['age'])]} old")
    if "least" in narrowed:
        words.append(f"of at least ₦{_number(narrowed['least']):,f}")
    if "owner" in narrowed:
        names = identity.names_for_operators()
        owner = narrowed["owner"]
        words.append("that nobody has" if owner == "none" else f"that {names.get(owner, 'somebody')} has")
    left_out = [
        f"{found.large:,} large match{'es' if found.large > 1 else ''} left out" if found.large else "",
        "others wait for the next time, or something is asked for about them" if found.others else "",
    ]
    return "; ".join([f"{' '.join(words)}, {sum_of}", *filter(None, left_out)])


def _number(told: str) -> Decimal | None:
    try:
        found = Decimal(told.replace(",", "")) if told else None
    except InvalidOperation:
        return None
    return found if found is not None and found.is_finite() and 0 <= found < 10**15 else None

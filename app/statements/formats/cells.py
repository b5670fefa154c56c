"""Numbers, times and codes as tellers write them. ASCII digits alone; what cannot be read raises ValueError."""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from app.statements.formats.settings import DateOrder

_PLAIN = re.compile(r"[+-]?(?:[0-9]{1,60}(?:\.[0-9]{0,60})?|\.[0-9]{1,60})(?:[eE][+-]?[0-9]{1,2})?")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:,[0-9]{3}){1,19}(?:\.[0-9]{0,60})?")
_SPACES = re.compile(r"(?<=[0-9])[ \u00a0\u202f'’](?=[0-9]{3}(?:[^0-9]|$))")
_WITH_UNIT = re.compile(
    r"(?P<open>\()?(?P<sign>[+-])?(?P<symbol>[^0-9A-Za-z().,+ -]{0,3})(?P<number>[+-]?[0-9.,eE+-]+?)"
    r"(?: (?P<unit>[A-Z0-9]{1,20})|(?P<glued>[A-Z]{2}[A-Z0-9]{0,18}))?(?P<close>\))?"
)
_USUAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}")
_EXACT = re.compile(_USUAL.pattern + r"(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})?")
_ISO = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[T ](?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?P<part>\.[0-9]{1,9})?"
    r" ?(?P<zone>Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_NUMERIC = re.compile(
    r"(?P<first>[0-9]{1,4})(?P<sep>[/.-])(?P<second>[0-9]{1,2})(?P=sep)(?P<third>[0-9]{4}|[0-9]{2})"
    r"(?:,? (?P<time>[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)(?: ?(?P<half>[AaPp][Mm]))?)?"
)
_NAMED = re.compile(
    r"(?:(?P<day>[0-9]{1,2})[ -](?P<month>[A-Za-z]{3,9})\.?[ -](?P<year>[0-9]{4}|[0-9]{2})"
    r"|(?P<month2>[A-Za-z]{3,9})\.? (?P<day2>[0-9]{1,2}), (?P<year2>[0-9]{4}))"
    r"(?:,? (?P<time>[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?)?"
)
_SINCE_1970 = re.compile(r"(?P<seconds>[0-9]{9,11}(?:\.[0-9]{1,9})?)|(?P<thousandths>[0-9]{12,14})")
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_OF_NUMBERS, _SHORT = "0123456789.-", 40
_YEARS_WIDE = 4
_NOON = 12
_FIRST_YEAR, _TOO_EARLY = 1970, "that year is out of all range"


def number(text: str, *, decimal_comma: bool = False) -> Decimal:
    """`-1,234.50`, `6.0E-7`, `1 234.50`; with a decimal comma `1.234,50`."""
    plain = text.strip()
    if not decimal_comma and not plain.strip(_OF_NUMBERS) and len(plain) <= _SHORT:
        try:  # most of them, in a third of the time; what is written otherwise is looked at more closely
            return Decimal(plain)
        except InvalidOperation:
            pass
    if not decimal_comma and (_PLAIN.fullmatch(plain) or _GROUPED.fullmatch(plain)):
        return Decimal(plain.replace(",", ""))
    plain = _SPACES.sub("", plain)
    if decimal_comma:
        plain = plain.translate({ord("."): ",", ord(","): "."})
    if _PLAIN.fullmatch(plain):
        return Decimal(plain)
    if _GROUPED.fullmatch(plain):
        return Decimal(plain.replace(",", ""))
    raise ValueError("that is no number")


def amount(text: str) -> tuple[Decimal, str]:
    """A number with what surrounds it, and its unit: `€3,343.11`, `-€597.49`, `($53.62)`, `(1.0 ETH)`, `0.2 BTC`."""
    found = _WITH_UNIT.fullmatch(text.strip())
    if found is None or bool(found["open"]) != bool(found["close"]):
        raise ValueError("that is no amount")
    told = number((found["sign"] or "") + found["number"])
    return (told.copy_negate() if found["open"] else told), found["unit"] or found["glued"] or ""


def moment(text: str, zone: tzinfo, order: DateOrder = DateOrder.DAY_FIRST) -> tuple[datetime, date]:
    """The moment in UTC, and the day as the teller wrote it. A time without a zone is meant in `zone`."""
    told = text.strip()
    if zone is UTC and _USUAL.fullmatch(told):  # most exports, and a third of the time that reading them takes
        usual = datetime.fromisoformat(told).replace(tzinfo=UTC)
        if usual.year < _FIRST_YEAR:
            raise ValueError(_TOO_EARLY)
        return usual, usual.date()
    if _EXACT.fullmatch(told):
        local = datetime.fromisoformat(told)
    else:
        found = _ISO.fullmatch(told)
        local = _iso(found) if found else _written(told, order)
    if local.year < _FIRST_YEAR:
        raise ValueError(_TOO_EARLY)
    try:
        return (local if local.tzinfo else local.replace(tzinfo=zone)).astimezone(UTC), local.date()
    except OverflowError as far:
        raise ValueError("that date is out of all range") from far


def written(told: str) -> str:
    """A time as files write it, where an API tells seconds or thousandths of them since 1970."""
    found = _SINCE_1970.fullmatch(told)
    if found is None:
        return told
    places = 6 if found["seconds"] else 3
    return (_BEGINNING + timedelta(microseconds=int(Decimal(told).scaleb(places)))).isoformat()


def _iso(found: re.Match[str]) -> datetime:
    clock, zone = found["time"] or "00:00", found["zone"] or ""
    offset = {"Z": "+00:00", "UTC": "+00:00", "GMT": "+00:00"}.get(zone, zone)
    return datetime.fromisoformat(f"{found['day']}T{clock}{_seconds(clock, found['part'] or '')}{offset}")


def _seconds(clock: str, part: str) -> str:
    # Python keeps six digits of a second; further ones order nothing here.
    return part[:7].ljust(7, "0") if part and clock.count(":") > 1 else ""


@lru_cache(maxsize=1024)  # (a bank's file has thousands of lines of a day)
def _written(told: str, order: DateOrder) -> datetime:
    if found := _NUMERIC.fullmatch(told):
        digits = found["first"] if len(found["first"]) == _YEARS_WIDE else found["third"]
        first, second, third = (int(found[name]) for name in ("first", "second", "third"))
        if len(found["first"]) == _YEARS_WIDE:
            year, month, day = first, second, third
        elif order is DateOrder.DAY_FIRST:
            year, month, day = third, second, first
        else:
            year, month, day = third, first, second
        half = found["half"] or ""
    elif found := _NAMED.fullmatch(told):
        name = (found["month"] or found["month2"])[:3].lower()
        if name not in _MONTHS:
            raise ValueError("that is no month")
        digits = found["year"] or found["year2"]
        year, month = int(digits), _MONTHS.index(name) + 1
        day, half = int(found["day"] or found["day2"]), found["half"] or ""
    else:
        raise ValueError("that is no date")
    whole = year if len(digits) == _YEARS_WIDE else year + 2000
    return datetime.combine(date(whole, month, day), _clock(found["time"] or "", half))


def _clock(told: str, half: str) -> time:
    if not told:
        return time()
    hour, minute, second, *_ = (int(part) for part in f"{told}:00".split(":"))
    if half:
        if not 1 <= hour <= _NOON:
            raise ValueError("that is no hour")
        hour = hour % _NOON + (_NOON if half[0].lower() == "p" else 0)
    return time(hour, minute, second)


# Kraken's own letters: X before coins and Z before currencies of its first years; Luno says XBT too.
_TICKERS = {"XBT": "BTC", "XXBT": "BTC", "XDG": "DOGE", "XXDG": "DOGE"}
_LETTERED = {
    *("XETC", "XETH", "XLTC", "XMLN", "XREP", "XXLM", "XXMR", "XXRP", "XZEC"),
    *("ZAUD", "ZCAD", "ZEUR", "ZGBP", "ZJPY", "ZUSD"),
}


def ticker(code: str) -> str:
    """Our code for a teller's: BTC for XXBT and XBT, EUR for ZEUR. Any other stays as it is."""
    told = code.strip()
    return _TICKERS.get(told, told[1:] if told in _LETTERED else told)

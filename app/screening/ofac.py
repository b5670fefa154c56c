"""OFAC's list of specially designated nationals: SDN.CSV, with ALT.CSV and ADD.CSV beside it.

There is no header, and `-0-` is nothing. Birth dates, nationalities and numbers stand in the remarks, apart by
semicolons.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from app.screening.errors import ListUnreadable
from app.screening.loading import Faults
from app.screening.rules import Entry, Kind, Topic
from app.screening.written import between, born, clean, rows_of

ALIASES, ADDRESSES = "ALT.CSV", "ADD.CSV"
_KINDS = {"individual": Kind.PERSON, "vessel": Kind.VESSEL, "aircraft": Kind.VESSEL, "": Kind.ORGANISATION}
_COLUMNS, _ALIAS_COLUMNS, _ADDRESS_COLUMNS = 12, 5, 6
_NOTHING = "-0-"
_BIRTH = re.compile(r"(?:alt\. )?DOB (.+)")
_RANGE = re.compile(r"(.+?) to (.+)")
_COUNTRY = re.compile(r"(?:alt\. )?(?:nationality|citizen) (.+)")
_NAMED = (
    r"Passport|No\.|Number|ID|SSN|IMO|NIT|RIF|RUC|C\.U\.I\.T\.|C\.U\.R\.P\.|R\.F\.C\."  # how the kinds of numbers end
)
_NUMBER = re.compile(
    rf"(?:alt\. )?(?:[A-Za-z][A-Za-z .,&'/-]* )?(?:{_NAMED}) #?\s*((?=[^(]*\d)[A-Z0-9][\w/., -]*?)(?: \(.*\))?"
)
_NUMBERED = re.compile(r"\d{6,}")  # what looks like a number of somebody's, in a remark that nothing above reads


def read(path: Path, faults: Faults) -> Iterator[tuple[int, Entry]]:
    """The entries of SDN.CSV with what the files beside it say of them. Raises ListUnreadable where one is missing."""
    aliases = _beside(path, ALIASES, _ALIAS_COLUMNS, 3, faults)
    countries = _beside(path, ADDRESSES, _ADDRESS_COLUMNS, 4, faults)
    there = set()
    for number, row in rows_of(path, faults):
        fields = [_bare(each) for each in row]
        kind = _KINDS.get(fields[2].casefold()) if len(fields) == _COLUMNS else None
        if len(fields) != _COLUMNS:
            faults.lose(number, f"{len(fields)} fields, not {_COLUMNS}")
        elif not fields[0].isdecimal() or not fields[1]:
            faults.lose(number, "no number" if not fields[0].isdecimal() else "no name")
        elif kind is None:
            faults.lose(number, f"{fields[2]} is no type of entry")
        else:
            there.add(fields[0])
            yield number, _entry(fields, kind, number, (aliases[fields[0]], countries[fields[0]]), faults)
    for ref in sorted((aliases.keys() | countries.keys()) - there):
        if aliases[ref] or countries[ref]:
            faults.note(0, f"names or addresses of {ref}, which is not on the list")


def _entry(fields: list[str], kind: Kind, number: int, beside: tuple[list[str], list[str]], faults: Faults) -> Entry:
    remarks = [each.strip().rstrip(".") for each in fields[11].split(";")]
    births = [_birth(found) for found in _all(_BIRTH, remarks)]
    if not all(births):
        faults.note(number, f"a birth date that is none, left out: {fields[11]}")
    numbers = _all(_NUMBER, remarks)
    unread = [each for each in remarks if _NUMBERED.search(each) and not _NUMBER.fullmatch(each)]
    if unread:
        faults.note(number, f"a number that is not read: {'; '.join(unread)}")
    aliases, countries = beside
    return Entry(
        ref=fields[0],
        kind=kind,
        names=tuple(dict.fromkeys([fields[1], *aliases])),
        topics=(Topic.SANCTION,),
        births=tuple(dict.fromkeys(filter(None, births))),
        countries=tuple(dict.fromkeys([*_all(_COUNTRY, remarks), *countries])),
        identifiers=tuple(dict.fromkeys(numbers)),
        raw={"line": fields, "aliases": aliases},
    )


def _birth(written: str) -> str:
    """The day, or what it lies between."""
    ends = _RANGE.fullmatch(written)
    return between(*ends.groups()) if ends else born(written)


def _all(what: re.Pattern[str], remarks: list[str]) -> list[str]:
    return [found[1] for each in remarks if (found := what.fullmatch(each))]


def _beside(path: Path, name: str, columns: int, wanted: int, faults: Faults) -> dict[str, list[str]]:
    """One column of a file beside the list, by the number of the entry."""
    there = [each for each in path.parent.iterdir() if each.name.casefold() == name.casefold()]
    if not there:
        raise ListUnreadable(f"{name} is missing beside {path.name}: names without their aliases are half a list.")
    found: dict[str, list[str]] = defaultdict(list)
    for number, row in rows_of(there[0], faults):
        fields = [_bare(each) for each in row]
        if len(fields) != columns or not fields[0].isdecimal():
            faults.lose(number, f"{name}: {len(fields)} fields, not {columns}, or no number")
        else:
            found[fields[0]] += clean(fields[wanted])
    return found


def _bare(text: str) -> str:
    return "" if text.strip() == _NOTHING else text.strip()

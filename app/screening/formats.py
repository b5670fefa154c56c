"""The files that lists are published in, read entry by entry: OpenSanctions, OFAC, the United Kingdom's.

A line that cannot be read is noted with its number and the reason; nothing is passed over in silence. Lists of other
houses (Nigeria's NIGSAC among them) are published in OpenSanctions' shape too, and are read from that.
"""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from app.screening import ofac, xml_formats
from app.screening.errors import ListUnreadable
from app.screening.loading import Faults
from app.screening.rules import Entry, Kind, Topic
from app.screening.written import born, clean, rows_of, split

Read = Callable[[Path, Faults], Iterator[tuple[int, Entry]]]

_OPENSANCTIONS_LEAST = ("id", "schema", "name", "aliases", "birth_date", "countries", "identifiers")
_SCHEMAS = {
    "person": Kind.PERSON,
    "organization": Kind.ORGANISATION,
    "company": Kind.ORGANISATION,
    "publicbody": Kind.ORGANISATION,
    "legalentity": Kind.OTHER,
    "vessel": Kind.VESSEL,
    "airplane": Kind.VESSEL,
    "cryptowallet": Kind.ADDRESS,
    "address": Kind.ADDRESS,
}
_UNSCREENED = frozenset({"security"})
_UK_LEAST = ("Name 6", "Name 1", "DOB", "Group Type", "Group ID")
_UK_NAMES = ("Name 1", "Name 2", "Name 3", "Name 4", "Name 5", "Name 6")
_UK_KINDS = {"individual": Kind.PERSON, "entity": Kind.ORGANISATION, "ship": Kind.VESSEL}
_HEADER_WITHIN = 10


@dataclass(frozen=True)
class Format:
    """How a list is written, by whom, and the files beside the first one that belong to it."""

    title: str
    read: Read
    beside: tuple[str, ...] = ()


def opensanctions(path: Path, faults: Faults) -> Iterator[tuple[int, Entry]]:
    """`targets.simple.csv`: a header, several values of a field apart by semicolons. Raises ListUnreadable."""
    lines = rows_of(path, faults)
    header = _header(lines, _OPENSANCTIONS_LEAST)
    for number, row in lines:
        if len(row) != len(header):
            faults.lose(number, f"{len(row)} fields, not {len(header)}")
            continue
        named = dict(zip(header, row, strict=True))
        kind = _SCHEMAS.get(named["schema"].casefold())
        names = tuple(dict.fromkeys([*clean(named["name"]), *split(named["aliases"])]))
        if not named["id"] or not names:
            faults.lose(number, "no id" if not named["id"] else "no name")
        elif named["schema"].casefold() in _UNSCREENED:
            faults.note(number, f"{named['schema']} is nothing that is screened")
        elif kind is None:
            faults.lose(number, f"{named['schema']} is no type of entry")
        else:
            births = [born(each) for each in split(named["birth_date"])]
            if not all(births):
                faults.note(number, f"a birth date that is none, left out: {named['birth_date']}")
            yield (
                number,
                Entry(
                    ref=named["id"],
                    kind=kind,
                    names=names,
                    topics=_topics(named),
                    births=tuple(dict.fromkeys(filter(None, births))),
                    countries=split(named["countries"]),
                    identifiers=split(named["identifiers"]),
                    raw={key: text for key, text in named.items() if text},
                ),
            )


def _topics(named: dict[str, str]) -> tuple[str, ...]:
    """Why it is listed. A list that does not say so is taken for the worst."""
    said = {each.partition(".")[0] for each in split(named.get("topics", ""))}
    datasets = named.get("dataset", "").casefold()
    found = set()
    if "sanction" in said or named.get("sanctions") or "sanction" in datasets:
        found.add(Topic.SANCTION)
    if "role" in said or "pep" in datasets:
        found.add(Topic.PEP)
    if "crime" in said or "wanted" in said:
        found.add(Topic.CRIME)
    return tuple(sorted(found)) or (Topic.SANCTION,)


def united_kingdom(path: Path, faults: Faults) -> Iterator[tuple[int, Entry]]:
    """`ConList.csv`: below a line with the date a header; a line for each name, those of one target under one group."""
    lines = rows_of(path, faults)
    header = _header(lines, _UK_LEAST)
    groups: dict[str, list[tuple[int, dict[str, str]]]] = defaultdict(list)
    for number, row in lines:
        if len(row) != len(header):
            faults.lose(number, f"{len(row)} fields, not {len(header)}")
            continue
        named = dict(zip(header, row, strict=True))
        if not named["Group ID"].strip():
            faults.lose(number, "no group")
        elif named["Group Type"].strip().casefold() not in _UK_KINDS:
            faults.lose(number, f"{named['Group Type'] or 'nothing'} is no type of group")
        else:
            groups[named["Group ID"].strip()].append((number, named))
    for ref, group in groups.items():
        number, first = group[0]
        entry = _uk_entry(ref, first, [named for _, named in group])
        if entry.names:
            yield number, entry
        else:
            faults.lose(number, "no name")


def _uk_entry(ref: str, first: dict[str, str], rows: list[dict[str, str]]) -> Entry:
    def all_of(*columns: str) -> tuple[str, ...]:
        return tuple(
            dict.fromkeys(text.strip() for row in rows for name in columns if (text := row.get(name) or "").strip())
        )

    written = [" ".join(row[name].strip() for name in _UK_NAMES if row.get(name, "").strip()) for row in rows]
    births = tuple(filter(None, (born(each) for each in all_of("DOB"))))
    return Entry(
        ref=ref,
        kind=_UK_KINDS[first["Group Type"].strip().casefold()],
        names=tuple(dict.fromkeys(filter(None, (*written, *all_of("Name Non-Latin Script"))))),
        topics=(Topic.SANCTION,),
        births=tuple(dict.fromkeys(births)),
        countries=all_of("Nationality", "Country"),
        identifiers=all_of("Passport Number", "National Identification Number"),
        raw={"lines": [{key: text for key, text in row.items() if text} for row in rows]},
    )


def _header(lines: Iterator[tuple[int, list[str]]], least: tuple[str, ...]) -> list[str]:
    """The line that names the columns. Raises ListUnreadable where none does."""
    for number, row in lines:
        header = [each.strip() for each in row]
        if set(least) <= set(header):
            return header
        if number >= _HEADER_WITHIN:
            break
    raise ListUnreadable(f"No line names the columns {', '.join(least)}.")


FORMATS = {
    "opensanctions": Format("OpenSanctions", opensanctions),
    "ofac": Format("OFAC SDN", ofac.read, (ofac.ALIASES, ofac.ADDRESSES)),
    "un": Format("United Nations", xml_formats.united_nations),
    "uk": Format("United Kingdom", united_kingdom),
    "eu": Format("European Union", xml_formats.european_union),
}
csv.field_size_limit(1_000_000)  # (a target with hundreds of aliases on one line)

"""Lists that are published as XML: the United Nations' consolidated list, the European Union's financial sanctions.

Their entries are counted instead of lines. Documents that define types or entities of their own are not read.
"""

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError, iterparse

from app.screening.errors import ListUnreadable
from app.screening.loading import Faults
from app.screening.rules import Entry, Kind, Topic
from app.screening.written import between, born

_HEAD = 65_536
_UN_KINDS = {"INDIVIDUAL": Kind.PERSON, "ENTITY": Kind.ORGANISATION}
_UN_NAMES = ("FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME")
_EU_KINDS = {"P": Kind.PERSON, "E": Kind.ORGANISATION, "person": Kind.PERSON, "enterprise": Kind.ORGANISATION}


def united_nations(path: Path, faults: Faults) -> Iterator[tuple[int, Entry]]:
    """`consolidated.xml`. Raises ListUnreadable."""
    for number, found in _elements(path, "CONSOLIDATED_LIST", set(_UN_KINDS)):
        ref, kind = _text(found, "DATAID"), _tag(found)
        name = " ".join(filter(None, (_text(found, each) for each in _UN_NAMES)))
        aliases = _texts(found, f"{kind}_ALIAS", "ALIAS_NAME")
        names = tuple(dict.fromkeys(filter(None, [name, _text(found, "NAME_ORIGINAL_SCRIPT"), *aliases])))
        if not ref or not names:
            faults.lose(number, "no id" if not ref else "no name")
            continue
        births = [each for birth in found.iter("INDIVIDUAL_DATE_OF_BIRTH") for each in _un_births(birth)]
        yield (
            number,
            Entry(
                ref=ref,
                kind=_UN_KINDS[kind],
                names=names,
                topics=(Topic.SANCTION,),
                births=_dates(births, number, faults),
                countries=_once([*_texts(found, "NATIONALITY", "VALUE"), *_texts(found, f"{kind}_ADDRESS", "COUNTRY")]),
                identifiers=_once(_texts(found, "INDIVIDUAL_DOCUMENT", "NUMBER")),
                raw={
                    "reference": _text(found, "REFERENCE_NUMBER"),
                    "listed": _text(found, "LISTED_ON"),
                    "names": list(names),
                },
            ),
        )


def _un_births(birth: Element) -> list[str]:
    written = [_text(birth, each) for each in ("DATE", "YEAR")]
    ends = between(_text(birth, "FROM_YEAR"), _text(birth, "TO_YEAR"))
    return [each for each in (*written, ends) if each]


def european_union(path: Path, faults: Faults) -> Iterator[tuple[int, Entry]]:
    """`xmlFullSanctionsList_1_1`: what is known stands in attributes. Raises ListUnreadable."""
    for number, found in _elements(path, "export", {"sanctionEntity"}):
        ref = found.get("euReferenceNumber") or found.get("logicalId") or ""
        kinds = [
            _EU_KINDS.get(each.get("classificationCode") or each.get("code") or "")
            for each in _all(found, "subjectType")
        ]
        names = _once([_eu_name(each) for each in _all(found, "nameAlias")])
        if not ref or not names:
            faults.lose(number, "no id" if not ref else "no name")
            continue
        births = [_eu_birth(each) for each in _all(found, "birthdate")]
        homes = [*_all(found, "citizenship"), *_all(found, "address")]
        yield (
            number,
            Entry(
                ref=ref,
                kind=next(filter(None, kinds), Kind.OTHER),
                names=names,
                topics=(Topic.SANCTION,),
                births=_dates([each for each in births if each], number, faults),
                countries=_once([each.get("countryIso2Code") or "" for each in homes]),
                identifiers=_once([each.get("number") or "" for each in _all(found, "identification")]),
                raw={"logicalId": found.get("logicalId"), "names": list(names)},
            ),
        )


def _eu_birth(birth: Element) -> str:
    ends = between(birth.get("yearRangeFrom") or "", birth.get("yearRangeTo") or "")
    return birth.get("birthdate") or birth.get("year") or ends


def _eu_name(alias: Element) -> str:
    parts = (alias.get(each) or "" for each in ("firstName", "middleName", "lastName"))
    return alias.get("wholeName") or " ".join(filter(None, parts))


def _elements(path: Path, root: str, wanted: set[str]) -> Iterator[tuple[int, Element]]:
    """Each such element, counted; what was read is let go. Raises ListUnreadable."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
        if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
            raise ListUnreadable("This document defines types of its own, and no such list does.")
        file.seek(0)
        number, first = 0, ""
        try:
            for event, found in iterparse(file, events=("start", "end")):  # noqa: S314 (no definitions, see above)
                if not first and (first := _tag(found)) != root:
                    raise ListUnreadable(f"This document is a {first}, not a {root}.")
                if event == "end" and _tag(found) in wanted:
                    number += 1
                    yield number, found
                    found.clear()
        except ParseError as error:
            raise ListUnreadable(f"This document is broken: {error}.") from error


def _tag(found: Element) -> str:
    return found.tag.rpartition("}")[2]


def _all(found: Element, name: str) -> list[Element]:
    return [each for each in found.iter() if _tag(each) == name]


def _text(found: Element, name: str) -> str:
    return (found.findtext(name) or "").strip()


def _texts(found: Element, parent: str, name: str) -> list[str]:
    return [_text(each, name) for each in found.iter(parent)]


def _once(written: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.strip() for each in written if each.strip()))


def _dates(written: list[str], number: int, faults: Faults) -> tuple[str, ...]:
    read = [born(each) for each in written]
    if not all(read):
        faults.note(number, f"a birth date that is none, left out: {'; '.join(written)}")
    return _once(read)

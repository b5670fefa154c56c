"""Files of lists: what is read of each shape, and that no line is passed over in silence."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from app.core import clock
from app.core.db import leave, rows, transaction
from app.screening import flows, loading, queries, rules
from app.screening.errors import ListSuspicious, ListUnreadable, UnknownList
from app.screening.formats import FORMATS
from app.screening.loading import Faults
from app.screening.rules import Entry, Kind
from app.screening.written import born
from tests.makers import listed, people
from tests.makers.listed import AList, Listed, word

Write = Callable[..., Path]
HEAD = "id,schema,name,aliases,birth_date,countries,addresses,identifiers,sanctions,phones,emails,dataset,first_seen"
BROKEN = "e0,Person,too,many,,,,,,,,,,,,,,"
SYNTHETIC = Path(flows.__file__).parent / "synthetic"
UK_HEAD = (
    "Name 6,Name 1,Name 2,Name 3,Name 4,Name 5,Title,Name Non-Latin Script,DOB,Nationality,Passport Number,"
    "National Identification Number,Country,Group Type,Alias Type,Group ID"
)
UN = """<?xml version="1.0" encoding="UTF-8"?>
<CONSOLIDATED_LIST dateGenerated="2026-11-01T00:00:00Z"><INDIVIDUALS><INDIVIDUAL>
<DATAID>900100</DATAID><FIRST_NAME>EBENEZER</FIRST_NAME><SECOND_NAME>QUILLFEATHER</SECOND_NAME>
<REFERENCE_NUMBER>QDi.900</REFERENCE_NUMBER><NATIONALITY><VALUE>Nigeria</VALUE></NATIONALITY>
<INDIVIDUAL_ALIAS><QUALITY>Good</QUALITY><ALIAS_NAME>Eben Quill</ALIAS_NAME></INDIVIDUAL_ALIAS>
<INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>EXACT</TYPE_OF_DATE><DATE>1961-04-12</DATE></INDIVIDUAL_DATE_OF_BIRTH>
<INDIVIDUAL_DATE_OF_BIRTH><FROM_YEAR>1960</FROM_YEAR><TO_YEAR>1962</TO_YEAR></INDIVIDUAL_DATE_OF_BIRTH>
<INDIVIDUAL_DOCUMENT><TYPE_OF_DOCUMENT>Passport</TYPE_OF_DOCUMENT><NUMBER>ZZ1234567</NUMBER></INDIVIDUAL_DOCUMENT>
</INDIVIDUAL><INDIVIDUAL><DATAID>900101</DATAID></INDIVIDUAL></INDIVIDUALS>
<ENTITIES><ENTITY><DATAID>900200</DATAID><FIRST_NAME>MOONBEAM BISCUITS</FIRST_NAME>
<ENTITY_ALIAS><ALIAS_NAME>Moonbeam Trading</ALIAS_NAME></ENTITY_ALIAS>
<ENTITY_ADDRESS><COUNTRY>Ghana</COUNTRY></ENTITY_ADDRESS></ENTITY></ENTITIES></CONSOLIDATED_LIST>"""
EU = """<?xml version="1.0" encoding="UTF-8"?>
<export xmlns="http://eu.europa.ec/fpi/fsd/export" generationDate="2026-11-01">
<sanctionEntity euReferenceNumber="EU.900.1" logicalId="900"><subjectType code="person" classificationCode="P"/>
<nameAlias firstName="Ebenezer" lastName="Quillfeather" wholeName="Ebenezer Quillfeather"/>
<nameAlias firstName="Eben" lastName="Quill" wholeName=""/><citizenship countryIso2Code="NG"/>
<birthdate birthdate="1961-04-12" year="1961"/><birthdate yearRangeFrom="1960" yearRangeTo="1962"/>
<identification identificationTypeCode="passport" number="ZZ1234567"/></sanctionEntity>
<sanctionEntity logicalId="901"><subjectType classificationCode="E"/></sanctionEntity></export>"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write lines to a file."""

    def put(name: str, *lines: str) -> Path:
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return put


def read(format_: str, path: Path) -> tuple[dict[str, Entry], list[tuple[int, str]]]:
    faults = Faults()
    entries = {entry.ref: entry for _, entry in FORMATS[format_].read(path, faults)}
    assert faults.many == len(faults.kept)
    return entries, faults.kept


class TestOpenSanctions:
    def test_is_read(self, write: Write) -> None:
        line = 'a1,Person,Ebenezer Q,"Eben Q;E. Q",1961-04-12;1962,ng;gh,,ZZ1;ZZ2,A programme,,,a_list,2026-01-01'
        entries, faults = read("opensanctions", write("t.csv", HEAD, line))
        assert faults == []
        entry = entries["a1"]
        assert (entry.kind, entry.names) == (Kind.PERSON, ("Ebenezer Q", "Eben Q", "E. Q"))
        assert (entry.births, entry.countries, entry.identifiers) == (
            ("1961-04-12", "1962"),
            ("ng", "gh"),
            ("ZZ1", "ZZ2"),
        )
        assert entry.topics == ("sanction",)

    def test_says_why_somebody_is_listed(self, write: Write) -> None:
        lines = [f"p{n},Person,Eben Q,,,,,,{programme},,,{dataset}," for n, (programme, dataset) in enumerate(
            [("", "wd_peps"), ("A programme", "ng_nigsac_sanctions"), ("", "who_knows")]
        )]  # fmt: skip
        entries, _ = read("opensanctions", write("t.csv", HEAD, *lines))
        assert [entries[f"p{n}"].topics for n in range(3)] == [("pep",), ("sanction",), ("sanction",)]

    def test_broken_lines_are_named(self, write: Write) -> None:
        path = write(
            "t.csv",
            HEAD,
            "a1,Person,Ebenezer Q,,,,,,,,,,",
            "a2,Person,too,short",
            ",Person,No Id,,,,,,,,,,",
            "a4,Person,,,,,,,,,,,",
            "a5,Security,A Share,,,,,,,,,,",
            "a6,Person,Born Oddly,,1961-99-99,,,,,,,,",
            'a7,Person,"A quote" too many,,,,,,,,,,',
            "a8,Person,Last One,,,,,,,,,,",
        )
        entries, faults = read("opensanctions", path)
        assert sorted(entries) == ["a1", "a6", "a8"]
        assert [line for line, _ in faults] == [3, 4, 5, 6, 7, 8]
        assert [reason for _, reason in faults][:5] == [
            "4 fields, not 13",
            "no id",
            "no name",
            "Security is nothing that is screened",
            "a birth date that is none, left out: 1961-99-99",
        ]
        assert entries["a6"].births == ()

    def test_letters_that_cannot_be_read_do_not_drop_a_name(self, tmp_path: Path) -> None:
        path = tmp_path / "t.csv"
        path.write_bytes(f"{HEAD}\n".encode() + b"a1,Person,Jos\xe9 Quillfeather,,,,,,,,,,\n")
        entries, faults = read("opensanctions", path)
        assert list(entries) == ["a1"]
        assert [line for line, _ in faults] == [2]

    def test_another_file_is_refused(self, write: Write) -> None:
        with pytest.raises(ListUnreadable):
            read("opensanctions", write("t.csv", "a,b,c", "1,2,3"))


class TestOfac:
    def test_is_read_with_what_stands_beside_it(self) -> None:
        entries, faults = read("ofac", SYNTHETIC / "SDN.CSV")
        assert faults == []
        person, firm = entries["900001"], entries["900002"]
        assert person.names == ("QUILLFEATHER, Ebenezer", "QUILFEATHER, Eben")
        assert (person.kind, person.births, person.identifiers) == (Kind.PERSON, ("1961-04-12",), ("ZZ1234567",))
        assert person.countries == ("Nigeria",)
        assert (firm.kind, firm.identifiers) == (Kind.ORGANISATION, ("RC0000099",))
        assert entries["900003"].births == ("1975", "1976")
        assert entries["900004"].kind == Kind.VESSEL

    @pytest.mark.parametrize(
        ("remark", "births", "numbers", "unread"),
        [
            ("DOB 1950 to 1960; Passport A 765432 (Iran)", ("1950/1960",), ("A 765432",), 0),
            ("Registration ID 1234 5678; Cedula No. 9,304,567", (), ("1234 5678", "9,304,567"), 0),
            ("NIT # 800123456-7 (Colombia); Tax ID No. 1234567", (), ("800123456-7", "1234567"), 0),
            ("Some Card 1234567", (), (), 1),
        ],
    )
    def test_remarks_are_read_or_named(
        self, write: Write, remark: str, births: tuple[str, ...], numbers: tuple[str, ...], unread: int
    ) -> None:
        write("ALT.CSV", '1,1,"aka","QUILL, Eben","-0- "')
        write("ADD.CSV", '1,1,"-0- ","Lagos","Nigeria","-0- "')
        nothing = ",".join(['"-0- "'] * 7)
        entries, faults = read("ofac", write("SDN.CSV", f'1,"QUILL, E","individual","P",{nothing},"{remark}."'))
        assert (entries["1"].births, entries["1"].identifiers, len(faults)) == (births, numbers, unread)

    def test_without_its_aliases_is_half_a_list(self, write: Write) -> None:
        path = write("SDN.CSV", (SYNTHETIC / "SDN.CSV").read_text())
        with pytest.raises(ListUnreadable, match=r"ALT\.CSV"):
            read("ofac", path)

    def test_broken_lines_are_named(self, write: Write) -> None:
        write("ALT.CSV", '1,1,"aka","QUILL, Eben","-0- "', '7,2,"aka","NOBODY, At All","-0- "', "1,2")
        write("ADD.CSV", '1,1,"-0- ","Lagos","Nigeria","-0- "')
        nothing = ",".join(['"-0- "'] * 7)
        path = write(
            "SDN.CSV",
            f'1,"QUILLFEATHER, E","individual","P",{nothing},"DOB soon."',
            f'x,"NO NUMBER","individual","P",{nothing},"-0- "',
            f'3,"WHAT","planet","P",{nothing},"-0- "',
            '4,"SHORT"',
            "\x1a",
        )
        entries, faults = read("ofac", path)
        assert list(entries) == ["1"]
        assert [line for line, _ in faults] == [3, 1, 2, 3, 4, 0]
        assert faults[-1][1] == "names or addresses of 7, which is not on the list"


class TestUnitedKingdom:
    def test_lines_of_one_group_are_one_entry(self, write: Write) -> None:
        path = write(
            "ConList.csv",
            "Last Updated,01/11/2026",
            UK_HEAD,
            "QUILLFEATHER,Ebenezer,,,,,Mr,Эбен Квилл,12/04/1961,Nigeria,ZZ1234567,,Nigeria,Individual,Primary name,77",
            "QUILL,Eben,,,,,,,00/00/1961,,,,,Individual,AKA,77",
            "MOONBEAM BISCUITS,,,,,,,,,,,,Ghana,Entity,Primary name,78",
            "NOBODY,,,,,,,,,,,,,Planet,Primary name,79",
            "short,line",
        )
        entries, faults = read("uk", path)
        assert sorted(entries) == ["77", "78"]
        assert entries["77"].names == ("Ebenezer QUILLFEATHER", "Eben QUILL", "Эбен Квилл")
        assert entries["77"].births == ("1961-04-12", "1961")
        assert [line for line, _ in faults] == [6, 7]


class TestXml:
    def test_united_nations(self, write: Write) -> None:
        entries, faults = read("un", write("un.xml", UN))
        person, firm = entries["900100"], entries["900200"]
        assert person.names == ("EBENEZER QUILLFEATHER", "Eben Quill")
        assert (person.births, person.countries) == (("1961-04-12", "1960/1962"), ("Nigeria",))
        assert person.identifiers == ("ZZ1234567",)
        assert (firm.kind, firm.names) == (Kind.ORGANISATION, ("MOONBEAM BISCUITS", "Moonbeam Trading"))
        assert faults == [(2, "no name")]

    def test_european_union(self, write: Write) -> None:
        entries, faults = read("eu", write("eu.xml", EU))
        person = entries["EU.900.1"]
        assert (person.kind, person.names) == (Kind.PERSON, ("Ebenezer Quillfeather", "Eben Quill"))
        assert (person.births, person.countries, person.identifiers) == (
            ("1961-04-12", "1960/1962"),
            ("NG",),
            ("ZZ1234567",),
        )
        assert faults == [(2, "no name")]

    @pytest.mark.parametrize(
        "content",
        ["<other/>", UN[:600], '<!DOCTYPE a [<!ENTITY x "y">]><CONSOLIDATED_LIST/>', "no xml at all"],
        ids=["another", "cut short", "own entities", "none"],
    )
    def test_what_is_none_is_refused(self, write: Write, content: str) -> None:
        with pytest.raises(ListUnreadable):
            read("un", write("un.xml", content))


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("1961-04-12", "1961-04-12"),
        ("12 Apr 1961", "1961-04-12"),
        ("circa 1961", "1961"),
        ("Apr 1961", "1961-04"),
        ("12/04/1961", "1961-04-12"),
        ("00/04/1961", "1961-04"),
        ("00/00/1961", "1961"),
        ("1961-04-12T00:00:00", "1961-04-12"),
        ("1961-02-30", ""),
        ("soon", ""),
    ],
)
def test_a_birth_date(written: str, found: str) -> None:
    assert born(written) == found


class TestLoading:
    @pytest.fixture
    def ten(self, inside: Flask, tmp_path: Path) -> tuple[AList, list[Listed]]:
        made, entries = AList(tmp_path), [Listed(f"e{place}", f"{word()} {word()}") for place in range(10)]
        made.load(*entries)
        return made, entries

    def test_touches_only_what_changed(self, ten: tuple[AList, list[Listed]]) -> None:
        made, entries = ten
        version = made.load(*entries[1:], Listed("new", f"{word()} {word()}"))
        assert (version.added, version.changed, version.removed, version.entries) == (1, 0, 1, 10)

    def test_the_same_file_again_is_no_version(self, ten: tuple[AList, list[Listed]]) -> None:
        made, entries = ten
        assert made.load(*entries).id == made.load(*entries).id

    @pytest.mark.parametrize("left", [0, 7])
    def test_one_that_shrank_is_looked_at_first(self, ten: tuple[AList, list[Listed]], left: int) -> None:
        made, entries = ten
        with pytest.raises(ListSuspicious):
            made.load(*entries[:left])
        leave()
        (shown,) = [each for each in queries.lists_for_operators() if each.list.code == made.code]
        assert shown.list.live == 10
        assert shown.version is not None
        assert shown.version.refusal == ""
        assert shown.newest is not None
        assert (shown.newest.refusal, shown.newest.entries) == (ListSuspicious.message, left)
        leave()
        assert made.load(*entries[:left], anyway=True).removed == 10 - left

    def test_while_a_line_is_lost_nobody_is_gone(self, ten: tuple[AList, list[Listed]]) -> None:
        made, entries = ten
        version = made.load(*entries[1:], broken=BROKEN)
        assert (version.removed, version.lost_lines, version.changed) == (0, 1, 0)
        assert made.load(*entries[1:], broken=BROKEN, anyway=True).removed == 1

    def test_while_a_line_is_lost_a_name_stays(self, inside: Flask, write: Write) -> None:
        write("ADD.CSV", '1,1,"-0- ","Lagos","Nigeria","-0- "')
        sdn = write("SDN.CSV", f'1,"QUILL, {word()}","individual","P",{",".join(["-0-"] * 8)}')
        aliases = [f'1,{n},"aka","{word()} {word()}","-0- "' for n in range(5)]
        code, changed = f"ofac_{word()}".lower(), list[int]()
        for last in (aliases[4], f"{aliases[4]},one,more", f"{aliases[4]},one,more"):
            write("ALT.CSV", *aliases[:4], last)
            loaded = flows.load("ofac", sdn, code=code, anyway=len(changed) == 2, actor=listed.SYSTEM)
            changed.append(loaded.version.changed)
            listed.finish_all()
        assert changed == [0, 0, 1]

    def test_one_that_lost_its_further_names_is_looked_at_first(self, ten: tuple[AList, list[Listed]]) -> None:
        made, entries = ten
        made.load(*(replace(each, aliases=f"{word()} {word()}") for each in entries))
        with pytest.raises(ListSuspicious):
            made.load(*entries)

    def test_one_that_lost_a_fifth_is_taken(self, ten: tuple[AList, list[Listed]]) -> None:
        made, entries = ten
        assert made.load(*entries[:8]).removed == 2

    def test_one_that_is_retired_is_searched_no_more(self, ten: tuple[AList, list[Listed]]) -> None:
        made, entries = ten
        owner = people.customer()
        (hit_id,) = listed.screened(listed.subject(entries[0].name, owner)).hits
        AList(made.folder).load(Listed("other", f"{word()} {word()}"))
        assert flows.retire(made.code, actor=listed.SYSTEM) == 10
        assert (listed.hit(hit_id).state, queries.state_for_system(owner.id)) == ("dropped", "clear")
        assert made.code not in queries.versions_for_system()
        leave()
        with pytest.raises(UnknownList):
            flows.retire(made.code, actor=listed.SYSTEM)
        made.load(*entries[1:])
        assert queries.list_for_system(made.code).live == 9

    def test_one_that_nobody_loads_is_said_once(self, ten: tuple[AList, list[Listed]]) -> None:
        made, _ = ten
        assert made.code not in queries.aging_for_system(at=clock.now())
        with clock.at(clock.now() + rules.LIST_AGE_WARNED + timedelta(minutes=1)):
            assert made.code in queries.aging_for_system(at=clock.now())
            leave()
            with transaction(listed.SYSTEM):
                loading.warn_of_aging()
            assert made.code not in queries.aging_for_system(at=clock.now())
            leave()

    def test_one_that_breaks_half_way_leaves_the_old_one(self, ten: tuple[AList, list[Listed]], write: Write) -> None:
        made, _ = ten
        whole = UN.replace("900100", "1").replace("900200", "2")
        flows.load("un", write("un.xml", whole), code=f"{made.code}_un", actor=listed.SYSTEM)
        listed.finish_all()
        before = UN.replace("900100", "3").replace("</ENTITIES>", "<broken")
        with pytest.raises(ListUnreadable):
            flows.load("un", write("un.xml", before), code=f"{made.code}_un", actor=listed.SYSTEM)
        kept = rows(
            "SELECT entry_ref AS ref FROM screening_entries WHERE list_code = :c ORDER BY 1", c=f"{made.code}_un"
        )
        leave()
        assert [row.ref for row in kept] == ["1", "2"]

    def test_an_entry_that_stands_there_twice_is_named(self, ten: tuple[AList, list[Listed]]) -> None:
        made, entries = ten
        version = made.load(*entries, entries[0])
        assert (version.entries, version.bad_lines) == (10, 1)
        assert version.faults == [[12, "this entry was there before"]]


class TestTheCommand:
    def test_loads_the_invented_lists(self, app: Flask) -> None:
        run = app.test_cli_runner()
        said = run.invoke(args=["screening", "load", "ofac", str(SYNTHETIC / "SDN.CSV"), "--code", "ofac2"])
        assert (said.exit_code, "Entries: 4" in said.output) == (0, True)
        said = run.invoke(
            args=["screening", "load", "opensanctions", str(SYNTHETIC / "targets.simple.csv"), "--code", "os2"]
        )
        assert (said.exit_code, "line 4: a birth date that is none" in said.output) == (0, True)
        with app.app_context():
            listed.finish_all()
        assert "ofac2  4 entries" in run.invoke(args=["screening", "lists"]).output

    def test_says_by_its_exit_code_what_became_of_it(self, app: Flask, write: Write) -> None:
        run, code = app.test_cli_runner(), ["--code", f"c{word()}".lower()]
        assert run.invoke(args=["screening", "load", "opensanctions", str(write("t.csv", HEAD)), *code]).exit_code == 1
        assert run.invoke(args=["screening", "load", "un", str(write("t.xml", "<x/>")), *code]).exit_code == 2
        with app.app_context():
            leave()

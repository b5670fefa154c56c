"""Reports at the console: looked at, made as files beside the work, taken out on record, and made by themselves."""

import hashlib
import html
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from app.core import actor, clock, tasks
from app.core.clock import WAT
from app.core.db import db, leave, rows, transaction
from app.core.permissions import Role
from app.exports import queries, rules, service
from app.exports.errors import TooManyFiles
from app.exports.models import ReportFile
from app.exports.rules import FileState
from jobs import runtime
from reports import catalogue
from reports.catalogue import Rhythm
from tests.makers import books, browse, governed, mailbox, people, reporting, trading
from tests.web.console.conftest import Visitor, enter

pytestmark = pytest.mark.usefixtures("inside")

PAGE = "/console/reports"
SYSTEM = actor.system("test")
WorkOff = Callable[..., int]


def ask(client: FlaskClient, name: str = "finance-pack", *, format_: str = "pdf") -> TestResponse:
    """Send the form of a report's page, for today."""
    today = reporting.today().isoformat()
    at = f"{PAGE}/{name}"
    return browse.send(client, f"{at}/files", form_at=at, format=format_, **{"from": today, "to": today})


def newest(report: str) -> ReportFile:
    leave()
    (found,) = queries.files_for_operators(report=report, limit=1)
    leave()
    return found


def test_finance_makes_a_file_and_an_auditor_takes_it_out(visitor: Visitor, work_off: WorkOff) -> None:
    trading.dealer()
    finance, auditor = visitor(Role.FINANCE), visitor(Role.AUDITOR)
    answer = ask(finance, "customer-balances", format_="csv")
    assert answer.status_code == 303
    place = answer.location
    assert "It is being made" in finance.get(place).text
    assert ask(finance, "customer-balances", format_="csv").location == place  # (asked for twice it is one)
    work_off()
    file = newest("customer-balances")
    page = auditor.get(place).text
    assert "It is being made" not in page
    assert "Make a file" not in auditor.get(f"{PAGE}/customer-balances").text
    assert file.ties
    assert not file.untied
    answer = auditor.get(f"{place}/download")
    assert hashlib.sha256(answer.data).digest() == file.sha256
    assert len(answer.data) == file.size_bytes
    assert answer.headers["Content-Disposition"].endswith(f'customer-balances-{reporting.today()}.csv"')
    asked = "SELECT actor FROM audit.records WHERE table_name = 'report_files' AND row_id = :id AND action = 'insert'"
    assert rows(asked, id=file.id)[0].actor == file.asked_by
    (taken,) = rows("SELECT * FROM report_downloads WHERE file_id = :id", id=file.id)
    record = "SELECT actor FROM audit.records WHERE table_name = 'report_downloads' AND row_id = :id"
    assert rows(record, id=taken.id)[0].actor == f"operator:{taken.operator_id}"
    leave()


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.TREASURY, Role.COMPLIANCE_OFFICER])
def test_reports_are_not_for_everybody(visitor: Visitor, role: Role) -> None:
    client = visitor(role)
    for place in ("", "/finance-pack", "/files", "/schedules"):
        assert client.get(f"{PAGE}{place}").status_code == 403


@pytest.mark.parametrize("name", catalogue.BY_NAME)
def test_every_report_has_a_page_also_for_days_without_anything(visitor: Visitor, name: str) -> None:
    client = visitor(Role.AUDITOR)
    assert client.get(f"{PAGE}/{name}").status_code == 200
    empty = client.get(f"{PAGE}/{name}?from=2001-03-01&to=2001-03-02")
    assert empty.status_code == 200
    assert any(section.empty in html.unescape(empty.text) for section in catalogue.one(name).compose(_long_ago(name)))
    if catalogue.one(name).chart:
        assert client.get(f"{PAGE}/{name}.json?from=2001-03-01&to=2001-03-02").json


def _long_ago(name: str) -> catalogue.Parameters:
    return catalogue.asked(catalogue.one(name), {"from": "2001-03-01", "to": "2001-03-02"})


@pytest.mark.parametrize(
    "bad",
    ["to=2001-13-01", "to=1999-01-01", "to=2199-01-01", "from=2001-02-02&to=2001-02-01", "asset=NONE&to=2001-02-01"],
)
def test_days_that_are_none_are_said_and_the_page_stays(visitor: Visitor, bad: str) -> None:
    answer = visitor(Role.FINANCE).get(f"{PAGE}/volumes?{bad}")
    assert answer.status_code == 422
    assert "Choose" in answer.text or "Write a day" in answer.text or "no such asset" in answer.text


def test_nobody_has_more_under_way_than_are_made_at_a_time(visitor: Visitor) -> None:
    who = actor.operator(people.operator(Role.FINANCE)[0])
    with transaction(who):
        for day in range(rules.UNDER_WAY_MAX):
            service.ask("volumes", parameters={"to": f"2001-01-0{day + 1}"}, format_="csv", actor=who)
        with pytest.raises(TooManyFiles):
            service.ask("volumes", parameters={"to": "2002-01-01"}, format_="csv", actor=who)
    db.session.rollback()


def test_a_file_is_gone_when_its_time_is_over(visitor: Visitor, work_off: WorkOff) -> None:
    client = visitor(Role.FINANCE)
    place = ask(client, "ageing").location
    early = client.get(f"{place}/download")
    assert early.location.endswith(place)
    work_off()
    file = newest("ageing")
    assert client.get(f"{place}/download").data.startswith(b"%PDF")
    with clock.at(clock.now() + rules.KEPT_FOR + timedelta(minutes=1)), transaction(SYSTEM):
        while service.sweep(actor=SYSTEM):
            pass
    leave()
    assert rows("SELECT count(*) AS n FROM report_pieces WHERE file_id = :id", id=file.id)[0].n == 0
    leave()
    assert "Its time is over" in client.get(place).text
    assert client.get(f"{place}/download").status_code == 303


def test_made_twice_the_first_one_stays(visitor: Visitor, work_off: WorkOff, tmp_path: Path) -> None:
    ask(visitor(Role.FINANCE), "settlement", format_="xlsx")
    file = newest("settlement")
    work_off()
    first = newest("settlement")
    assert first.state == FileState.READY
    # A second worker that had begun, too, comes to its end later: what was kept first stays.
    with transaction(SYSTEM):
        service.keep(file.id, service.Made(tmp_path / "none", 0, [], clock.now()), actor=SYSTEM)
    assert newest("settlement").sha256 == first.sha256


def test_what_means_nothing_any_more_fails_and_says_so(visitor: Visitor, work_off: WorkOff) -> None:
    who = actor.operator(people.operator(Role.FINANCE)[0])
    with transaction(who):
        asked = {"to": "2001-01-01", "asset": "GONE"}
        file_id = service.ask("volumes", parameters=asked, format_="csv", actor=who)
    work_off()
    page = visitor(Role.AUDITOR).get(f"{PAGE}/files/{file_id}").text
    assert "It could not be made" in page
    assert "There is no such asset." in page
    leave()


class TestSchedules:
    def test_a_schedule_is_made_on_its_morning_and_whoever_may_read_is_told_a_link(
        self, app: Flask, visitor: Visitor, work_off: WorkOff, owner_engine: Engine
    ) -> None:
        reader, address = people.operator(Role.AUDITOR)
        dismissed, former = people.operator(Role.AUDITOR)
        leave()
        client = enter(app, Role.FINANCE)
        form = {"report": "finance-pack", "rhythm": "daily", "format": "pdf"}
        where = f"{PAGE}/schedules"
        assert browse.send(client, where, **form).status_code == 422  # (nobody would be told)
        assert browse.send(client, where, **form, readers=people.operator(Role.SUPPORT)[0]).status_code == 422
        token = browse.token_of(client.get(where))
        sent = client.post(where, data={"csrf_token": token, **form, "readers": [reader, dismissed]})
        assert sent.status_code == 303
        leave()
        schedule = queries.schedules_for_operators()[-1]
        leave()
        assert schedule.next_on == reporting.today() + timedelta(days=1)
        governed.set_roles(owner_engine, dismissed, Role.SUPPORT)
        morning = datetime.combine(schedule.next_on + timedelta(days=2), rules.MADE_AT, WAT)
        _begin_due(app, morning)
        _begin_due(app, morning)  # (twice is once)
        found = rows("SELECT slot FROM report_files WHERE schedule_id = :id ORDER BY slot", id=schedule.id)
        leave()
        assert [row.slot - schedule.next_on for row in found] == [timedelta(days=number) for number in range(3)]
        with clock.at(morning):
            work_off()
        letters = [letter for letter in mailbox.letters_to(address) if "finance pack" in letter.subject]
        assert len(letters) == 3
        assert "/console/reports/files/rpf_" in letters[0].body
        assert "₦" not in letters[0].body
        assert not [subject for subject in mailbox.subjects_to(former) if "finance pack" in subject]
        end = f"{where}/{schedule.id}/end"
        assert browse.send(client, end, form_at=where).status_code == 303
        leave()
        assert schedule.id not in {each.id for each in queries.schedules_for_operators()}
        leave()
        _begin_due(app, morning + timedelta(days=3))
        assert len(rows("SELECT id FROM report_files WHERE schedule_id = :id", id=schedule.id)) == 3
        leave()

    def test_weeks_and_months_are_those_that_are_over(self) -> None:
        monday, first = date(2026, 11, 23), date(2026, 12, 1)
        assert [str(day) for day in catalogue.over(Rhythm.WEEKLY, monday)] == ["2026-11-16", "2026-11-22"]
        assert [str(day) for day in catalogue.over(Rhythm.MONTHLY, first)] == ["2026-11-01", "2026-11-30"]
        assert str(catalogue.next_day(Rhythm.WEEKLY, monday)) == "2026-11-30"
        assert str(catalogue.next_day(Rhythm.MONTHLY, first)) == "2027-01-01"
        assert str(catalogue.next_day(Rhythm.DAILY, first)) == "2026-12-02"


def _begin_due(app: Flask, moment: datetime) -> None:
    """The clock's job, as it runs at a moment."""
    with clock.at(moment), transaction(SYSTEM):
        tasks.add("reports.begin_due", ref=books.fresh("test"), queue="default")
    with clock.at(moment):
        runtime.drain(app)

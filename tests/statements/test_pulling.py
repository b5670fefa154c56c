"""Statements that we ask for ourselves: the same lines as the files tell, each once, and no day lost."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from app.clients.bundle import Clients
from app.clients.http import Silent
from app.clients.paystack import Paystack
from app.core import actor, clock
from app.core.db import leave, rows, transaction
from app.statements import errors, flows, pull_flows, pull_service, queries, service
from app.statements.models import Pull, Source
from app.statements.rules import PULLED_AGAIN, Days, PullState
from jobs.runtime import drain
from jobs.statements import LATE, watch
from jobs.work import Work
from tests.makers import books, people
from tests.makers.exchange import ExchangeProcess
from tests.makers.people import naira
from tests.makers.sandbox import SandboxProcess
from tests.statements.test_bringing import lines_of, made

TEST = actor.system("test")
ONE_DAY = timedelta(days=1)
pytestmark = pytest.mark.usefixtures("inside")


class Shop(Paystack):
    """A vendor that lists so many transfers each day at noon, or nothing but silence."""

    def __init__(self, each_day: int, *, silent: bool = False) -> None:
        super().__init__("http://127.0.0.1:1", secret_key="sk_test_nobody")
        self.each_day, self.silent, self.asked = each_day, silent, list[tuple[datetime, datetime]]()

    def as_told(self, name: str, since: datetime, until: datetime) -> Iterable[Mapping[str, Any]]:  # type: ignore[override]
        self.asked.append((since, until))
        if self.silent:
            raise Silent
        noon = since.replace(hour=12, minute=0, second=0, microsecond=0)
        while noon < until:
            for number in range(self.each_day if noon >= since else 0):
                code = f"TRF_{noon:%Y%m%d}{number:05d}"
                yield {
                    "transfer_code": code, "reference": code.lower(), "amount": 5_000, "fee_charged": 1_000,
                    "status": "success", "createdAt": noon.isoformat(), "currency": "NGN",
                }  # fmt: skip
            noon += ONE_DAY


def asked_of(format_name: str, *, days: int = 5, **settings: str) -> Source:
    """A source that is asked each hour, from so many days ago on."""
    source = queries.source_for_operators(made(format_name, zone="Africa/Lagos", **settings))
    with transaction(TEST):
        pull_service.set_rhythm(source, every=3_600, since=clock.now().astimezone(source.tz).date() - days * ONE_DAY)
    leave()
    return queries.source_for_operators(source.name)


def pulled(app: Flask, source: Source, paystack: Paystack | None = None) -> Pull:
    """Asked, answered, and read by who hears of it."""
    clients: Clients = app.extensions["clients"]
    with transaction(TEST):
        pull_id = pull_service.ask(source.id, actor=TEST).id
    if paystack:
        pull_flows.pull(pull_id, clients=replace(clients, paystack=paystack), actor=TEST)
    drain(app)
    found = queries.pull_for_system(pull_id)
    leave()
    return found


def days_of(source: Source) -> list[Days]:
    found = queries.coverage_for_operators(source.id)
    leave()
    return found


def test_paystacks_list_tells_what_its_file_tells(inside: Flask, sandbox: SandboxProcess) -> None:
    owner, client = people.customer(), inside.extensions["clients"].paystack
    people.paid_in(owner, naira(5_000), app=inside, sandbox=sandbox)
    people.paid_in(owner, naira(1_200), app=inside, sandbox=sandbox)
    # (the unit of the sandbox's file stands nowhere in it; the list needs no telling)
    source = asked_of("paystack-transactions", unit="minor")
    other = made("paystack-transactions", zone="Africa/Lagos", unit="minor")
    with clock.at(clock.now() + timedelta(minutes=5)):  # (what came a moment ago is not asked for yet)
        done = pulled(inside, source)
    assert (done.state, done.trouble, done.files) == (PullState.DONE, "", 1)
    by_api = lines_of(source.name)
    assert len(by_api) >= 2
    file = client.export_charges(done.since, done.until)
    told, _ = flows.bring(other, name="export.csv", body=file, actor=TEST)
    leave()
    assert told.rows_rejected == 0
    assert sorted(map(str, lines_of(other))) == sorted(map(str, by_api))
    again, _ = flows.bring(source.name, name="export.csv", body=file, actor=TEST)
    assert (again.lines_added, again.lines_restated, again.lines_known) == (0, 0, len(by_api))
    leave()


def test_krakens_ledger_tells_what_its_file_tells(inside: Flask, exchange: ExchangeProcess) -> None:
    exchange.fund("XXBT", "0.75")
    exchange.fund("USDT", "1500.25")
    other, source = made("kraken-ledgers"), asked_of("kraken-ledgers")
    file = exchange.statement("ledgers").encode()
    told, _ = flows.bring(source.name, name="ledgers.csv", body=file, actor=TEST)
    leave()
    assert told.lines_added >= 2
    with clock.at(clock.now() + timedelta(minutes=5)):  # (what came a moment ago is not asked for yet)
        done = pulled(inside, source)
    assert (done.state, done.trouble) == (PullState.DONE, "")
    assert done.rows_told == told.lines_added
    assert len(lines_of(source.name)) == told.lines_added
    (row,) = rows(
        "SELECT lines_known, lines_added, rows_rejected FROM statement_imports"
        " WHERE source_id = :id AND name LIKE '%json'",
        id=source.id,
    )
    leave()
    assert (row.lines_known, row.lines_added, row.rows_rejected) == (told.lines_added, 0, 0)
    flows.bring(other, name="ledgers.csv", body=file, actor=TEST)
    leave()
    assert lines_of(other) == lines_of(source.name)


def test_days_on_which_nothing_happened_are_covered_and_todays_is_not(inside: Flask) -> None:
    source = asked_of("paystack-transfers", days=40)
    account = books.account("asset")
    with transaction(TEST):
        service.stand_for(source.id, asset="NGN", account=account)
    done = pulled(inside, source, Shop(0))
    assert (done.state, done.rows_told, done.files) == (PullState.DONE, 0, 2)
    today = clock.now().astimezone(source.tz).date()
    assert days_of(source) == [Days(today - 40 * ONE_DAY, today - ONE_DAY)]


def test_a_busy_list_comes_in_files_of_whole_days_and_each_line_once(
    inside: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    # (so that a hundred lines are many; a real file has ten thousand)
    monkeypatch.setattr(pull_flows, "ROWS_MAX", 25)
    source, shop = asked_of("paystack-transfers", days=20), Shop(10)
    done = pulled(inside, source, shop)
    assert (done.state, done.rows_told) == (PullState.DONE, len(lines_of(source.name)))
    assert done.files > 5
    account = books.account("asset")
    with transaction(TEST):
        service.stand_for(source.id, asset="NGN", account=account)
    again = pulled(inside, source, shop)
    assert len(lines_of(source.name)) == done.rows_told
    assert done.until - PULLED_AGAIN - ONE_DAY < again.since <= done.until - PULLED_AGAIN
    assert len(days_of(source)) == 1


def test_who_is_silent_is_asked_for_the_same_again(inside: Flask) -> None:
    source = asked_of("paystack-transfers", days=3)
    failed = pulled(inside, source, Shop(1, silent=True))
    assert (failed.state, failed.trouble != "") == (PullState.FAILED, True)
    assert days_of(source) == []
    done = pulled(inside, source, Shop(1))
    assert (done.state, done.since) == (PullState.DONE, failed.since)


def test_a_worker_killed_between_two_files_loses_none_and_doubles_none(
    inside: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    # (so that there are several files)
    monkeypatch.setattr(pull_flows, "ROWS_MAX", 25)
    source, clients = asked_of("paystack-transfers", days=8), inside.extensions["clients"]

    class Mortal(Shop):
        def as_told(self, name: str, since: datetime, until: datetime) -> Iterable[Mapping[str, Any]]:  # type: ignore[override]
            yield from super().as_told(name, since, until)
            if len(self.asked) > 4:
                raise KeyboardInterrupt

    with transaction(TEST):
        pull = pull_service.ask(source.id, actor=TEST)
    with pytest.raises(KeyboardInterrupt):
        pull_flows.pull(pull.id, clients=replace(clients, paystack=Mortal(10)), actor=TEST)
    leave()
    for _ in range(2):  # (a job may come twice)
        pull_flows.pull(pull.id, clients=replace(clients, paystack=Shop(10)), actor=TEST)
    drain(inside)
    found = lines_of(source.name)
    assert len(found) == len(set(found)) == queries.pull_for_system(pull.id).rows_told
    leave()


def test_is_asked_when_its_time_has_come_and_one_at_a_time(inside: Flask) -> None:
    source = asked_of("paystack-balance")
    with transaction(TEST):
        first = pull_service.ask(source.id, actor=TEST).id
        assert pull_service.ask(source.id, actor=TEST).id == first
    with transaction(TEST):
        assert source.id not in queries.sources_to_pull_for_system(clock.now())
        pull_service.finish(first, rows=0, files=1, actor=TEST)
        assert source.id not in queries.sources_to_pull_for_system(clock.now())
        assert source.id in queries.sources_to_pull_for_system(clock.now() + timedelta(hours=1, minutes=1))
    with transaction(TEST):
        pull_service.set_rhythm(source, every=None, since=clock.now().date() - 9 * ONE_DAY)
    assert source.id not in queries.sources_to_pull_for_system(clock.now() + 9 * ONE_DAY)
    leave()


def test_says_what_cannot_be_asked() -> None:
    by_hand = queries.source_for_operators(made("mt940"))
    paystack = queries.source_for_operators(made("paystack-balance"))
    yesterday = clock.now().date() - 2 * ONE_DAY
    for source, every, since in (
        (by_hand, 3_600, yesterday),
        (paystack, 17, yesterday),
        (paystack, 3_600, clock.now().date()),
    ):
        with pytest.raises(errors.BadPull), transaction(TEST):
            pull_service.set_rhythm(source, every=every, since=since)
    with pytest.raises(errors.BadPull), transaction(TEST):
        pull_service.ask(paystack.id, actor=TEST)
    leave()


def test_what_is_late_is_a_case_once_however_it_is_told(inside: Flask) -> None:
    told, silent = asked_of("paystack-transfers"), asked_of("paystack-payouts")
    for source in (told, silent):
        account = books.account("asset")
        with transaction(TEST):
            service.stand_for(source.id, asset="NGN", account=account)
        pulled(inside, source, Shop(0))
    clock_work = Work("test", "", {}, inside.extensions["clients"], TEST)
    with clock.at(clock.now() + 4 * ONE_DAY):
        pulled(inside, told, Shop(0))
        for _ in range(2):
            watch(clock_work)
    found = rows("SELECT subject FROM cases WHERE kind = :kind AND subject = ANY(:both)", kind=LATE,
                 both=[told.id, silent.id])  # fmt: skip
    leave()
    assert [one.subject for one in found] == [silent.id]

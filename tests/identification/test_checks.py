"""Checks against the sandbox's registers over real HTTP: every outcome, bounds, who sees what, tries that overlap."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import Engine, select, text

from app.clients.kyc import Outcome, Registry
from app.core import actor, clock, machine
from app.core.db import atomically, db, for_everyone, leave, narrow, rows, transaction, widen
from app.core.errors import NotFound
from app.identification import errors, flows, queries, rules, service
from app.identification.models import IdentityCheck
from app.identification.queries import Opened
from app.identification.rules import CheckState, Given, Kind
from app.identification.service import Attempt, Record
from dev.embedded import Servers
from jobs import relay
from jobs.queues import Waker
from tests.makers import identities, people
from tests.makers.house import redis_database
from tests.makers.identities import BORN
from tests.makers.people import Customer
from tests.makers.sandbox import SECRET, SandboxProcess
from tests.web.test_canaries import kept_in

SYSTEM = actor.system("test")
IMPATIENT_SECONDS = 0.4
FOLLOWS_WITHIN_SECONDS = 0.7  # who does not wait is done by then; who does would wait two seconds
OWN_REDIS = 15


@pytest.fixture
def owner(inside: Flask) -> Customer:
    return people.customer()


@pytest.fixture
def impatient(sandbox: SandboxProcess) -> Registry:
    """The client, waiting only a little."""
    return Registry(f"{sandbox.url}/registry", token=SECRET, read_seconds=IMPATIENT_SECONDS)


def answer(check_id: str, app: Flask, kyc: Registry | None = None) -> timedelta | None:
    clients = app.extensions["clients"]
    return flows.answer(check_id, kyc=kyc or clients.kyc, paystack=clients.paystack, actor=SYSTEM)


def check(check_id: str) -> IdentityCheck:
    leave()
    return db.session.get_one(IdentityCheck, check_id)


def opened(check_id: str) -> Opened:
    (found,) = [one for one in queries.of_customer_for_operators(check(check_id).customer_id) if one.id == check_id]
    leave()
    return found


def begin(check_id: str) -> Attempt:
    attempt = atomically(lambda: service.begin_attempt(check_id), actor=SYSTEM)
    assert attempt is not None
    return attempt


class TestEveryOutcome:
    @pytest.mark.parametrize("kind", [Kind.BVN, Kind.NIN])
    @pytest.mark.parametrize(
        ("family", "verdict"),
        [
            (identities.ECHO, "match"),
            (identities.PART, "review"),
            (identities.SWAPPED, "review"),
            (identities.NOBODY, "not_found"),
            (identities.REFUSED, "not_found"),
            (identities.OTHER, "mismatch"),
        ],
    )
    def test_is_written_down_by_the_job(
        self, owner: Customer, work_off: Callable[..., int], kind: Kind, family: str, verdict: str
    ) -> None:
        asked = identities.ask(owner, identities.number(family), kind=kind)
        assert check(asked).state == CheckState.ASKED
        work_off()
        found = check(asked)
        assert (found.state, found.verdict, found.attempts) == (CheckState.ANSWERED, verdict, 1)
        assert [move.new_state for move in machine.history(asked)] == ["asked", "answered"]
        told = rows("SELECT facts FROM outbox WHERE name = 'identification.answered' AND subject = :id", id=asked)
        leave()
        facts = {"check_id": asked, "customer_id": owner.id, "kind": kind, "verdict": verdict}
        assert [row.facts for row in told] == [facts]

    def test_a_company_is_found_by_its_name(self, owner: Customer, inside: Flask, sandbox: SandboxProcess) -> None:
        record = {"kind": "company", "number": "RC7123456", "name": "OBI AND DAUGHTERS LIMITED"}
        sandbox.control("POST", "records", record)
        for name, verdict in (("Obi and Daughters Limited", "match"), ("Kano Textile Mills", "mismatch")):
            asked = identities.ask(owner, "rc 712-3456", kind=Kind.COMPANY, given=Given(name), subject=name)
            answer(asked, inside)
            assert check(asked).verdict == verdict

    @pytest.mark.parametrize(
        ("written", "verdict"),
        [
            ("OBI, ADA", "match"),
            ("Àdá Obí", "match"),
            ("ADAOBI OBI", "match"),
            ("ADA NGOZI OBI", "match"),
            ("ADA OBIORA", "match"),
            ("ADA", "review"),
            ("MUSA IBRAHIM", "mismatch"),
        ],
    )
    def test_names_are_compared_as_people_write_them(
        self, owner: Customer, inside: Flask, sandbox: SandboxProcess, written: str, verdict: str
    ) -> None:
        asked_number = identities.number("2233")
        record = {"kind": "bvn", "number": asked_number, "name": written, "birth_date": BORN.isoformat()}
        sandbox.control("POST", "records", record)
        asked = identities.ask(owner, asked_number)
        answer(asked, inside)
        found = opened(asked)
        assert found.verdict == verdict, found
        assert (found.given["name"], found.found) == (
            "Ada Obi",
            {"name": written, "birth_date": BORN.isoformat(), "phone": "", "gender": ""},
        )
        assert found.explanation["birth_date"] == "same"
        assert found.explanation["pairs"]


class TestNoAnswer:
    @pytest.mark.parametrize("trouble", ["down", "busy", "drop", "late"])
    def test_is_never_a_pass_and_may_be_asked_again(
        self, owner: Customer, inside: Flask, sandbox: SandboxProcess, impatient: Registry, trouble: str
    ) -> None:
        sandbox.knobs(registry=trouble, late_ms=int(IMPATIENT_SECONDS * 2500))
        asked = identities.ask(owner, identities.number(identities.ECHO))
        pauses = [answer(asked, inside, impatient) for _ in range(rules.ATTEMPTS_MAX)]
        assert pauses == [*rules.PAUSES, None]
        found = check(asked)
        assert (found.state, found.verdict, found.answered_at) == (CheckState.UNAVAILABLE, None, None)
        assert found.trouble == flows.SILENT
        assert sandbox.calls("/registry/lookups", reference=asked) == rules.ATTEMPTS_MAX
        assert answer(asked, inside) is None  # a wake-up that comes late asks nobody
        assert sandbox.calls("/registry/lookups", reference=asked) == rules.ATTEMPTS_MAX

        (shown,) = queries.of_customer(owner=owner.id)
        assert shown.askable
        assert "try again" in shown.said
        leave()
        sandbox.knobs(registry="normal")
        with transaction(owner.actor):
            service.ask_again(asked, customer_id=owner.id, actor=owner.actor)
        assert answer(asked, inside) is None
        assert check(asked).verdict == "match"

    def test_the_job_waits_between_tries(
        self, owner: Customer, sandbox: SandboxProcess, work_off: Callable[..., int]
    ) -> None:
        sandbox.knobs(registry="down")
        asked = identities.ask(owner, identities.number(identities.ECHO))
        with clock.at(clock.now()):  # (others' work may take longer than the pause)
            work_off()
            work_off()
            assert sandbox.calls("/registry/lookups", reference=asked) == 1
            work_off(horizon=rules.PAUSES[0] + timedelta(seconds=1))
        assert sandbox.calls("/registry/lookups", reference=asked) == 2
        sandbox.knobs(registry="normal")
        work_off(horizon=timedelta(hours=1))
        assert check(asked).verdict == "match"

    def test_a_day_without_an_answer_ends_the_waiting(self, owner: Customer, work_off: Callable[..., int]) -> None:
        with clock.at(clock.now() - rules.WAITS_MAX - timedelta(minutes=1)):
            old = identities.ask(owner, identities.number(identities.ECHO))
        young = identities.ask(owner, identities.number(identities.ECHO))
        with transaction(SYSTEM):
            assert service.give_up_overdue(actor=SYSTEM) >= 1
        assert (check(old).state, check(old).trouble) == (CheckState.UNAVAILABLE, service.NO_ANSWER)
        assert check(young).state == CheckState.ASKED

    @pytest.mark.parametrize("token", ["another", ""])
    def test_a_provider_that_does_not_know_us_says_nothing_of_the_number(
        self, sandbox: SandboxProcess, token: str
    ) -> None:
        stranger = Registry(f"{sandbox.url}/registry", token=token)
        astray = Registry(f"{sandbox.url}/nowhere", token=SECRET)
        for client in (stranger, astray):
            found = client.look_up("bvn", "22010000000", name="Ada Obi", birth_date=BORN, reference="idc_1")
            assert found.outcome is Outcome.UNAVAILABLE

    def test_is_not_asked_again_while_it_waits_or_once_it_is_there(self, owner: Customer, inside: Flask) -> None:
        asked = identities.ask(owner, identities.number(identities.ECHO))
        for _ in range(2):
            with pytest.raises(errors.NotAskable), transaction(owner.actor):
                service.ask_again(asked, customer_id=owner.id, actor=owner.actor)
            answer(asked, inside)


class TestTries:
    def test_one_that_was_killed_is_taken_up_and_its_late_answer_counts_no_more(
        self, owner: Customer, inside: Flask
    ) -> None:
        asked = identities.ask(owner, identities.number(identities.ECHO))
        dead = begin(asked)  # and then its worker is gone
        answer(asked, inside)
        before = check(asked)
        assert (before.verdict, before.attempts) == ("match", 2)
        with transaction(SYSTEM):
            assert not service.record(dead, Record("MUSA IBRAHIM"), actor=SYSTEM)
            assert not service.record_nothing(dead, reason="x", actor=SYSTEM)
            service.give_up(dead, reason="x", actor=SYSTEM)
        assert (check(asked).verdict, check(asked).state) == ("match", CheckState.ANSWERED)

    def test_one_of_an_earlier_asking_does_not_answer_a_later(self, owner: Customer, inside: Flask) -> None:
        asked = identities.ask(owner, identities.number(identities.ECHO))
        early = begin(asked)
        with transaction(SYSTEM):
            service.give_up(early, reason="x", actor=SYSTEM)
        with transaction(owner.actor):
            service.ask_again(asked, customer_id=owner.id, actor=owner.actor)
        assert begin(asked).fence == (2, 1)
        with transaction(SYSTEM):
            assert not service.record(early, Record("ADA OBI", BORN), actor=SYSTEM)
        assert check(asked).state == CheckState.ASKED

    def test_an_answer_is_written_once(self, owner: Customer, inside: Flask, owner_engine: Engine) -> None:
        asked = identities.ask(owner, identities.number(identities.ECHO))
        attempt = begin(asked)
        with transaction(SYSTEM):
            assert service.record(attempt, Record("ADA OBI", BORN), actor=SYSTEM)
            assert not service.record(attempt, Record("ADA OBI", BORN), actor=SYSTEM)
        told = rows("SELECT id FROM outbox WHERE name = 'identification.answered' AND subject = :id", id=asked)
        assert len(told) == 1


class TestTheSameNumber:
    @pytest.mark.parametrize("kind", [Kind.BVN, Kind.NIN])
    def test_of_two_customers_is_looked_at_and_nobody_is_told(self, owner: Customer, inside: Flask, kind: Kind) -> None:
        shared, other = identities.number(identities.ECHO), people.customer()
        first, second = (identities.ask(who, shared, kind=kind) for who in (owner, other))
        for asked in (first, second):
            answer(asked, inside)
        assert (check(first).verdict, check(first).shared) == ("match", False)
        assert (check(second).verdict, check(second).shared) == ("review", True)
        assert queries.shared_for_operators(first) == [other.id]
        assert queries.shared_for_operators(second) == [owner.id]
        (shown,) = queries.of_customer(owner=other.id)
        assert shown.said == rules.SAID[rules.Verdict.REVIEW]
        assert not any("shared" in name for name in vars(shown))

    def test_answered_at_the_same_moment_the_second_waits_for_the_first(self, owner: Customer, inside: Flask) -> None:
        shared, other = identities.number(identities.ECHO), people.customer()
        first, second = (begin(identities.ask(who, shared)) for who in (owner, other))
        leave()

        def follow() -> None:
            with inside.app_context(), for_everyone(), transaction(SYSTEM):
                service.record(second, Record("ADA OBI", BORN), actor=SYSTEM)

        thread = threading.Thread(target=follow)
        with transaction(SYSTEM):
            service.record(first, Record("ADA OBI", BORN), actor=SYSTEM)
            thread.start()
            thread.join(FOLLOWS_WITHIN_SECONDS)
            assert thread.is_alive()
        thread.join()
        assert [check(one.check_id).verdict for one in (first, second)] == ["match", "review"]

    def test_of_one_customer_again_is_no_matter(self, owner: Customer, inside: Flask) -> None:
        own = identities.number(identities.ECHO)
        checks = []
        for subject in ("self", "director:1"):
            checks.append(identities.ask(owner, own, subject=subject))
            answer(checks[-1], inside)
        assert [check(asked).verdict for asked in checks] == ["match", "match"]
        assert queries.shared_for_operators(checks[0]) == []

    def test_as_a_bvn_and_as_a_nin_is_two_numbers(self, owner: Customer, inside: Flask) -> None:
        same, other = identities.number(identities.ECHO), people.customer()
        first, second = identities.ask(owner, same, kind=Kind.BVN), identities.ask(other, same, kind=Kind.NIN)
        for asked in (first, second):
            answer(asked, inside)
        assert check(second).verdict == "match"

    def test_that_waits_is_one_check(self, owner: Customer, inside: Flask) -> None:
        own = identities.number(identities.ECHO)
        assert identities.ask(owner, own) == identities.ask(owner, f" {own[:5]}-{own[5:]} ")

    def test_under_another_name_is_another_check(self, owner: Customer, inside: Flask) -> None:
        own = identities.number(identities.ECHO)
        borrowed = identities.ask(owner, own, given=Given("Ngozi Eze", birth_date=BORN))
        assert identities.ask(owner, own) != borrowed

    def test_that_people_may_have_said_yes_to_is_looked_at(self, owner: Customer, inside: Flask) -> None:
        shared = identities.number(identities.PART)  # (its register holds the first word of the name: a review)
        first, second = (identities.ask(who, shared) for who in (owner, people.customer()))
        for asked in (first, second):
            answer(asked, inside)
        assert (check(first).verdict, check(first).shared) == ("review", False)
        assert check(second).shared

    def test_does_not_pass_in_sql_either(self, owner: Customer, inside: Flask, owner_engine: Engine) -> None:
        asked = identities.ask(owner, identities.number(identities.ECHO))
        answer(asked, inside)
        with owner_engine.connect() as connection:
            connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
            connection.execute(text("SELECT set_config('bursar.owner', '*', true)"))
            with pytest.raises(Exception, match="shared_never_passes"):
                connection.execute(text("UPDATE identity_checks SET shared = true WHERE id = :id"), {"id": asked})


class TestBounds:
    def test_five_of_a_kind_a_day(self, owner: Customer, inside: Flask) -> None:
        with clock.at(clock.now() - timedelta(days=1, minutes=1)):
            identities.ask(owner, identities.number(identities.NOBODY))
        for _ in range(rules.ASKS_A_DAY):
            identities.ask(owner, identities.number(identities.NOBODY))
        with pytest.raises(errors.AsksSpent, match="five times"):
            identities.ask(owner, identities.number(identities.ECHO))
        assert check(identities.ask(owner, identities.number(identities.ECHO), kind=Kind.NIN)).kind == Kind.NIN
        assert check(identities.ask(people.customer(), identities.number(identities.ECHO))).kind == Kind.BVN

    def test_asking_again_counts(self, owner: Customer, inside: Flask) -> None:
        asked = identities.ask(owner, identities.number(identities.ECHO))
        for _ in range(rules.ASKS_A_DAY - 1):
            attempt = begin(asked)
            with transaction(SYSTEM):
                service.give_up(attempt, reason="x", actor=SYSTEM)
            with transaction(owner.actor):
                service.ask_again(asked, customer_id=owner.id, actor=owner.actor)
        attempt = begin(asked)
        with transaction(SYSTEM):
            service.give_up(attempt, reason="x", actor=SYSTEM)
        with pytest.raises(errors.AsksSpent), transaction(owner.actor):
            service.ask_again(asked, customer_id=owner.id, actor=owner.actor)

    def test_two_at_once_cannot_both_be_the_last(self, owner: Customer, inside: Flask) -> None:
        for _ in range(rules.ASKS_A_DAY - 1):
            identities.ask(owner, identities.number(identities.NOBODY))
        leave()
        ready, refused = threading.Barrier(4), []

        def one() -> None:
            with inside.app_context(), for_everyone():
                ready.wait()
                try:
                    identities.ask(owner, identities.number(identities.NOBODY))
                except errors.AsksSpent as no:
                    refused.append(no)

        threads = [threading.Thread(target=one) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(refused) == 3

    @pytest.mark.parametrize(("kind", "bad"), [(Kind.BVN, "2201"), (Kind.NIN, "abc"), (Kind.COMPANY, "RC")])
    def test_what_is_no_number_is_not_asked(self, owner: Customer, kind: Kind, bad: str) -> None:
        with pytest.raises(errors.BadIdentityNumber):
            identities.ask(owner, bad, kind=kind)

    def test_a_bank_account_is_not_asked_about_with_half_of_it(self, owner: Customer) -> None:
        for half in (replace(identities.proof(email=owner.email), bvn=""), identities.proof(email="")):
            with pytest.raises(errors.GivenIncomplete):
                identities.ask(owner, identities.account_number(), kind=Kind.BANK_ACCOUNT, given=half)


def test_anothers_check_is_not_asked_again(owner: Customer, inside: Flask) -> None:
    asked = identities.ask(owner, identities.number(identities.ECHO))
    attempt, other = begin(asked), people.customer()
    with transaction(SYSTEM):
        service.give_up(attempt, reason="x", actor=SYSTEM)
    with pytest.raises(NotFound), transaction(other.actor):
        service.ask_again(asked, customer_id=other.id, actor=other.actor)
    assert check(asked).state == CheckState.UNAVAILABLE


class TestReading:
    def test_the_newest_of_each_kind_and_subject(self, owner: Customer, inside: Flask) -> None:
        bvn = [identities.ask(owner, identities.number(family)) for family in (identities.NOBODY, identities.ECHO)]
        nin = identities.ask(owner, identities.number(identities.ECHO), kind=Kind.NIN)
        director = identities.ask(owner, identities.number(identities.ECHO), kind=Kind.NIN, subject="director:1")
        answer(bvn[1], inside)
        found = {
            (one.subject, one.kind): (one.id, one.state, one.verdict) for one in queries.latest_for_system(owner.id)
        }
        assert found == {
            ("self", "bvn"): (bvn[1], "answered", "match"),
            ("self", "nin"): (nin, "asked", None),
            ("director:1", "nin"): (director, "asked", None),
        }

    def test_a_customer_sees_how_it_went_and_nothing_of_what_was_found(self, owner: Customer, inside: Flask) -> None:
        asked = identities.number(identities.OTHER)
        answer(identities.ask(owner, asked), inside)
        token = narrow(owner.id)
        try:
            leave()
            (shown,) = queries.of_customer(owner=owner.id)
            assert queries.of_customer(owner=people.Customer("cus_0", "", "").id) == []
        finally:
            widen(token)
        assert shown.last4 == asked[-4:]
        assert asked not in str(shown)
        assert shown.said == rules.SAID[rules.Verdict.MISMATCH]
        assert set(vars(shown)) == {"id", "subject", "kind", "state", "last4", "said", "askable", "asked_at"}

    def test_a_customer_may_ask_behind_the_second_wall(self, owner: Customer) -> None:
        token = narrow(owner.id)
        try:
            leave()
            asked = identities.ask(owner, identities.number(identities.ECHO))
        finally:
            widen(token)
        assert check(asked).customer_id == owner.id

    def test_staff_see_both_as_they_were_written_and_never_the_number(self, owner: Customer, inside: Flask) -> None:
        asked = identities.number(identities.PART)
        answer(identities.ask(owner, asked, given=Given("Mrs. Ada O. Obi", BORN)), inside)
        (found,) = queries.of_customer_for_operators(owner.id)
        assert found.given == {"name": "Mrs. Ada O. Obi", "birth_date": "1990-04-23"}
        assert found.found is not None
        assert found.found["name"] == "MRS."
        assert asked not in str(found)


class TestABankAccount:
    def test_that_was_added_is_compared_with_the_name_once(
        self, owner: Customer, inside: Flask, work_off: Callable[..., int]
    ) -> None:
        account = people.bank_account(owner, app=inside)
        work_off()
        work_off()
        (found,) = queries.of_customer_for_operators(owner.id)
        assert (found.kind, found.provider, found.state) == ("bank_account", "paystack_resolve", "answered")
        assert found.given["name"] == "Ada Obi"
        with transaction(SYSTEM):
            again = service.record_bank(
                owner.id,
                account_ref=account,
                bank_code="057",
                number="0123456789",
                given_name="Ada Obi",
                found_name="ADA OBI",
                actor=SYSTEM,
            )
        assert again == found.id

    def test_agrees_with_the_name_or_does_not(self, owner: Customer, inside: Flask) -> None:
        found = {}
        for name in ("OBI ADA", "OKONKWO CHINEDU"):
            with transaction(SYSTEM):
                found[name] = service.record_bank(
                    owner.id,
                    account_ref=f"ba_{identities.account_number()}",
                    bank_code="057",
                    number=identities.account_number(),
                    given_name="Ada Obi",
                    found_name=name,
                    actor=SYSTEM,
                )
        assert [check(one).verdict for one in found.values()] == ["match", "mismatch"]


def test_what_is_secret_is_only_in_sealed_columns(
    owner: Customer,
    inside: Flask,
    sandbox: SandboxProcess,
    given: Servers,
    owner_engine: Engine,
    work_off: Callable[..., int],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nothing of number, given and found is legible in a row, a line of the log or Redis, also while nobody answers."""
    caplog.set_level("DEBUG")
    said, number = Given("Kanariya Wurodi", BORN), identities.number(identities.ECHO)
    redis = Redis.from_url(redis_database(given.redis_url, OWN_REDIS))
    redis.flushdb()
    sandbox.knobs(registry="down")
    asked = identities.ask(owner, number, given=said)
    relay.sweep(Waker(redis))
    queued = "\n".join(kept_in(redis))
    assert "jobs.runtime.run" in queued
    work_off(horizon=timedelta(minutes=1))  # (those who were woken just now are not woken again at once)
    assert "vendor is unwell" in caplog.text
    sandbox.knobs(registry="normal")
    work_off(horizon=timedelta(minutes=3))
    assert check(asked).verdict == "match"
    assert opened(asked).found == {"name": "KANARIYA WURODI", "birth_date": "1990-04-23", "phone": "", "gender": ""}
    everywhere = (
        "SELECT to_jsonb(t)::text AS kept FROM identity_checks t UNION ALL SELECT to_jsonb(t)::text FROM outbox t"
        " UNION ALL SELECT to_jsonb(t)::text FROM tasks t UNION ALL SELECT to_jsonb(t)::text FROM moves t"
        " UNION ALL SELECT to_jsonb(t)::text FROM audit.records t"
    )
    with owner_engine.connect() as connection:
        connection.execute(text("SELECT set_config('bursar.owner', '*', true)"))
        kept = "\n".join(connection.execute(text(everywhere)).scalars())
    assert asked in kept
    written = kept + caplog.text + queued + "\n".join(kept_in(redis))
    redis.close()
    for secret in (number, "kanariya", "wurodi", number.encode().hex(), b"Kanariya".hex()):
        assert secret not in written.lower(), secret
    audited = "SELECT to_jsonb(r)::text FROM audit.records r WHERE row_id = :id"
    with owner_engine.connect() as connection:
        records = list(connection.execute(text(audited), {"id": asked}).scalars())
    assert records
    sealed = bytes(check(asked).given_sealed).hex()
    assert not any(sealed in record for record in records)


def test_what_was_answered_stays(owner: Customer, inside: Flask) -> None:
    asked = identities.ask(owner, identities.number(identities.ECHO))
    answer(asked, inside)
    for change in ("verdict = 'review'", "answered_at = now()", "found_sealed = NULL"):
        with pytest.raises(Exception, match="stays once it is set"), transaction(SYSTEM):
            db.session.execute(text(f"UPDATE identity_checks SET {change} WHERE id = :id"), {"id": asked})  # noqa: S608
    with pytest.raises(Exception, match="permission denied"), transaction(SYSTEM):
        db.session.execute(text("UPDATE identity_checks SET number_sealed = '' WHERE id = :id"), {"id": asked})
    assert db.session.scalars(select(IdentityCheck.verdict).filter_by(id=asked)).one() == "match"

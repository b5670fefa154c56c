"""Holding people against lists, and lists against people: what is found, what is remembered, what is never passed."""

import secrets
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from app.core import actor, clock
from app.core.actor import Actor
from app.core.db import db, leave, rows, transaction
from app.core.errors import Forbidden
from app.core.permissions import Role
from app.governance import queries as governance
from app.governance import service as approvals
from app.screening import deciding, errors, events, flows, queries, requests, rules, service
from app.screening.rules import Result, Subject
from tests.makers import governed, listed, people
from tests.makers.listed import AList, Listed, word

CLEARED_BY_HAND = text(
    "UPDATE screening_hits SET state = 'no_match', reason = 'x', decided_by = :by, decided_at = now() WHERE id = :id"
)


@pytest.fixture
def owner(inside: Flask) -> people.Customer:
    return people.customer()


@pytest.fixture
def name() -> str:
    return f"{word()} {word()}"


@pytest.fixture
def one(name: str) -> Listed:
    return Listed(
        "q1",
        name,
        birth_date="1961-04-12",
        countries="ng",
        identifiers=f"ZZ {secrets.token_hex(2)}-{secrets.token_hex(3)}",
    )


@pytest.fixture
def names(inside: Flask, tmp_path: Path, one: Listed) -> AList:
    """A list of this test, on which there is one."""
    made = AList(tmp_path)
    made.load(one)
    return made


@pytest.fixture
def officer(inside: Flask) -> Actor:
    return actor.operator(people.operator(Role.COMPLIANCE_OFFICER)[0])


@pytest.fixture
def senior(inside: Flask) -> Actor:
    return actor.operator(people.operator(Role.COMPLIANCE_MANAGER)[0])


def clear(hit_id: str, officer: Actor, *, reason: str = "Born elsewhere.") -> None:
    with transaction(officer):
        shown = queries.hit_for_operators(hit_id).content
        deciding.clear(hit_id, reason=reason, shown=shown, actor=officer, operator_id=officer.id)
    leave()


def told(name: str, hit_id: str) -> int:
    """How often the house was told so about this hit."""
    found = rows("SELECT count(*) AS many FROM outbox WHERE name = :name AND subject = :hit", name=name, hit=hit_id)
    leave()
    return int(found[0].many)


class TestScreen:
    def test_finds_whom_a_list_names(self, names: AList, owner: people.Customer, name: str) -> None:
        outcome = listed.screened(listed.subject(name.upper(), owner, born="1961-04-12"))
        assert (outcome.result, len(outcome.hits), outcome.strong) == (Result.HITS, 1, True)
        assert queries.state_for_system(owner.id) == "hits"
        assert queries.hit_for_operators(outcome.hits[0]).entry.list_code == names.code
        assert told(events.HitFound.name, outcome.hits[0]) == 1

    def test_a_name_alone_is_never_strong(self, names: AList, owner: people.Customer, name: str) -> None:
        outcome = listed.screened(listed.subject(name, owner))
        assert (len(outcome.hits), outcome.strong) == (1, False)

    def test_a_number_that_agrees_is_strong_whatever_the_name(
        self, names: AList, owner: people.Customer, one: Listed
    ) -> None:
        number = one.identifiers.replace("-", "").lower()
        outcome = listed.screened(listed.subject("Ngozi Nobodyatall", owner, identifiers=(("passport", number),)))
        assert (len(outcome.hits), outcome.strong) == (1, True)
        assert listed.hit(outcome.hits[0]).explanation["identifiers"] == 1

    def test_keeps_no_number(self, names: AList, owner: people.Customer) -> None:
        listed.screened(listed.subject("Ngozi Nobodyatall", owner, identifiers=(("bvn", "22123456789"),)))
        kept = rows("SELECT row_to_json(s)::text AS told FROM screening_subjects s WHERE customer_id = :o", o=owner.id)
        assert len(kept) == 1
        assert "22123456789" not in kept[0].told

    def test_passes_who_is_on_none(self, names: AList, owner: people.Customer) -> None:
        outcome = listed.screened(listed.subject("Ngozi Nobodyatall", owner))
        assert (outcome.result, outcome.hits) == (Result.CLEAR, ())
        assert queries.state_for_system(owner.id) == "clear"

    def test_writes_down_against_what(self, names: AList, owner: people.Customer) -> None:
        listed.screened(listed.subject("Ngozi Nobodyatall", owner))
        standing = queries.standing_for_operators(owner.id)
        (run,) = standing.runs
        assert names.code in run.versions
        assert (run.result, standing.state, standing.hits) == ("clear", "clear", [])

    def test_asked_again_makes_no_second_hit(self, names: AList, owner: people.Customer, name: str) -> None:
        subject = listed.subject(name, owner)
        assert listed.screened(subject).hits == listed.screened(subject).hits

    def test_drops_what_is_not_alike_any_more(self, names: AList, owner: people.Customer, name: str) -> None:
        subject = listed.subject(name, owner)
        (hit_id,) = listed.screened(subject).hits
        assert listed.screened(replace(subject, name="Ngozi Nobodyatall")).result == Result.CLEAR
        assert (listed.hit(hit_id).state, listed.hit(hit_id).reason) == ("dropped", service.UNLIKE)


class TestUnavailable:
    def test_says_never_of_who_was_not_screened(self, names: AList, owner: people.Customer) -> None:
        assert queries.state_for_system(owner.id) == "never"

    def test_a_list_that_is_too_old_is_no_pass(self, names: AList, owner: people.Customer) -> None:
        with clock.at(clock.now() + rules.LIST_AGE_MAX + timedelta(minutes=1)):
            outcome = listed.screened(listed.subject("Ngozi Nobodyatall", owner))
            leave()
            assert (outcome.result, queries.state_for_system(owner.id)) == (Result.UNAVAILABLE, "unavailable")

    def test_who_was_clear_is_not_when_the_lists_have_aged(self, names: AList, owner: people.Customer) -> None:
        listed.screened(listed.subject("Ngozi Nobodyatall", owner))
        with clock.at(clock.now() + rules.LIST_AGE_MAX + timedelta(minutes=1)):
            leave()
            assert queries.state_for_system(owner.id) == "unavailable"

    def test_no_list_is_no_pass(self, names: AList, owner: people.Customer) -> None:
        with transaction(listed.SYSTEM):
            kept = {row.code: row.version_id for row in rows("SELECT code, version_id FROM screening_lists")}
            db.session.execute(text("UPDATE screening_lists SET version_id = NULL"))
        try:
            outcome = listed.screened(listed.subject("Ngozi Nobodyatall", owner))
            assert (outcome.result, outcome.why) == (Result.UNAVAILABLE, "No list is loaded.")
            assert queries.state_for_system(owner.id) == "unavailable"
        finally:
            with transaction(listed.SYSTEM):
                for code, version in kept.items():
                    restore = text("UPDATE screening_lists SET version_id = :v WHERE code = :c")
                    db.session.execute(restore, {"v": version, "c": code})

    def test_more_candidates_than_can_be_compared_is_no_pass(
        self, names: AList, owner: people.Customer, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(queries, "CANDIDATES_MAX", 0)
        outcome = listed.screened(listed.subject(name, owner))
        assert (outcome.result, outcome.hits) == (Result.UNAVAILABLE, ())

    def test_a_change_that_is_not_held_against_everybody_is_no_pass(
        self, names: AList, owner: people.Customer, one: Listed
    ) -> None:
        listed.screened(listed.subject("Ngozi Nobodyatall", owner))
        version = names.load(one, Listed("q2", f"{word()} {word()}"), screen=False)
        assert queries.state_for_system(owner.id) == "unavailable"
        listed.finish(version.id)
        assert queries.state_for_system(owner.id) == "clear"

    def test_is_tried_again(self, names: AList, owner: people.Customer) -> None:
        with clock.at(clock.now() - timedelta(hours=2)), pytest.MonkeyPatch.context() as patched:
            patched.setattr(queries, "CANDIDATES_MAX", -1)
            listed.screened(listed.subject("Ngozi Nobodyatall", owner))
        leave()
        (subject_id,) = [row.id for row in rows("SELECT id FROM screening_subjects WHERE customer_id = :o", o=owner.id)]
        assert subject_id in queries.due_for_system(limit=10_000)
        leave()
        with transaction(listed.SYSTEM):
            assert service.screen_again(subject_id, actor=listed.SYSTEM).result == Result.CLEAR
        leave()
        assert told(events.Settled.name, subject_id) == 1
        assert subject_id not in queries.due_for_system(limit=10_000)
        assert queries.state_for_system(owner.id) == "clear"

    def test_who_waits_longest_comes_first_and_who_was_just_tried_not_at_all(
        self, names: AList, owner: people.Customer
    ) -> None:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(queries, "CANDIDATES_MAX", -1)
            for minutes in (121, 240, -1):
                with clock.at(clock.now() - timedelta(minutes=minutes)):
                    listed.screened(listed.subject("Ngozi Nobodyatall", owner, ref=f"waits:{owner.id}:{minutes}"))
                leave()
        known = {
            row.id: row.ref for row in rows("SELECT id, ref FROM screening_subjects WHERE customer_id = :o", o=owner.id)
        }
        due = [known[each].rpartition(":")[2] for each in queries.due_for_system(limit=10_000) if each in known]
        leave()
        assert due == ["240", "121"]


class TestRetire:
    def test_lets_go_of_who_is_not_named_any_more(self, names: AList, owner: people.Customer, name: str) -> None:
        kept, gone = (
            listed.subject(f"{word()} {word()}" if n else name, owner, ref=f"who:{owner.id}:{n}") for n in (1, 0)
        )
        listed.screened(kept)
        (hit_id,) = listed.screened(gone).hits
        with transaction(listed.SYSTEM):
            service.retire(owner.id, refs_begin=f"who:{owner.id}:", named={kept.ref}, actor=listed.SYSTEM)
        assert (listed.hit(hit_id).state, listed.hit(hit_id).reason) == ("dropped", service.UNNAMED)
        assert queries.state_for_system(owner.id) == "clear"
        names.load(Listed("q9", name))
        assert queries.state_for_system(owner.id) == "clear"
        assert len(listed.screened(gone).hits) == 1


class TestClear:
    @pytest.fixture
    def subject(self, names: AList, owner: people.Customer, name: str) -> Subject:
        return listed.subject(name, owner)

    def test_is_remembered_for_the_pair(self, subject: Subject, officer: Actor) -> None:
        (hit_id,) = listed.screened(subject).hits
        clear(hit_id, officer)
        assert listed.hit(hit_id).decided_by == officer.id
        assert listed.screened(subject).result == Result.CLEAR
        assert told(events.Cleared.name, hit_id) == 1

    def test_holds_while_other_entries_change(
        self, subject: Subject, officer: Actor, names: AList, one: Listed
    ) -> None:
        (hit_id,) = listed.screened(subject).hits
        clear(hit_id, officer)
        version = names.load(one, Listed("q2", f"{word()} {word()}"))
        assert (version.added, version.changed, version.screened, version.hits) == (1, 0, 1, 0)
        assert queries.state_for_system(subject.customer_id) == "clear"

    def test_is_open_again_once_the_entry_changes(
        self, subject: Subject, officer: Actor, names: AList, one: Listed
    ) -> None:
        (hit_id,) = listed.screened(subject).hits
        clear(hit_id, officer)
        version = names.load(replace(one, birth_date="1961-04-12;1970-01-01"))
        assert (version.changed, version.hits) == (1, 1)
        assert queries.state_for_system(subject.customer_id) == "hits"
        (again,) = [
            each.hit for each in queries.standing_for_operators(subject.customer_id).hits if each.hit.state == "open"
        ]
        assert [each.id for each in queries.earlier_for_operators(again)] == [hit_id]

    def test_is_open_again_once_the_subject_changes(self, subject: Subject, officer: Actor) -> None:
        (hit_id,) = listed.screened(subject).hits
        clear(hit_id, officer)
        outcome = listed.screened(replace(subject, born="1961-04-12"))
        assert (outcome.result, outcome.strong) == (Result.HITS, True)

    def test_wants_a_reason_and_is_done_once(self, subject: Subject, officer: Actor) -> None:
        (hit_id,) = listed.screened(subject).hits
        with pytest.raises(errors.HitUnexplained):
            clear(hit_id, officer, reason=" ")
        clear(hit_id, officer)
        with pytest.raises(errors.HitDecided):
            clear(hit_id, officer)
        with pytest.raises(errors.UnknownHit):
            clear("hit_none", officer)

    def test_nobody_decides_on_themself(self, names: AList, name: str, officer: Actor, inside: Flask) -> None:
        operator_id, email = people.operator(Role.COMPLIANCE_OFFICER)
        me = people.customer()
        with transaction(listed.SYSTEM):
            db.session.execute(text("UPDATE logins SET email = :e WHERE id = :id"), {"e": email, "id": me.login_id})
        (hit_id,) = listed.screened(listed.subject(name, me)).hits
        with pytest.raises(Forbidden):
            clear(hit_id, actor.operator(operator_id))


class TestMatch:
    @pytest.fixture
    def hit_id(self, names: AList, owner: people.Customer, name: str) -> str:
        return listed.screened(listed.subject(name, owner)).hits[0]

    def ask(self, hit_id: str, officer: Actor, verdict: str = "match") -> requests.Request:
        shown = listed.content(hit_id)
        with transaction(officer):
            return requests.request_verdict(
                hit_id, verdict, shown=shown, reason="The same passport.", maker=officer.id, actor=officer
            )

    def agreed(self, asked: requests.Request, senior: Actor) -> None:
        with transaction(senior):
            approvals.approve(asked.id, operator_id=senior.id, shown=asked.payload_hash, actor=senior)
        governed.carry_out(asked)

    def test_takes_two(self, hit_id: str, officer: Actor, senior: Actor, owner: people.Customer) -> None:
        asked = self.ask(hit_id, officer)
        assert listed.hit(hit_id).state == "match_asked"
        with pytest.raises(errors.AskedAlready):
            self.ask(hit_id, officer)
        self.agreed(asked, senior)
        assert (listed.hit(hit_id).state, listed.hit(hit_id).decided_by) == ("match", senior.id)
        assert queries.state_for_system(owner.id) == "match"
        assert told(events.Matched.name, hit_id) == 1

    def test_is_withdrawn_by_two(self, hit_id: str, officer: Actor, senior: Actor, owner: people.Customer) -> None:
        with pytest.raises(errors.HitDecided):
            self.ask(hit_id, officer, "withdrawn")
        self.agreed(self.ask(hit_id, officer), senior)
        asked = self.ask(hit_id, officer, "withdrawn")
        assert queries.state_for_system(owner.id) == "match"
        self.agreed(asked, senior)
        assert (listed.hit(hit_id).state, queries.state_for_system(owner.id)) == ("withdrawn", "clear")

    def test_a_strong_hit_is_cleared_by_two(self, owner: people.Customer, officer: Actor, senior: Actor) -> None:
        hit_id = listed.open_hit(owner)
        with pytest.raises(errors.ClearedByTwo):
            clear(hit_id, officer)
        leave()
        with pytest.raises(Exception, match="comes by an approved request"), transaction(listed.SYSTEM):
            db.session.execute(CLEARED_BY_HAND, {"id": hit_id, "by": officer.id})
        leave()
        self.agreed(self.ask(hit_id, officer, "no_match"), senior)
        assert (listed.hit(hit_id).state, queries.state_for_system(owner.id)) == ("no_match", "clear")

    def test_with_public_office_is_no_bar(self, owner: people.Customer, officer: Actor, senior: Actor) -> None:
        hit_id = listed.open_hit(owner, topic="pep")
        assert not queries.hit_for_operators(hit_id).forbids
        self.agreed(self.ask(hit_id, officer), senior)
        assert queries.state_for_system(owner.id) == "known"

    def test_with_whom_a_list_names_no_more_is_no_bar(
        self, names: AList, hit_id: str, officer: Actor, senior: Actor, owner: people.Customer
    ) -> None:
        self.agreed(self.ask(hit_id, officer), senior)
        names.load(Listed("q2", f"{word()} {word()}"), anyway=True)
        assert queries.state_for_system(owner.id) == "clear"

    def test_is_agreed_on_as_it_was_shown(
        self, names: AList, one: Listed, hit_id: str, officer: Actor, senior: Actor
    ) -> None:
        asked = self.ask(hit_id, officer)
        names.load(replace(one, countries="ng;gh"))
        self.agreed(asked, senior)  # (it failed, and says why)
        assert listed.hit(hit_id).state == "match_asked"

    def test_is_refused_by_the_database_without_them(self, hit_id: str) -> None:
        with pytest.raises(Exception, match="comes by an approved request"), transaction(listed.SYSTEM):
            db.session.execute(text("UPDATE screening_hits SET state = 'match' WHERE id = :id"), {"id": hit_id})

    def test_that_is_denied_leaves_the_hit_open(self, hit_id: str, officer: Actor, senior: Actor) -> None:
        asked = self.ask(hit_id, officer)
        with pytest.raises(errors.AskedAlready):
            clear(hit_id, officer)
        with transaction(senior):
            approvals.deny(asked.id, operator_id=senior.id, reason="Another man.", actor=senior)
        with transaction(listed.SYSTEM):
            assert deciding.reopen_unconfirmed(actor=listed.SYSTEM) >= 1
        assert listed.hit(hit_id).state == "open"
        assert governance.about_for_operators(deciding.target_of(hit_id)) == []
        leave()
        clear(hit_id, officer)
        assert listed.hit(hit_id).state == "no_match"


class TestRescreen:
    def test_holds_what_changed_against_everybody_and_nothing_else(
        self, names: AList, one: Listed, inside: Flask
    ) -> None:
        other, late = f"{word()} {word()}", f"{word()} {word()}"
        people_of = {each: people.customer() for each in (one.name, other, late)}
        for each, owner in people_of.items():
            listed.screened(listed.subject(each, owner))
        version = names.load(one, Listed("q2", other))
        assert (version.added, version.changed, version.removed) == (1, 0, 0)
        assert (version.screened, version.pairs, version.hits) == (1, 1, 1)
        states = {each: queries.state_for_system(owner.id) for each, owner in people_of.items()}
        assert states == {one.name: "hits", other: "hits", late: "clear"}

    def test_closes_what_is_not_listed_any_more(self, names: AList, one: Listed, owner: people.Customer) -> None:
        others = [Listed(f"o{place}", f"{word()} {word()}") for place in range(9)]
        names.load(one, *others)
        (hit_id,) = listed.screened(listed.subject(one.name, owner)).hits
        version = names.load(*others)
        assert (version.removed, version.screened) == (1, 0)
        assert (listed.hit(hit_id).state, listed.hit(hit_id).reason) == ("dropped", service.GONE)
        assert queries.state_for_system(owner.id) == "clear"
        names.load(one, *others)
        assert queries.state_for_system(owner.id) == "hits"

    def test_closes_what_is_not_alike_any_more(self, names: AList, one: Listed, owner: people.Customer) -> None:
        (hit_id,) = listed.screened(listed.subject(one.name, owner)).hits
        names.load(replace(one, name=f"{word()} {word()}"))
        assert listed.hit(hit_id).state == "dropped"
        assert queries.state_for_system(owner.id) == "clear"

    def test_goes_on_where_it_stopped(self, names: AList, one: Listed, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(service, "BATCH", 2)
        version = names.load(one, *(Listed(f"o{place}", f"{word()} {word()}") for place in range(5)), screen=False)
        assert not flows.rescreen(version.id, batches_max=1, actor=listed.SYSTEM)
        leave()
        assert queries.version_for_operators(version.id).screened == 2
        assert flows.rescreen(version.id, batches_max=9, actor=listed.SYSTEM)
        leave()
        assert queries.version_for_operators(version.id).screened == 5

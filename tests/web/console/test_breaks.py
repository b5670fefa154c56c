"""The pages of breaks: both sides of an account, its queue, one break with what may belong to it, a match."""

import html
import io
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from app.breaks import bulk
from app.core.db import leave, rows, transaction
from app.core.permissions import Role
from app.matching import by_hand
from jobs import breaks as jobs
from jobs.work import Work
from tests.makers import broken, browse, pictures
from tests.makers.books import fresh
from tests.makers.matching import TEST, Outside
from tests.web.console.conftest import enter


@pytest.fixture
def outside(inside: Flask) -> Outside:
    """An account with a line and an entry that no rule puts together."""
    return Outside.differing()


@pytest.fixture
def finance(app: Flask, inside: Flask) -> FlaskClient:
    return enter(app, Role.FINANCE)


def look(client: FlaskClient, place: str) -> str:
    answer = client.get(place)
    assert answer.status_code == 200
    return " ".join(answer.get_data(as_text=True).split())


def numbers(outside: Outside) -> list[int]:
    found = rows("SELECT id FROM breaks WHERE account = :a AND closed_by IS NULL ORDER BY line_id", a=outside.account)
    leave()
    return [row.id for row in found]


def errand() -> None:
    """The worker does what was asked for last."""
    (last,) = rows("SELECT max(id) AS id FROM break_errands")
    leave()
    jobs.run_errand(Work("x", str(last.id), {"errand_id": last.id}, None, TEST))  # type: ignore[arg-type]
    leave()


def test_what_was_written_stays_while_the_account_is_being_matched(
    finance: FlaskClient, outside: Outside, owner_engine: Engine
) -> None:
    line, entry = numbers(outside)
    place = f"/console/breaks/{line}"
    fields = {"with": str(entry), "reason": "They told me so."}
    with owner_engine.begin() as other:
        other.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended('matching:' || :a, 0))"), {"a": outside.account}
        )
        answer = browse.send(finance, f"{place}/link", form_at=place, **fields)
    shown = answer.get_data(as_text=True)
    assert (answer.status_code, "try again shortly" in shown, "They told me so." in shown) == (409, True, True)
    assert numbers(outside) == [line, entry]


def test_an_account_shows_both_sides_and_what_explains_their_difference(finance: FlaskClient, outside: Outside) -> None:
    assert outside.account in look(finance, "/console/breaks")
    shown = look(finance, f"/console/breaks/of/{outside.account}")
    for words in ("10.00", "9.00", "1.00", "sum of the breaks", "Missing in the books", "Missing in the statement"):
        assert words in shown
    some = look(finance, f"/console/breaks/of/{outside.account}?reason=missing_in_ledger")
    rest = some.split('id="results"')[1]
    assert ("+10.00" in rest, "-9.00" in rest) == (True, False)
    assert "No break fits" in look(finance, f"/console/breaks/of/{outside.account}?reason=timing")


def test_an_account_that_nobody_tells_of_is_not_there(finance: FlaskClient, outside: Outside) -> None:
    assert finance.get(f"/console/breaks/of/{outside.other}").status_code == 404
    assert finance.get("/console/breaks/999999999").status_code == 404
    assert finance.get("/console/matches/999999999").status_code == 404


def test_the_queue_goes_on_where_a_page_ends(finance: FlaskClient, inside: Flask) -> None:
    outside = Outside()
    outside.tell(*((100 + number, fresh("x")) for number in range(60)))
    outside.run()
    first = look(finance, f"/console/breaks/of/{outside.account}")
    assert "50 shown" in first
    place = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    rest = look(finance, place)
    assert "10 shown" in rest
    assert "First page" in rest


def test_matching_now_says_what_came_of_it(finance: FlaskClient, inside: Flask) -> None:
    outside = Outside()
    place = f"/console/breaks/of/{outside.account}"
    assert "Nothing was matched yet" in look(finance, place)
    outside.tell((70, ref := fresh("dep")))
    outside.book(70, ref=ref)
    for _ in range(2):  # (asked for twice, it is done once)
        assert browse.send(finance, place, form_at=place).status_code == 303
    waits = look(finance, place)
    assert ("Waits to be matched" in waits, 'hx-trigger="every' in waits) == (True, True)
    again = html.unescape(re.findall(r'hx-get="([^"]*follow=1[^"]*)"', waits)[0])
    assert finance.get(again, headers={"HX-Request": "true"}).status_code == 204
    errand()
    shown = finance.get(again, headers={"HX-Request": "true"}).text
    assert ("0 opened, 0 closed." in shown, "Every line is matched" in shown) == (True, True)
    assert 'hx-trigger="every' not in shown
    made_by = rows("SELECT made_by FROM matching_runs WHERE account = :a", a=outside.account)
    assert [row.made_by.split(":")[0] for row in made_by] == ["operator"]
    leave()


def test_what_belongs_together_is_put_together_and_taken_apart(finance: FlaskClient, outside: Outside) -> None:
    one, other = numbers(outside)
    place = f"/console/breaks/{one}"
    assert "What may belong to it" in look(finance, place)
    refused = browse.send(finance, f"{place}/link", form_at=place, **{"with": str(other), "reason": " "})
    assert (refused.status_code, "Say why" in refused.get_data(as_text=True)) == (422, True)
    alone = browse.send(finance, f"{place}/link", form_at=place, reason="Alone.")
    assert (alone.status_code, "two at least" in alone.get_data(as_text=True)) == (422, True)
    made = browse.send(finance, f"{place}/link", form_at=place, **{"with": str(other), "reason": "They wrote so."})
    assert made.status_code == 303
    match = made.headers["Location"]
    shown = look(finance, match)
    for words in ("differs", "They wrote so.", "By hand", "a break of its own"):
        assert words in shown
    closed = look(finance, place)
    assert ("It was matched since" in closed, f'href="{match}"' in closed) == (True, True)
    (source,) = rows("SELECT source_id AS id FROM statement_accounts WHERE account = :a", a=outside.account)
    leave()
    lines = f"/console/statements/sources/{source.id}/lines"
    shown = look(finance, lines)
    assert (f'href="{match}"' in shown, "9.00</span> NGN" in shown) == (
        True,
        True,
    )  # (what is booked beside what was told)
    assert browse.send(finance, f"{match}/end", form_at=match, reason="").status_code == 422
    assert browse.send(finance, f"{match}/end", form_at=match, reason="Not theirs.").status_code == 303
    assert "taken apart" in look(finance, match)
    assert len(numbers(outside)) == 2
    assert f'href="/console/breaks/{numbers(outside)[0]}"' in look(finance, lines)


def test_a_very_large_match_is_taken_apart_by_a_task_that_its_page_follows(finance: FlaskClient, inside: Flask) -> None:
    outside, many = Outside(), by_hand.LARGE
    outside.tell(*((1, "") for _ in range(many)))
    outside.book(many, ref=fresh("all"))
    lines = [row.id for row in rows(
        "SELECT l.id FROM statement_lines l JOIN statement_accounts a USING (source_id) WHERE a.account = :a",
        a=outside.account,
    )]  # fmt: skip
    (entry,) = rows("SELECT journal_id, leg FROM ledger.entries e JOIN ledger.accounts a ON a.id = e.account_id"
                    " WHERE a.code = :a", a=outside.account)  # fmt: skip
    leave()
    with transaction(TEST):
        _, group = by_hand.link(
            outside.account, lines=lines, entries=[(entry.journal_id, entry.leg)], reason="All of it.", actor=TEST
        )
    leave()
    match = f"/console/matches/{group}"
    shown = look(finance, match)
    assert ("The first 100 of 10,000 lines." in shown, "adds up" in shown) == (True, True)
    assert browse.send(finance, f"{match}/end", form_at=match, reason=" ").status_code == 422
    assert browse.send(finance, f"{match}/end", form_at=match, reason="Not theirs.").status_code == 303
    waits = look(finance, match)
    assert ("Waits to be taken apart" in waits, "Take apart" in waits) == (True, False)
    assert (len(outside.groups), outside.breaks) == (1, [])
    errand()
    assert "taken apart" in look(finance, match)
    assert (outside.groups, len(outside.breaks), outside.proof.ties) == ([], many + 1, True)
    assert (
        browse.send(finance, f"{match}/end", form_at=f"/console/breaks/of/{outside.account}", reason="x").status_code
        == 409
    )


def test_a_break_is_given_commented_and_asked_about(finance: FlaskClient, outside: Outside) -> None:
    one, _ = numbers(outside)
    place = f"/console/breaks/{one}"
    assert "overdue" not in look(finance, place)  # (the money moved long ago, and it was found just now)
    broken.known_for(outside, days=31)
    for fields in ({"act": "take"}, {"act": "comment", "words": "The bank was asked."}):
        assert browse.send(finance, f"{place}/work", form_at=place, **fields).status_code == 303
    assert browse.send(finance, f"{place}/work", form_at=place, act="comment", words="").status_code == 422
    shown = look(finance, place)
    assert ("The bank was asked." in shown, "Side by side" in shown, "overdue" in shown) == (True, True, True)
    assert "Nothing like that" in look(finance, f"/console/breaks/of/{outside.account}?owner=none&reason=timing")
    late = browse.send(finance, f"{place}/ask", form_at=place, act="accept", until="2020-01-01", reason="x")
    assert (late.status_code, "a day after today" in late.get_data(as_text=True)) == (422, True)
    no = browse.send(finance, f"{place}/ask", form_at=place, act="journal", other="asset:bank:BTC", reason="x")
    assert (no.status_code, "Choose one of the accounts" in no.get_data(as_text=True)) == (422, True)
    asked = browse.send(
        finance, f"{place}/ask", form_at=place, act="journal", other="expense:bank_charges:NGN", reason="A charge."
    )
    assert asked.status_code == 303
    shown = look(finance, place)
    assert ("Something is asked for" in shown, "How it may end" in shown) == (True, False)
    assert "Waits for treasury" in look(finance, f"/console/breaks/of/{outside.account}?view=proposed")
    overdue = look(finance, f"/console/breaks/of/{outside.account}?view=late")
    assert ("2 shown" in overdue, "2 breaks are overdue" in overdue) == (True, True)
    assert "1 shown" in look(finance, f"/console/breaks/of/{outside.account}?view=late&owner=none")


def test_a_file_shows_how_it_was_and_what_is_none_is_refused(finance: FlaskClient, outside: Outside) -> None:
    one, _ = numbers(outside)
    place = f"/console/breaks/{one}"
    token = browse.token_of(finance.get(place))
    for body, status in ((b"GIF89a", 422), (pictures.jpeg(), 303)):
        sent = {"csrf_token": token, "file": (io.BytesIO(body), "letter.jpg")}
        assert finance.post(f"{place}/evidence", data=sent, content_type="multipart/form-data").status_code == status
    shown = look(finance, place)
    assert "letter.jpg" in shown
    page = shown.split('href="/console/breaks/evidence/')[1].split('"')[0]
    answer = finance.get(f"/console/breaks/evidence/{page}")
    assert (answer.status_code, answer.content_type.startswith("image/")) == (200, True)


def test_many_at_once_are_looked_at_before_and_accounted_for_after(finance: FlaskClient, outside: Outside) -> None:
    place = f"/console/breaks/of/{outside.account}/bulk?reason=missing_in_ledger"
    shown = look(finance, place)
    assert "the one “Missing in the books” break of" in shown
    fields = {"act": "comment", "words": "Seen.", "many": "1", "amount": "10"}
    wrong = browse.send(finance, place, form_at=place, **{**fields, "many": "2"})
    assert (wrong.status_code, "Look again" in wrong.get_data(as_text=True)) == (409, True)
    made = browse.send(finance, place, form_at=place, **fields)
    assert made.status_code == 303
    result = made.headers["Location"]
    assert "0 of 1" in look(finance, result)
    with transaction(TEST):
        bulk.go_on(result.rpartition("/")[2], actor=TEST)
    leave()
    assert ("1 of 1" in look(finance, result), "Finished" in look(finance, result)) == (True, True)
    assert finance.get(f"{result}.csv").get_data(as_text=True).splitlines()[1].split(",")[2] == "done"
    empty = look(finance, f"/console/breaks/of/{outside.account}/bulk?reason=timing")
    assert "No break fits" in empty


def test_exactly_what_was_ticked_is_done(finance: FlaskClient, outside: Outside) -> None:
    line, entry = numbers(outside)
    place = f"/console/breaks/of/{outside.account}"
    assert f'name="row" value="{line}"' in look(finance, place)
    assert "No break fits" in look(finance, f"{place}/bulk?row=")
    asked = f"{place}/bulk?reason=missing_in_statement&row=&row={line}"
    assert "the one break of" in look(finance, asked)
    made = browse.send(finance, asked, form_at=asked, act="comment", words="Seen.", many="1", amount="10")
    assert made.status_code == 303
    done = rows("SELECT break_id FROM break_bulk_rows WHERE bulk_id = :id", id=made.headers["Location"].split("/")[-1])
    assert [row.break_id for row in done] == [line]
    assert line != entry
    leave()


def test_a_page_follows_only_while_somebody_matches(
    finance: FlaskClient, outside: Outside, owner_engine: Engine
) -> None:
    place = f"/console/breaks/of/{outside.account}"
    assert 'hx-trigger="every' not in look(finance, place)
    turn = text("SELECT pg_advisory_xact_lock(hashtextextended('matching:' || :account, 0))")
    with owner_engine.begin() as other:
        other.execute(turn, {"account": outside.account})
        working = look(finance, place)
        assert "Being matched" in working
        again = html.unescape(re.findall(r'hx-get="([^"]*follow=1[^"]*)"', working)[0])
        assert finance.get(again, headers={"HX-Request": "true"}).status_code == 204
    after = finance.get(again, headers={"HX-Request": "true"})
    assert (after.status_code, 'hx-trigger="every' in after.text, 'id="queue"' in after.text) == (200, False, True)


def test_another_account_is_chosen_from_the_queue(finance: FlaskClient, outside: Outside) -> None:
    another = Outside.differing()
    asked = f"/console/breaks/of/{outside.account}?account={another.account}&reason=timing"
    there = f"/console/breaks/of/{another.account}?reason=timing"
    assert finance.get(asked).headers["Location"] == there
    assert finance.get(asked, headers={"HX-Request": "true"}).headers["HX-Redirect"] == there


def test_a_case_leads_to_its_break(finance: FlaskClient, outside: Outside) -> None:
    line, _ = numbers(outside)
    browse.send(finance, f"/console/breaks/{line}/work", form_at=f"/console/breaks/{line}", act="take")
    (case,) = rows("SELECT id FROM break_cases WHERE account = :a", a=outside.account)
    leave()
    place = f"/console/breaks/cases/{case.id}"
    assert finance.get(place).headers["Location"] == f"/console/breaks/{line}"
    assert finance.get("/console/breaks/cases/brk_none").status_code == 404


def test_an_auditor_looks_and_changes_nothing(app: Flask, outside: Outside) -> None:
    auditor = enter(app, Role.AUDITOR)
    one, other = numbers(outside)
    shown = look(auditor, f"/console/breaks/{one}")
    assert "Finance puts together" in shown
    assert "Match now" not in look(auditor, f"/console/breaks/of/{outside.account}")
    place = f"/console/breaks/{one}"
    answer = browse.send(auditor, f"{place}/link", form_at=place, **{"with": str(other), "reason": "x"})
    assert answer.status_code == 403


def test_what_is_below_a_unit_says_so_and_is_merged(finance: FlaskClient, inside: Flask) -> None:
    outside, day = Outside(), "2026-03-02 09:00:00,deposit,,currency,NGN"
    outside.bring([f"{fresh('L')},{fresh('R')},{day},{told}" for told in ("0.004,0,0.004", "0.007,0,0.011")])
    outside.run()
    queue, one = f"/console/breaks/of/{outside.account}", numbers(outside)[0]
    assert look(finance, f"{queue}?view=small").count("below a unit of the books") == 2
    page = look(finance, f"/console/breaks/{one}")
    assert "It cannot be booked or written off" in page
    assert "a journal can have its whole units" in page
    assert ("Merge what can be merged" in page, "Propose the journal" in page) == (True, False)
    place = f"{queue}/bulk?view=small"
    seen = look(finance, place)
    assert "all 2 breaks of" in seen
    assert "A journal can have it, but for what is less than a unit" in seen
    made = browse.send(
        finance, place, form_at=place, act="merge", many="2", amount="0.011", words="Their rounding.", owner=""
    )
    bulk_id = made.headers["Location"].rpartition("/")[2]
    with transaction(TEST):
        assert not bulk.go_on(bulk_id, actor=TEST)
    leave()
    (match,) = re.findall(r'href="(/console/matches/\d+)">Match', look(finance, made.headers["Location"]))[:1]
    assert "Their rounding." in look(finance, match)
    assert "Propose the journal" in look(finance, f"/console/breaks/{numbers(outside)[0]}")
    assert "Below a unit" not in look(finance, queue)


def test_a_match_that_differs_is_put_together_with_what_takes_it_back(finance: FlaskClient, inside: Flask) -> None:
    outside, ref = Outside(), fresh("dep")
    outside.tell((1_000, ref), (-50, fresh("fee")))
    outside.book(950, ref=ref)
    outside.run()
    (match,) = [row.id for row in rows("SELECT id FROM breaks WHERE account = :a AND group_id IS NOT NULL",
                                       a=outside.account)]  # fmt: skip
    leave()
    (line,) = {*numbers(outside)} - {match}
    place = f"/console/breaks/{match}"
    assert "takes back what this match differs by" in look(finance, place)
    browse.send(finance, f"{place}/link", form_at=place, **{"with": str(line), "reason": "Their fee."})
    assert (outside.breaks, outside.groups) == ([], [("by hand", 2, 1)])


def test_a_match_too_large_to_be_merged_is_left_out_in_words(
    finance: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside, day = Outside(), "2026-03-02 09:00:00,deposit,,currency,NGN"

    def tell(*told: str) -> list[int]:
        outside.bring([f"{fresh('L')},{fresh('R')},{day},{each}" for each in told])
        outside.run()
        return numbers(outside)

    three = tell("0.001,0,0.001", "0.001,0,0.002", "0.001,0,0.003")
    with transaction(TEST):
        by_hand.merge(outside.account, breaks=three, reason="One.", actor=TEST)
    leave()
    tell("0.001,0,0.004", "0.001,0,0.005")
    monkeypatch.setattr(by_hand, "LARGE", 3)  # (few rows reach what ten thousand would)
    seen = look(finance, f"/console/breaks/of/{outside.account}/bulk?view=small")
    assert f"This is about 2 breaks of {outside.account} below a smallest unit" in seen
    assert "1 large match left out" in seen
    (match,) = rows("SELECT id FROM breaks WHERE account = :a AND closed_by IS NULL AND group_id IS NOT NULL",
                    a=outside.account)  # fmt: skip
    leave()
    page = look(finance, f"/console/breaks/{match.id}")
    assert ("nothing can be merged with it" in page, "Merge what can" in page) == (True, False)

"""Work of screening as workers do it: a list that was loaded is held against everybody without anybody asking."""

from collections.abc import Callable
from pathlib import Path

from flask import Flask

from app.core import actor
from app.core.db import leave
from app.screening import queries
from jobs import screening
from jobs.work import Work
from tests.makers import listed, people
from tests.makers.listed import AList, Listed, word


def test_a_list_is_held_against_everybody(inside: Flask, tmp_path: Path, work_off: Callable[..., int]) -> None:
    owner, names, name = people.customer(), AList(tmp_path), f"{word()} {word()}"
    names.load(Listed("other", f"{word()} {word()}"))
    listed.screened(listed.subject(name, owner))
    version = names.load(Listed("other", f"{word()} {word()}"), Listed("one", name), screen=False)
    assert version.finished_at is None
    work_off()
    leave()
    assert queries.version_for_operators(version.id).finished_at is not None
    assert queries.state_for_system(owner.id) == "hits"


def test_who_could_not_be_screened_is_tried_again(inside: Flask, tmp_path: Path) -> None:
    AList(tmp_path).load(Listed("other", f"{word()} {word()}"))
    clients, by = inside.extensions["clients"], actor.system("test")
    assert screening.catch_up(Work("test", "slot", {}, clients, by)) is None
    leave()
    assert queries.due_for_system(limit=1) == []

"""No event falls on deaf ears, and no job waits for a call that never comes."""

import importlib
from pathlib import Path
from typing import Any

import pytest

from tests.house.conftest import ExpectNone, Plant
from tests.house.gates import documented, news

EVENTS = {"pay.paid", "pay.failed"}
HEARS = {"pay.paid": ("mail.receipt",)}
SILENT = {"pay.failed": "the page says so already"}


@pytest.fixture
def jobs() -> Any:
    """The real tables: who hears what, and the kinds of job."""
    return importlib.import_module("jobs.hears"), importlib.import_module("jobs.handlers").HANDLERS


def test_every_event_is_heard(jobs: Any, root: Path, expect_none: ExpectNone) -> None:
    hears, kinds = jobs
    expect_none(news.faults(documented.event_names(root), hears=hears.HEARS, silent=hears.SILENT, kinds=kinds))


def test_every_job_is_asked_for(jobs: Any, root: Path, expect_none: ExpectNone) -> None:
    hears, kinds = jobs
    scheduled = {periodic.kind for periodic in importlib.import_module("jobs.schedule").SCHEDULE}
    heard = {kind for hearers in hears.HEARS.values() for kind in hearers}
    expect_none(news.idle(root, kinds=kinds, asked=heard | scheduled))


def test_sound_tables_pass() -> None:
    assert news.faults(EVENTS, hears=HEARS, silent=SILENT, kinds={"mail.receipt"}) == []


@pytest.mark.parametrize(
    ("hears", "silent", "says"),
    [
        (HEARS, {}, "pay.failed: nobody hears it"),
        (HEARS, {"pay.failed": " "}, "pay.failed: nobody hears it"),
        (HEARS | {"pay.failed": ()}, {}, "pay.failed: nobody hears it"),
        (HEARS, SILENT | {"pay.paid": "why"}, "pay.paid: it is heard and called silent"),
        (HEARS | {"pay.gone": ("mail.receipt",)}, SILENT, "pay.gone: no room has such an event"),
        (HEARS, SILENT | {"pay.gone": "why"}, "pay.gone: no room has such an event"),
        ({"pay.paid": ("mail.gone",)}, SILENT, "its hearer mail.gone is not a kind of job"),
    ],
)
def test_bites(hears: dict[str, tuple[str, ...]], silent: dict[str, str], says: str) -> None:
    (fault,) = news.faults(EVENTS, hears=hears, silent=silent, kinds={"mail.receipt"})
    assert says in fault


def test_sees_an_idle_job(plant: Plant) -> None:
    tree = plant({"app/web/pay.py": 'tasks.add("pay.hear", ref="x")\n'})
    (fault,) = news.idle(tree, kinds={"pay.hear", "mail.receipt", "mail.never"}, asked={"mail.receipt"})
    assert fault.startswith("mail.never: nobody asks for this job")

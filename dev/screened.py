"""The demo's customers, held against the invented lists that ship with the house: two have something to look at."""

from collections.abc import Collection, Iterable
from pathlib import Path

from app.core import actor
from app.core.db import leave, transaction
from app.customers import queries as customers
from app.screening import flows, service
from app.screening.rules import Kind, Subject

SYNTHETIC = Path(flows.__file__).parent / "synthetic"
DEMO = actor.system("demo")
BATCHES = 100


def hold_against_lists(customer_ids: Iterable[str], *, but: Collection[str] = ()) -> None:
    """Load the lists and screen everybody but some; behind the second stands a director whom both lists name."""
    for format_, file in (("opensanctions", "targets.simple.csv"), ("ofac", "SDN.CSV")):
        loaded = flows.load(format_, SYNTHETIC / file, title=f"Invented, {format_}", actor=DEMO)
        flows.rescreen(loaded.version.id, batches_max=BATCHES, actor=DEMO)
    leave()
    ids = list(customer_ids)
    screen(one for one in ids if one not in but)
    director = Subject(
        f"director:{ids[1]}", ids[1], Kind.PERSON, "Ebenezer Quilfeather", born="1961-04-12", countries=("ng",)
    )
    with transaction(DEMO):
        service.screen(director, actor=DEMO)


def screen(customer_ids: Iterable[str]) -> None:
    """Hold these against the lists that are there."""
    ids = list(customer_ids)
    names = customers.names_for_operators(set(ids))
    leave()
    for each in ids:
        with transaction(DEMO):
            subject = Subject(f"customer:{each}", each, Kind.PERSON, names[each], countries=("ng",))
            service.screen(subject, actor=DEMO)

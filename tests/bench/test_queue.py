"""The measure of the review queue works, in miniature: whole pages of an officer who is signed in."""

from pathlib import Path

import pytest

from app.core.db import leave
from app.factory import create_app
from bench import queue
from bench.servers import Database
from dev.embedded import Servers
from tests.makers import keys
from tests.makers.databases import fresh_database


@pytest.mark.slow
def test_every_view_is_measured(given: Servers, home: Path) -> None:
    with keys.put_back(), fresh_database(given, home) as made:
        database = Database(made.owner_url, made.app_url)
        app = create_app(queue.settings(database, given))
        client = queue.prepare(app, database, many=400)
        found = queue.measure(client, queue.PAGES, calls=2)
        page = client.get("/console/applications?view=open").text
        app.extensions["redis"].close()
        with app.app_context():
            leave()
            for engine in app.extensions["sqlalchemy"].engines.values():
                engine.dispose()
    assert set(found) == set(queue.PAGES)
    assert all(len(times) == 2 for times in found.values())
    assert page.count('class="row-main"') == 50
    assert 0 < queue.percentile(found[queue.PAGES[0]], 50) <= queue.percentile(found[queue.PAGES[0]], 95)

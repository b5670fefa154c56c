"""Somebody else's judgement of what we ask: Prism serves Paystack's description and says what of a request breaks it.

`make prism` runs it; it wants Node, and fetches Prism from the registry. It is no part of the tests.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import requests

from app.clients.http import Answer, Http, Refused, Silent
from app.clients.paystack import Paystack
from tests.makers.paystack_calls import CALLS, MORE
from tests.makers.sandbox import SECRET, free_port
from tests.makers.specification import FOLDER

PRISM = "@stoplight/prism-cli@5.16.0"
START_SECONDS = 120
pytestmark = pytest.mark.skipif(not os.environ.get("PRISM"), reason="make prism: fetches Prism from npm's registry")

# The ways in which we go beyond the description that Prism minds too; it passes over parameters that are not declared.
MINDED = {"/dedicated_account/requery": "query date: YYYY-MM-DD, where the description has a time"}


class Watching(Http):
    """Notes what Prism says of each request."""

    def __init__(self, base_url: str) -> None:
        super().__init__(base_url, headers={"Authorization": f"Bearer {SECRET}"}, connect_seconds=3, read_seconds=20)
        self.faults: list[tuple[str, Any]] = []
        self.statuses: Counter[int] = Counter()

    def exchange(self, method: str, path: str, **request: Any) -> Answer:
        """One call, its answer judged."""
        answer = super().exchange(method, path, **request)
        self.statuses[answer.status] += 1
        said = json.loads(answer.headers.get("sl-violations", "[]"))
        self.faults += [(path, fault) for fault in said if fault["location"][0] == "request"]
        if answer.status in {401, 404, 422}:
            self.faults.append((path, answer.read()))
        return answer


@pytest.fixture
def prism() -> Iterator[str]:
    """Prism, serving Paystack's description with its documented answers."""
    npx = shutil.which("npx")
    assert npx, "Prism wants Node"
    port = free_port()
    words = [npx, "--yes", PRISM, "mock", "--port", str(port), str(FOLDER / "openapi.mock.json")]
    running = subprocess.Popen(words, stdout=subprocess.DEVNULL, start_new_session=True)  # noqa: S603 (fixed words)
    url, give_up_at = f"http://127.0.0.1:{port}", time.monotonic() + START_SECONDS
    try:
        while True:
            with suppress(requests.RequestException):
                requests.get(url, timeout=1)
                break
            assert running.poll() is None, "Prism did not start"
            assert time.monotonic() < give_up_at, "Prism did not answer in time"
            time.sleep(0.2)
        yield url
    finally:
        os.killpg(running.pid, signal.SIGTERM)
        running.wait(timeout=20)


@pytest.mark.timeout(300)
def test_prism_minds_nothing_that_we_ask(prism: str) -> None:
    paystack = Paystack(prism, secret_key=SECRET)
    paystack._http = watching = Watching(prism)
    asked = 0
    for call in (*CALLS, *MORE.values()):
        asked += 1
        with suppress(Silent, Refused):  # (Prism answers everything alike, so cursors lead round in a circle)
            call.act(paystack)
    minded = [fault for fault in watching.faults if fault[0] not in MINDED]
    remarks = (
        f"{asked} calls, {watching.statuses.total()} requests, {len(watching.faults)} remarks, {len(minded)} faults"
    )
    sys.stdout.write(f"\n{remarks}\n")
    assert minded == []

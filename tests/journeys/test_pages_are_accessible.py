"""Every page, dialog and drawer, wide and narrow, light and dark: no rule of axe broken, nothing wider than the screen.

The theme is switched as its button does it, without loading the page again. Only colours depend on it and they not on
the size, so each page is looked at twice: wide and light, narrow and dark. `make pages` looks at every page; a run of
all tests looks at one in ten, and its seed decides which.
"""

import os
import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import pytest
from playwright.sync_api import Browser, Page, Response

from dev import (
    tour,
    tour_care,
    tour_closing,
    tour_dealing,
    tour_money,
    tour_portal,
    tour_rates,
    tour_reports,
    tour_trading,
    tour_transfers,
    tour_verification,
    tour_withdrawals,
)
from dev.business import MAIL, PASSWORD, SECRET
from dev.chromium import NARROW, WIDE
from dev.tour import Sight
from tests.makers.browser import Visit
from tests.makers.house import Running

EVERY_PAGE = os.environ.get("EVERY_PAGE") == "1"
AXE = Path(__file__).resolve().parents[1] / "vendor" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
EVERYTHING: dict[str, Any] = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
CONTRAST: dict[str, Any] = {
    "runOnly": {"type": "rule", "values": ["color-contrast"]},
    "resultTypes": ["violations"],
}
PARTS = {
    "portal": tour.PORTAL,
    "own money": tour_portal.MONEY,
    "own trades": tour_portal.TRADES,
    "transfers": tour_transfers.TRANSFERS,
    "verification": tour_verification.VERIFICATION,
    "work": tour.WORK,
    "withdrawals": tour_withdrawals.WITHDRAWALS,
    "books": tour.BOOKS,
    "closing": tour.CLOSING,
    "approvals": tour_care.APPROVALS,
    "care": tour_care.CARE,
    "review": tour_care.REVIEW,
    "system": tour.SYSTEM,
    "money": tour_money.MONEY,
    "tie-out": tour_closing.CLOSING,
    "customers' trades": tour_trading.CUSTOMERS,
    "our position": tour_trading.STAFF,
    "dealing": tour_dealing.DEALING,
    "reports": tour_reports.REPORTING,
    "rates": tour_rates.RATES_SIGHTS,
}

RUN = """async (options) => {
  const words = (node) => `${node.target.join(" ")} ${node.any.map((each) => each.message)}`;
  const { violations } = await axe.run(document, options);
  return violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(words).join("; ")}`);
}"""
TOO_WIDE = """() => {
  if (document.documentElement.scrollWidth <= innerWidth) return [];
  const sticksOut = (element) => element.getBoundingClientRect().right > innerWidth;
  const found = [...document.querySelectorAll("body *")].filter(sticksOut);
  return found.slice(0, 3).map((element) => element.outerHTML.slice(0, 120));
}"""

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400), pytest.mark.xdist_group("lived-in")]


class Crowd:
    """One browser window for each kind of person, signed in when first needed."""

    def __init__(self, chromium: Browser, running: Running) -> None:
        self._chromium, self._running = chromium, running
        self._open: dict[str, Visit] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *why: object) -> None:
        self._stack.close()

    def window(self, who: str) -> Visit:
        """The window of somebody."""
        if who not in self._open:
            visit = self._stack.enter_context(Visit(self._chromium, self._running.url))
            visit.context.add_init_script(path=AXE)
            visit.expect(tour.FORBIDDEN, tour.MISSING, tour.FAULTY)
            if who:
                house, email = self._running.url, f"{who}@{MAIL}"
                tour.sign_in(visit.page, who, house=house, email=email, password=PASSWORD, secret=SECRET)
            self._open[who] = visit
        return self._open[who]


@pytest.fixture(scope="module")
def crowd(chromium: Browser, lived_in: Running) -> Iterator[Crowd]:
    """The windows of them all."""
    with Crowd(chromium, lived_in) as made:
        yield made


@pytest.mark.parametrize("part", PARTS)
def test_every_page(part: str, crowd: Crowd) -> None:
    found = [fault for sight in chosen(PARTS[part]) for fault in faults(sight, crowd.window(sight.who).page)]
    assert not found, "\n".join(found)


def test_the_rules_bite(crowd: Crowd) -> None:
    page = crowd.window(tour.NOBODY).page
    page.goto("/")
    page.evaluate("""() => {
      document.querySelector("main h1").style.color = "var(--surface)";
      document.querySelector(".bar-brand").insertAdjacentHTML("afterend", "<button></button>");
      const far = document.createElement("p");
      far.textContent = "far";
      far.style.width = "3000px";
      document.body.append(far);
    }""")
    broken = {rule.partition(":")[0] for rule in page.evaluate(RUN, EVERYTHING)}
    assert {"button-name", "region"} <= broken
    assert page.evaluate(TOO_WIDE)


def visited(sight: Sight, page: Page) -> int:
    """Go there: the status of the last page that came."""
    answers: list[int] = []

    def note(answer: Response) -> None:
        if answer.request.is_navigation_request():
            answers.append(answer.status)

    page.on("response", note)
    sight.visit(page)
    page.remove_listener("response", note)
    return answers[-1]


def chosen(sights: Sequence[Sight]) -> Sequence[Sight]:
    """All of them, or one in ten by chance, in their order."""
    if EVERY_PAGE:
        return sights
    picked = set(random.sample(range(len(sights)), k=-(-len(sights) // 10)))
    return [sight for place, sight in enumerate(sights) if place in picked]


def faults(sight: Sight, page: Page) -> Iterator[str]:
    """What is wrong with one page, each with its size and theme."""
    looks = [("narrow", NARROW, "light", CONTRAST) if sight.narrow else ("wide", WIDE, "light", EVERYTHING)]
    looks.append(("narrow", NARROW, "dark", EVERYTHING))
    (width, height) = looks[0][1]
    page.set_viewport_size({"width": width, "height": height})
    status = visited(sight, page)
    if status != sight.status:
        yield f"{sight.name}: answered {status} at {page.url}"
    for name, (width, height), theme, rules in looks:
        page.set_viewport_size({"width": width, "height": height})
        tour.dress(page, theme)
        for broken in page.evaluate(RUN, rules):
            yield f"{sight.name}, {name}, {theme}: {broken}"
        for element in page.evaluate(TOO_WIDE):
            yield f"{sight.name}, {name}: wider than the screen: {element}"

"""`make shots`: a picture of every page, wide and narrow, light and dark, in var/shots/; two of them for the README.

`python -m dev.shots ledger proof` takes those of the sights whose names begin so.

Of the floor that runs here, else of one that is started for this alone. It only looks: no form is sent that changes
anything, but for the one by which support looks at a customer's pages, which is recorded.
"""

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page

from dev import (
    chromium,
    environment,
    programs,
    running,
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
from dev.children import Child, Unavailable
from dev.environment import ROOT, VAR
from dev.tour import Sight

SHOTS = VAR / "shots"
PICTURES = ROOT / "docs" / "pictures"
CHOSEN = {"overview-1440-light": "console.png", "home-390-light": "portal.png"}
PICTURE_BYTES_MAX = 200_000
START_SECONDS = 240
THEMES = ("light", "dark")
PATIENCE = 60
# A chart is drawn anew a moment after its page has become narrower.
SETTLED = "document.documentElement.scrollWidth <= innerWidth"


def main() -> int:
    """0 when every picture was taken; 1 with one sentence when not."""
    os.chdir(ROOT)
    if chromium.found() is None:
        print("No Chromium here: `make browser` installs it.", file=sys.stderr)
        return 1
    try:
        with floor() as url, chromium.chromium() as browser:
            return look_around(browser, url)
    except Unavailable as refusal:
        print(refusal, file=sys.stderr)
        return 1


@contextmanager
def floor() -> Iterator[str]:
    """The address of the floor that runs, or of one that runs as long as this."""
    there = running.found()
    if there and there.url:
        yield there.url
        return
    own = Child("shots-floor", programs.python("-m", "dev.run"), log=VAR / "shots.log", env=_port())
    own.log.unlink(missing_ok=True)  # an earlier greeting would be taken for this one's
    own.start()
    try:
        yield _greeting(own)
    finally:
        own.stop(patience=60)


def look_around(browser: Browser, url: str) -> int:
    """Take every picture; say which could not be."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    PICTURES.mkdir(parents=True, exist_ok=True)
    pages: dict[str, Page] = {}
    missed = []
    for sight in _wanted():
        if sight.who not in pages:
            pages[sight.who] = _window(browser, url, sight.who)
        try:
            _take(sight, pages[sight.who])
        except tour.Lost as lost:
            missed.append(f"{sight.name}: {lost}")
    print("\n".join([f"{len(list(SHOTS.glob('*.png')))} pictures in {SHOTS.relative_to(ROOT)}/", *missed]))
    return 1 if missed else 0


def _wanted() -> list[Sight]:
    """Every sight, or those that were asked for."""
    asked = tuple(sys.argv[1:])
    every = (
        *tour.EVERYTHING,
        *tour_portal.MONEY,
        *tour_portal.TRADES,
        *tour_transfers.TRANSFERS,
        *tour_withdrawals.WITHDRAWALS,
        *tour_withdrawals.KINDS,
        *tour_care.EVERYTHING,
        *tour_money.MONEY,
        *tour_closing.CLOSING,
        *tour_rates.RATES_SIGHTS,
        *tour_dealing.DEALING,
        *tour_reports.REPORTING,
        *tour_verification.VERIFICATION,
        *tour_trading.CUSTOMERS,
        *tour_trading.ALIVE,
        *tour_trading.STAFF,
    )
    return [sight for sight in every if not asked or sight.name.startswith(asked)]


def _take(sight: Sight, page: Page) -> None:
    width, height = chromium.NARROW if sight.narrow else chromium.WIDE
    page.set_viewport_size({"width": width, "height": height})
    sight.visit(page)
    for width, height in (chromium.NARROW,) if sight.narrow else (chromium.WIDE, chromium.NARROW):
        page.set_viewport_size({"width": width, "height": height})
        for theme in THEMES:
            tour.dress(page, theme)
            _settle(sight, page)
            name = f"{sight.name}-{width}-{theme}"
            overlaid = page.locator("dialog[open], :popover-open").count() > 0
            page.screenshot(path=SHOTS / f"{name}.png", full_page=not overlaid, animations="disabled")
            if name in CHOSEN:
                _keep(page, CHOSEN[name])
        tour.dress(page, THEMES[0])


def _settle(sight: Sight, page: Page) -> None:
    for _ in range(PATIENCE):
        if page.evaluate(SETTLED):
            return
        page.wait_for_timeout(50)
    raise tour.Lost(f"{sight.name} is wider than the screen")


def _keep(page: Page, name: str) -> None:
    picture = page.screenshot(animations="disabled")
    if len(picture) > PICTURE_BYTES_MAX:
        raise Unavailable(f"{name} has {len(picture)} bytes, more than {PICTURE_BYTES_MAX}.")
    (PICTURES / name).write_bytes(picture)


def _window(browser: Browser, url: str, who: str) -> Page:
    context = browser.new_context(
        base_url=url, locale="en-NG", timezone_id="Africa/Lagos", reduced_motion="reduce", color_scheme="light"
    )
    page = context.new_page()
    if who:
        tour.sign_in(page, who, house=url, email=f"{who}@{MAIL}", password=PASSWORD, secret=SECRET)
    return page


def _port() -> dict[str, str]:
    return {**os.environ, "PORT": str(environment.any_free_port())}


def _greeting(own: Child) -> str:
    """Wait until the floor has greeted: then the demo business is there, and the workers."""
    give_up_at = time.monotonic() + START_SECONDS
    while "Ctrl-C stops it" not in own.last_lines(40):
        if not own.running or time.monotonic() > give_up_at:
            raise Unavailable(f"The floor did not start:\n{own.last_lines()}")
        time.sleep(0.2)
    there = running.found()
    if there is None:
        raise Unavailable("The floor that was started for the pictures has gone.")
    return there.url


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main())

"""Debian's Chromium without a window: found on this machine, never downloaded."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",  # containers run it as root
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--disable-dev-shm-usage",
]
WIDE, NARROW = (1440, 900), (390, 844)


def found() -> str | None:
    """Where it is; None on a machine that has none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running browser."""
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=found(), args=ARGUMENTS)
        yield browser
        browser.close()

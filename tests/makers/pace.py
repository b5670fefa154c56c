"""What makes a run of all tests shorter: which of them begin first, and what need not be looked through again."""

import gc
import os

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Beside others what takes long begins first: at the end no process waits for another's last long test."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_collection_finish() -> None:
    """What is loaded stays to the end: the collector looks through it no more, and seldom through the rest."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)

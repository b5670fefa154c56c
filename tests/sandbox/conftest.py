"""One sandbox process and one ear for all these tests, wiped between them: starting a process is the slow part."""

from collections.abc import Iterator

import pytest

from tests.makers.ear import Ear
from tests.makers.sandbox import SandboxProcess


@pytest.fixture(scope="session")
def _ear() -> Iterator[Ear]:
    with Ear() as ear:
        yield ear


@pytest.fixture(scope="session")
def _sandbox(_ear: Ear, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with SandboxProcess(tmp_path_factory.mktemp("sandbox") / "book.sqlite3", _ear.url) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_sandbox: SandboxProcess, _ear: Ear) -> SandboxProcess:
    """A sandbox with an empty book and every knob at rest; transfers end at once instead of after two seconds."""
    _sandbox.reset()
    _sandbox.knobs(transfer_delay_seconds=0)
    _ear.forget()
    return _sandbox


@pytest.fixture
def ear(sandbox: SandboxProcess, _ear: Ear) -> Ear:
    """Where that sandbox sends its events."""
    assert sandbox.webhook_url == _ear.url
    return _ear

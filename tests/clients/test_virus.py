"""The scanner's verdict is one of two; anything else is silence."""

import pytest

from app.clients.http import Silent
from app.clients.virus import Scanner, TooLarge
from tests.makers.clamd import clamd
from tests.makers.hostile import EICAR
from tests.makers.sandbox import free_port


def test_what_is_clean_passes_and_what_is_not_is_named() -> None:
    with clamd() as url:
        scanner = Scanner(url)
        assert scanner.scan(b"A" * 300_000) == ""
        assert scanner.scan(b"A" * 300_000 + EICAR) == "Eicar-Test-Signature"


def test_a_file_beyond_its_limit_is_too_large() -> None:
    with clamd() as url, pytest.raises(TooLarge):
        Scanner(url).scan(b"beyond the size limit")


@pytest.mark.parametrize("url", ["tcp://127.0.0.1:{port}", "unix:///nowhere/clamd.sock"])
def test_a_scanner_that_is_not_there_is_silent(url: str) -> None:
    with pytest.raises(Silent):
        Scanner(url.format(port=free_port())).scan(b"A")

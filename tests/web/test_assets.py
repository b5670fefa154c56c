"""Static files: small, compressed ahead, addressed by their content, kept for a year."""

import gzip
from pathlib import Path

import brotli
import pytest
from flask.testing import FlaskClient

from app.web.assets import STATIC, static_url

TEXTS = sorted(
    path for path in STATIC.rglob("*") if path.suffix in {".css", ".js", ".svg"} and "plotly" not in path.name
)
COMPRESSED_FROM_BYTES = 1000


def gzipped(*names: str) -> int:
    return sum(len(gzip.compress((STATIC / name).read_bytes())) for name in names)


def test_what_the_portal_loads_is_within_budget() -> None:
    assert gzipped("vendor/tabler.min.css", "app.css") <= 35_000
    assert gzipped("vendor/htmx.min.js", "app.js") <= 60_000


@pytest.mark.parametrize("path", sorted(STATIC.rglob("*.br")), ids=lambda path: path.name)
def test_what_is_compressed_is_what_it_was_made_from(path: Path) -> None:
    source = path.with_suffix("").read_bytes()
    assert brotli.decompress(path.read_bytes()) == source
    assert gzip.decompress(path.with_suffix(".gz").read_bytes()) == source


def test_nothing_large_is_sent_as_it_is() -> None:
    large = [path for path in TEXTS if path.stat().st_size > COMPRESSED_FROM_BYTES]
    assert large
    assert [path.name for path in large if not path.with_name(f"{path.name}.br").exists()] == []


def test_an_address_changes_with_the_content_and_is_kept_for_a_year(client: FlaskClient) -> None:
    url = static_url("app.css")
    answer = client.get(url, headers={"Accept-Encoding": "br"})
    answer.close()
    assert "?v=" in url
    assert answer.headers["Content-Encoding"] == "br"
    assert "max-age=31536000" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("name", ["app.css", "app.js", "icons.svg"])
def test_a_file_is_what_it_says_and_for_our_own_pages(client: FlaskClient, name: str) -> None:
    answer = client.get(static_url(name))
    answer.close()
    assert "charset=" in answer.headers["Content-Type"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in answer.headers

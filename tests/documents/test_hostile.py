"""Files that mean harm, each with its fate: what becomes of it, what its owner is told, and what it may cost."""

import io
import itertools
import re
import resource
from collections.abc import Iterator

import pytest
from flask import Flask
from PIL import Image

from app.core.db import leave
from app.core.errors import Refusal
from app.documents import flows, queries, reading
from app.documents.reading import Answer
from app.documents.rules import Kind
from tests.makers import hostile, papers, people
from tests.makers.hostile import Hostile

SECONDS_MAX = 15
PEAK_KIB_MAX = 700 * 1024
# What no document of ours has, whatever came in.
FOREIGN = (b"JavaScript", b"/JS", b"OpenAction", b"Launch", b"Embedded", b"/URI", b"/AA", b"script", b"Exif", b"http")


@pytest.fixture
def cost(monkeypatch: pytest.MonkeyPatch) -> list[Answer]:
    """What the readers of this test took: the real ones, listened to."""
    real, found = reading.read, []

    def listening(body: bytes, *, kind: Kind, **how: float) -> Answer:
        found.append(real(body, kind=kind, **how))
        return found[-1]

    # The real reader reads; what it took is told to nobody else, and the bounds are on that.
    monkeypatch.setattr(reading, "read", listening)
    return found


@pytest.mark.parametrize("file", hostile.EVERYTHING, ids=lambda file: file.what)
def test_each_meets_its_fate(app: Flask, inside: Flask, file: Hostile, cost: list[Answer]) -> None:
    owner, body = people.customer(), file.make()
    leave()
    before = files_of(app)
    fate, _, why = file.fate.partition(":")
    if fate == "door":
        with pytest.raises(Refusal) as refused:
            papers.sent(owner, app=app, body=body, name=file.name)
        assert refused.value.code == why
        assert file.says in refused.value.message
        assert files_of(app) == before
        return
    document = papers.checked(owner, app=app, body=body, name=file.name)
    assert (document.state, document.refusal) == (fate, why)
    assert file.says in document.reason
    # (Linux counts what this process held when it made the other one, which reads in a program of its own.)
    most = max(PEAK_KIB_MAX, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss + 1)
    assert all(answer.seconds < SECONDS_MAX and answer.peak_kib < most for answer in cost)
    if fate == "refused":
        assert document.reason
        assert files_of(app) == before
        return
    kept, media_type = flows.content(papers.store_of(app), document.id)
    assert [each for each in (*file.gone, *FOREIGN) if each in kept] == []
    assert_bare(kept, media_type)
    shown = flows.preview(papers.store_of(app), document.id, page=1, label="Bola Ade")
    assert shown.startswith(b"\x89PNG")
    assert len(files_of(app) - before) == document.pages


def test_there_are_enough_of_them() -> None:
    assert len({file.what for file in hostile.EVERYTHING}) == len(hostile.EVERYTHING) >= 25
    fates = [file.fate.partition(":")[0] for file in hostile.EVERYTHING]
    assert all(fates.count(fate) >= 8 for fate in ("door", "ready", "refused"))


def test_a_photo_is_turned_the_way_it_was_taken(app: Flask, inside: Flask) -> None:
    document = papers.checked(people.customer(), app=app, body=hostile.sideways_with_a_place())
    kept, _ = flows.content(papers.store_of(app), document.id)
    with Image.open(io.BytesIO(kept)) as image:
        assert image.size == (200, 320)
        corners = {(x, y): image.convert("L").tobytes()[y * 200 + x] for x, y in itertools.product((5, 194), (5, 314))}
    assert min(corners, key=lambda corner: corners[corner]) == (194, 5)  # dark was upper left; now it is upper right


def test_what_is_clear_lies_on_white(app: Flask, inside: Flask) -> None:
    image = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    document = papers.checked(people.customer(), app=app, body=hostile.png(image))
    kept, _ = flows.content(papers.store_of(app), document.id)
    with Image.open(io.BytesIO(kept)) as made:
        assert made.convert("RGB").getpixel((9, 9)) == (255, 255, 255)


def test_a_large_photo_is_kept_smaller(app: Flask, inside: Flask) -> None:
    document = papers.checked(people.customer(), app=app, body=hostile.jpeg(hostile.picture(6_000, 4_000)))
    kept, _ = flows.content(papers.store_of(app), document.id)
    with Image.open(io.BytesIO(kept)) as made:
        assert made.size == (3_000, 2_000)


def test_pages_of_a_paper_stay_pages(app: Flask, inside: Flask) -> None:
    document = papers.checked(people.customer(), app=app, body=hostile.of_many_pages(3))
    kept, media_type = flows.content(papers.store_of(app), document.id)
    assert (document.pages, media_type) == (3, "application/pdf")
    assert len(reading.read(kept, kind=Kind.PDF).pages) == 3  # another reader finds them, too
    assert queries.one_for_operators(document.id).ready


def files_of(app: Flask) -> set[str]:
    """What lies in the store."""
    return {kept.name for kept in papers.store_of(app).everything()}


def assert_bare(kept: bytes, media_type: str) -> None:
    """Nothing is in it but a picture, or pictures."""
    if media_type == "image/png":
        assert set(chunks(kept)) == {b"IHDR", b"IDAT", b"IEND"}
        assert kept.endswith(b"IEND\xaeB`\x82")
    elif media_type == "image/jpeg":
        assert not set(segments(kept)) & {0xFE, *range(0xE1, 0xF0)}
        assert kept.endswith(b"\xff\xd9")
    else:
        keys = set(re.findall(rb"/[A-Za-z]+", re.sub(rb"stream\n.*?\nendstream", b"", kept, flags=re.DOTALL)))
        assert keys <= {
            b"/Type", b"/Catalog", b"/Pages", b"/Page", b"/Count", b"/Kids", b"/Parent", b"/MediaBox", b"/Contents",
            b"/Resources", b"/XObject", b"/P", b"/Length", b"/Subtype", b"/Image", b"/Width", b"/Height",
            b"/ColorSpace", b"/DeviceRGB", b"/BitsPerComponent", b"/Filter", b"/DCTDecode", b"/Size", b"/Root",
        }  # fmt: skip
        assert kept.endswith(b"%%EOF\n")


def chunks(body: bytes) -> Iterator[bytes]:
    """The kinds of chunks of a PNG."""
    place = 8
    while place < len(body):
        yield body[place + 4 : place + 8]
        place += 12 + int.from_bytes(body[place : place + 4], "big")


def segments(body: bytes) -> Iterator[int]:
    """The markers of a JPEG, up to its picture."""
    place = 2
    while body[place + 1] != 0xDA:
        yield body[place + 1]
        place += 2 + int.from_bytes(body[place + 2 : place + 4], "big")

"""What a file may be, how its name is shown, what its state may become, and why it is refused: decided by looking."""

import re
import unicodedata
from datetime import timedelta
from enum import StrEnum

from app.core.machine import Machine, Wait
from app.documents import errors

MIB = 1024 * 1024
FILE_BYTES_MAX = 10 * MIB
FILES_A_DAY = 40
FILES_COUNT_FOR = timedelta(hours=24)
NAME_LENGTH_MAX = 120
PAGES_MAX = 20
PIXELS_MAX = 40_000_000
TRIES_MAX = 3  # of a check that takes its process with it
TRIES_AFTER = timedelta(seconds=10)
WAITS_FOR = timedelta(minutes=1)  # until it is looked whether scanner or store answer again
LEFT_BEHIND_AFTER = timedelta(hours=1)
UNATTACHED_AFTER = timedelta(days=1)  # what was taken in and put into no application: something broke in between
WAITS_LONG = timedelta(hours=6)  # so long a check waits before people are told
UNKNOWN_AFTER = timedelta(days=1)  # what lies in the store without a row is being taken in, but not for so long
VIEWS_COUNT_FOR = timedelta(hours=1)
VIEWED_TOLD = 60  # so many documents in an hour are told to those who watch,
VIEWED_MAX = 120  # and more are not shown
LIKENESS_BITS_MAX = 3  # pictures whose likeness differs in no more than these are nearly the same


class Purpose(StrEnum):
    """What a document is to show."""

    ID_FRONT = "id_front"
    ID_BACK = "id_back"
    SELFIE = "selfie"
    PROOF_OF_ADDRESS = "proof_of_address"
    SOURCE_OF_FUNDS = "source_of_funds"
    COMPANY_REGISTRATION = "company_registration"
    OTHER = "other"


class Kind(StrEnum):
    """What a file is by its first bytes."""

    JPEG = "jpeg"
    PNG = "png"
    PDF = "pdf"


class State(StrEnum):
    """`discarded` has no file any more; that it was there, and its digest, stay."""

    RECEIVED = "received"
    READY = "ready"
    REFUSED = "refused"
    DISCARDED = "discarded"


class What(StrEnum):
    """How somebody looked: at a page with a mark on it, or by taking the file."""

    PREVIEW = "preview"
    FILE = "file"


MACHINE = Machine(
    "document",
    {
        State.RECEIVED: frozenset({State.READY, State.REFUSED, State.DISCARDED}),
        State.READY: frozenset({State.DISCARDED}),
        State.REFUSED: frozenset({State.DISCARDED}),
        State.DISCARDED: frozenset(),
    },
    waits={
        State.RECEIVED: Wait(
            WAITS_LONG, "admin", "It waits for the scanner or the store. See that they answer; the clock then goes on."
        ),
    },
    rests={
        State.READY: "it is kept for as long as the law asks",
        State.REFUSED: "its owner was told, and it goes with what is due",
    },
)

UNREADABLE = "unreadable"
TOO_MUCH = "too_much"
TOO_LARGE = "too_large"
INFECTED = "infected"
# Why a file was refused, to its owner.
REASONS = {
    UNREADABLE: "We could not read this file. Take the picture again, or save the document anew, and send that.",
    INFECTED: "A scanner found something harmful in this file. Send another one, best from another device.",
    TOO_MUCH: "This file takes too much work to draw. Send photos of its pages instead.",
    "password": "This PDF asks for a password. Save it without one, and send it again.",
    "too_many_pages": f"This PDF has more than {PAGES_MAX} pages. Send those that matter.",
    "too_many_pixels": f"This picture has more than {PIXELS_MAX // 1_000_000} million pixels. Send a smaller one.",
    TOO_LARGE: "This file is too large for our scanner. Send a smaller one: a photo with a lower resolution will do.",
    "too_small": "This picture is too small to show anything. Take it again.",
}

MEDIA_TYPES = {Kind.JPEG: "image/jpeg", Kind.PNG: "image/png", Kind.PDF: "application/pdf"}
_ADMITTED = ((b"\xff\xd8\xff", Kind.JPEG), (b"\x89PNG\r\n\x1a\n", Kind.PNG), (b"%PDF-", Kind.PDF))
# What people send instead, and what to tell them.
_KNOWN = (
    (re.compile(rb"....ftyp(hei[cxms]|hev[cxms]|mif1|msf1)", re.DOTALL), "a HEIC photo"),
    (re.compile(rb"....ftypavif", re.DOTALL), "an AVIF picture"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "a WebP picture"),
    (re.compile(rb"GIF8[79]a"), "a GIF"),
    (re.compile(rb"II\*\0|MM\0\*"), "a TIFF"),
    (re.compile(rb"BM.{4}\0\0\0\0", re.DOTALL), "a BMP"),
    (re.compile(rb"PK(\x03\x04|\x05\x06)"), "a ZIP archive or an office document"),
    (re.compile(rb"\x1f\x8b"), "a compressed archive"),
    (re.compile(rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<svg", re.IGNORECASE | re.DOTALL), "an SVG drawing"),
    (re.compile(rb"\s*<(!doctype|html|head|body|script)", re.IGNORECASE), "a web page"),
)
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def admitted(body: bytes) -> Kind:
    """What a file is, if it may come in. Raises EmptyFile, FileTooLarge, WrongKind."""
    if not body:
        raise errors.EmptyFile
    if len(body) > FILE_BYTES_MAX:
        raise errors.FileTooLarge
    for magic, kind in _ADMITTED:
        if body.startswith(magic):
            return kind
    head = body[:512]
    known = next((what for shape, what in _KNOWN if shape.match(head)), "")
    raise errors.WrongKind(f"This is {known}. Send a photo (JPEG or PNG) or a PDF." if known else None)


def shown_name(name: str) -> str:
    """A file's name as it may be shown: its last part, without what cannot be seen or turns what can be around."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name[: 20 * NAME_LENGTH_MAX]))[-1]
    seen = "".join(letter for letter in last if unicodedata.category(letter) not in _INVISIBLE)
    words = " ".join(seen.split()).lstrip(". ")
    if len(words) > NAME_LENGTH_MAX:
        stem, dot, ending = words.rpartition(".")
        ending = f"…{dot}{ending}" if stem and len(ending) <= 5 else "…"  # noqa: PLR2004 (the longest is .jpeg)
        words = words[: NAME_LENGTH_MAX - len(ending)] + ending
    return words or "file"


def sealed_as(document_id: str, *, customer_id: str, page: int) -> str:
    """What is sealed together with a file: in another place it does not open."""
    return f"document:{document_id}:{customer_id}:{page}"


def bands(likeness: int) -> list[int]:
    """The four quarters of a likeness, each with its place: two that differ in three bits share one at least."""
    return [place << 16 | likeness >> 16 * place & 0xFFFF for place in range(4)]


def says_something(likeness: int) -> bool:
    """Whether there is enough in a picture to be nearly the same as another: an almost empty page is like many."""
    return 6 <= (likeness & (2**64 - 1)).bit_count() <= 58  # noqa: PLR2004 (of 64)

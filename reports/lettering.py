"""The letters of our PDFs. What the fonts lack is written with letters that sound alike."""

from functools import cache
from pathlib import Path

from anyascii import anyascii
from reportlab.lib.colors import HexColor
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

FONTS = Path(__file__).parent / "fonts"
TEXT, STRONG = "Roboto", "Roboto-Bold"
INK, QUIET, RULE, GREEN = HexColor("#1b2420"), HexColor("#5b6660"), HexColor("#d7ddd9"), HexColor("#0b6b45")
RED = HexColor("#b3261e")


@cache
def ready() -> None:
    """Read the fonts, once."""
    for name, file in ((TEXT, "Roboto-Regular.ttf"), (STRONG, "Roboto-Bold.ttf")):
        pdfmetrics.registerFont(TTFont(name, str(FONTS / file)))


def written(value: str) -> str:
    """A text in letters that the fonts have."""
    known = pdfmetrics.getFont(TEXT).face.charToGlyph
    return "".join(letter if ord(letter) in known else anyascii(letter) for letter in value)


def width(text: str, size: float, *, font: str = TEXT) -> float:
    """How wide a text is, in points."""
    found: float = pdfmetrics.stringWidth(text, font, size)
    return found

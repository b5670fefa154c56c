"""A receipt as a file: one page of real text, the same bytes for the same facts, whoever asks for it and when.

Letters that the fonts lack are written with those that sound alike.
"""

import io

from flask import make_response
from flask.wrappers import Response
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A5
from reportlab.lib.utils import simpleSplit
from reportlab.pdfgen.canvas import Canvas

from app.core.money import format_money
from reports import lettering
from reports.lettering import GREEN, INK, QUIET, RULE, STRONG, TEXT
from reports.receipts import Receipt

WIDTH, HEIGHT = A5
MARGIN, LABELS, LINE = 40, 120, 14
SMALL, NORMAL, LARGE = 8, 10, 26


def answer(receipt: Receipt, *, checked_at: str) -> Response:
    """The file, for whoever asked for it to keep; `checked_at` is the address where others see whether it is ours."""
    made = make_response(drawn(receipt, checked_at=checked_at))
    made.mimetype = "application/pdf"
    made.headers["Content-Disposition"] = f'attachment; filename="receipt-{receipt.movement_id}.pdf"'
    return made


def drawn(receipt: Receipt, *, checked_at: str) -> bytes:
    """The page."""
    lettering.ready()
    file = io.BytesIO()
    page = Canvas(file, pagesize=A5, invariant=True, pageCompression=1, lang="en-NG")
    page.setTitle(f"Receipt {receipt.movement_id}")
    page.setAuthor("Bursar")
    top = _head(page, receipt)
    for label, value in receipt.lines:
        top = _line(page, top, label, value)
    _foot(page, receipt, checked_at)
    page.showPage()
    page.save()
    return file.getvalue()


def _head(page: Canvas, receipt: Receipt) -> float:
    top = HEIGHT - MARGIN
    _text(page, MARGIN, top, "Bursar", font=STRONG, size=NORMAL + 4, colour=GREEN)
    page.setFillColor(QUIET)
    page.setFont(TEXT, NORMAL)
    page.drawRightString(WIDTH - MARGIN, top, "Receipt")
    top -= 52
    _text(page, MARGIN, top, format_money(receipt.amount), font=STRONG, size=LARGE, colour=INK)
    top -= 20
    _text(page, MARGIN, top, receipt.title, font=TEXT, size=NORMAL + 1, colour=QUIET)
    top -= 18
    _rule(page, top)
    return top - 22


def _line(page: Canvas, top: float, label: str, value: str) -> float:
    """A label and its value, which goes on below when it is long."""
    _text(page, MARGIN, top, label, font=TEXT, size=NORMAL - 1, colour=QUIET)
    room = WIDTH - 2 * MARGIN - LABELS
    for part in _parts(lettering.written(value), room):
        _text(page, MARGIN + LABELS, top, part, font=TEXT, size=NORMAL, colour=INK)
        top -= LINE
    return top - 6


def _parts(value: str, room: float) -> list[str]:
    """The lines of a value. A word that is wider than the page is cut where it must be."""
    found = []
    for line in simpleSplit(value, TEXT, NORMAL, room) or [""]:
        start = 0
        for end in range(1, len(line) + 1):
            if lettering.width(line[start:end], NORMAL) > room:
                found.append(line[start : end - 1])
                start = end - 1
        found.append(line[start:])
    return found


def _foot(page: Canvas, receipt: Receipt, checked_at: str) -> None:
    top = MARGIN + 34
    _rule(page, top + 16)
    _text(page, MARGIN, top, f"Verification code {receipt.code}", font=STRONG, size=SMALL + 1, colour=INK)
    told = f"Whether this receipt is ours, anybody can see at {checked_at} with our reference and this code."
    for line in simpleSplit(f"{told} Times are West Africa Time.", TEXT, SMALL, WIDTH - 2 * MARGIN):
        top -= SMALL + 4
        _text(page, MARGIN, top, line, font=TEXT, size=SMALL, colour=QUIET)


def _rule(page: Canvas, top: float) -> None:
    page.setStrokeColor(RULE)
    page.line(MARGIN, top, WIDTH - MARGIN, top)


def _text(page: Canvas, left: float, top: float, words: str, *, font: str, size: float, colour: HexColor) -> None:
    page.setFillColor(colour)
    page.setFont(font, size)
    page.drawString(left, top, words)

"""Pictures of ours: a mark across a page for who looks at it, and pages as one PDF.

What a customer sent never gets here: a page was made anew in the locked room, from pixels alone.
"""

import io
from collections.abc import Sequence

from anyascii import anyascii
from PIL import Image, ImageDraw, ImageFont

from app.documents.reading import Page

PREVIEW_EDGE_MAX = 1600
LABEL_LENGTH_MAX = 80
POINTS_WIDE = 595  # A4
_INK = (110, 110, 110, 105)


def marked(body: bytes, *, media_type: str, label: str) -> bytes:
    """A page as a PNG of modest size, with `label` across it again and again."""
    with Image.open(io.BytesIO(body), formats=("PNG" if media_type == "image/png" else "JPEG",)) as opened:
        opened.draft("RGB", (PREVIEW_EDGE_MAX, PREVIEW_EDGE_MAX))
        page = opened.convert("RGB")
    page.thumbnail((PREVIEW_EDGE_MAX, PREVIEW_EDGE_MAX))
    words = anyascii(label)[:LABEL_LENGTH_MAX]
    if words.strip():
        page = Image.alpha_composite(page.convert("RGBA"), _veil(page.size, words)).convert("RGB")
    out = io.BytesIO()
    page.save(out, "PNG", compress_level=3)
    return out.getvalue()


def as_pdf(pages: Sequence[Page]) -> bytes:
    """Pages (JPEG) as one PDF, each on a sheet of its own. Nothing is in it but the pictures."""
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b""]
    kids = []
    for page in pages:
        first = len(objects) + 1
        wide, high = POINTS_WIDE, max(1, POINTS_WIDE * page.height // page.width)
        drawn = b"q %d 0 0 %d 0 0 cm /P Do Q" % (wide, high)
        kids.append(b"%d 0 R" % first)
        objects += [
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %d %d]/Contents %d 0 R/Resources<</XObject<</P %d 0 R>>>>>>"
            % (wide, high, first + 1, first + 2),
            b"<</Length %d>>stream\n%s\nendstream" % (len(drawn), drawn),
            b"<</Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceRGB/BitsPerComponent 8"
            b"/Filter/DCTDecode/Length %d>>stream\n%s\nendstream"
            % (page.width, page.height, len(page.body), page.body),
        ]
    objects[1] = b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(kids), b" ".join(kids))
    return _assembled(objects)


def _assembled(objects: Sequence[bytes]) -> bytes:
    made, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(made))
    return made + b"xref\n0 %d\n0000000000 65535 f \n%s%s" % (len(objects) + 1, table, end)


def _veil(size: tuple[int, int], words: str) -> Image.Image:
    """The words in rows, a little askew, over all of a picture of this size."""
    height = max(12, max(size) // 40)
    font = ImageFont.load_default(height)
    wide = int(font.getlength(words)) + 3 * height
    side = int((size[0] ** 2 + size[1] ** 2) ** 0.5) + 1
    veil = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    pen = ImageDraw.Draw(veil)
    for row, top in enumerate(range(0, side, 5 * height)):
        for left in range(-(row % 2) * wide // 2, side, wide):
            pen.text((left, top), words, font=font, fill=_INK)
    turned = veil.rotate(25)
    left, top = (side - size[0]) // 2, (side - size[1]) // 2
    return turned.crop((left, top, left + size[0], top + size[1]))

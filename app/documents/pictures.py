"""Pictures of ours: a mark across a page for who looks at it, and pages as one PDF.

What a customer sent never gets here, and no picture is opened: whoever made it anew may have been taken over.
"""

from collections.abc import Sequence

from anyascii import anyascii

from app.documents import reading, rules
from app.documents.reading import Page
from app.documents.rules import Kind

LABEL_LENGTH_MAX = 80
POINTS_WIDE = 595  # A4


def marked(body: bytes, *, media_type: str, label: str) -> bytes:
    """A page as a PNG of modest size, with `label` across it again and again. Raises Broken, Unlocked."""
    kind = Kind.PNG if media_type == rules.MEDIA_TYPES[Kind.PNG] else Kind.JPEG
    return reading.mark(body, kind=kind, words=anyascii(label)[:LABEL_LENGTH_MAX])


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

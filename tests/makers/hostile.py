"""Files as people send them who mean harm, or whose phones do: built here, each with what becomes of it."""

import gzip
import hashlib
import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image, ImageDraw, TiffImagePlugin

SCRIPT = b"<script>alert(document.cookie)</script>"
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR" + rb"-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
MIB = 1024 * 1024


@dataclass(frozen=True)
class Hostile:
    """A file, the name it comes under, and its fate: `door:` and a code, `refused:` and a reason, or `ready`.

    `gone` must not be in what we keep of it.
    """

    what: str
    name: str
    make: Callable[[], bytes]
    fate: str
    says: str = ""
    gone: tuple[bytes, ...] = ()


def picture(width: int = 320, height: int = 200, mode: str = "RGB") -> Image.Image:
    """Something to see: a card with a dark corner at its upper left, and lines."""
    image = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, width // 4, height // 4), fill="black")
    for line in range(6):
        top = height // 3 + line * height // 12
        pen.line((width // 8, top, width - width // (3 + line), top), fill=(40 * line, 90, 160), width=3)
    return image.convert(mode)


def jpeg(image: Image.Image | None = None, **how: object) -> bytes:
    """A sound JPEG."""
    out = io.BytesIO()
    (image or picture()).save(out, "JPEG", **how)
    return out.getvalue()


def png(image: Image.Image | None = None, **how: object) -> bytes:
    """A sound PNG."""
    out = io.BytesIO()
    (image or picture()).save(out, "PNG", **how)
    return out.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def with_chunk(kind: bytes, body: bytes) -> bytes:
    """A sound PNG with one more chunk behind its header."""
    sound = png()
    return sound[:33] + chunk(kind, body) + sound[33:]


def bare_png(width: int, height: int, *, rows: int, depth: int = 1) -> bytes:
    """A PNG of zeroes that says it is so large, and holds so many rows."""
    header = struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0)
    row = b"\0" * (1 + (width * depth + 7) // 8)
    packer = zlib.compressobj(9)
    body = b"".join(packer.compress(row) for _ in range(rows)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def segment(marker: int, body: bytes) -> bytes:
    """A segment of a JPEG."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def jpeg_with(*segments: bytes, image: bytes | None = None) -> bytes:
    """A JPEG with more segments behind its beginning."""
    sound = image or jpeg()
    return sound[:2] + b"".join(segments) + sound[2:]


def sideways_with_a_place() -> bytes:
    """A photo that lies on its side and says where it was taken, and by what script."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it a quarter to the right
    exif[0x010E] = SCRIPT.decode()
    third = TiffImagePlugin.IFDRational(3, 1)
    exif.get_ifd(0x8825).update({1: "N", 2: (6.0, 27.0, third), 3: "E", 4: (3.0, 24.0, third)})
    return jpeg(exif=exif.tobytes())


def zipped(**files: bytes) -> bytes:
    """An archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return out.getvalue()


def pdf(*more: bytes, catalog: bytes = b"", page: bytes = b"", content: bytes = b"", pages: bytes = b"") -> bytes:
    """A PDF of one page; `more` are further objects, from number 6 on."""
    drawn = content or b"BT /F 24 Tf 40 700 Td (Power bill, 12 Marina, Lagos) Tj ET 40 600 300 40 re f"
    return assembled(
        b"<</Type/Catalog/Pages 2 0 R%s>>" % catalog,
        pages or b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>/XObject<</X 6 0 R"
        b">>>>%s>>" % page,
        b"<</Length %d>>stream\n%s\nendstream" % (len(drawn), drawn),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        *more,
    )


def assembled(*objects: bytes, trailer: bytes = b"") -> bytes:
    """Objects as a PDF, the first its root."""
    made, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, len(made))
    return made + b"xref\n0 %d\n0000000000 65535 f \n%s%s" % (len(objects) + 1, table, end)


def of_many_pages(count: int) -> bytes:
    """A PDF of so many empty pages."""
    kids = b" ".join(b"%d 0 R" % (3 + number) for number in range(count))
    leaf = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>"
    return assembled(
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count %d/Kids[%s]>>" % (count, kids), *[leaf] * count
    )


def laughing(depth: int, *, each: int = 10) -> bytes:
    """A page that draws a form which draws another ten times, and so on."""
    forms = []
    for number in range(depth):
        drawn = b"/X Do " * each if number < depth - 1 else b"0 0 9 9 re f 1 1 7 7 re f"
        inner = b"/Resources<</XObject<</X %d 0 R>>>>" % (7 + number)
        forms.append(
            b"<</Type/XObject/Subtype/Form/BBox[0 0 500 500]%s/Length %d>>stream\n%s\nendstream"
            % (inner, len(drawn), drawn)
        )
    return pdf(*forms, content=b"/X Do")


def itself() -> bytes:
    """A page that draws a form that draws itself."""
    drawn = b"40 40 200 200 re f /X Do"
    inner = b"/Resources<</XObject<</X 6 0 R>>>>/Length %d" % len(drawn)
    form = b"<</Type/XObject/Subtype/Form/BBox[0 0 500 500]%s>>stream\n%s\nendstream" % (inner, drawn)
    return pdf(form, content=b"/X Do")


def locked() -> bytes:
    """A PDF that asks for a password (the standard's first handler, RC4 with 40 bits)."""
    padding = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")
    password, number, rights = (b"secret" + padding)[:32], b"0123456789abcdef", -4
    of_owner = _rc4(hashlib.md5(password, usedforsecurity=False).digest()[:5], password)
    seed = password + of_owner + struct.pack("<i", rights) + number
    key = hashlib.md5(seed, usedforsecurity=False).digest()[:5]
    of_user = _rc4(key, padding)
    encrypt = b"/Encrypt<</Filter/Standard/V 1/R 2/O<%s>/U<%s>/P %d>>/ID[<%s><%s>]" % (
        of_owner.hex().encode(), of_user.hex().encode(), rights, number.hex().encode(), number.hex().encode(),
    )  # fmt: skip
    return assembled(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>",
        trailer=encrypt,
    )


def _rc4(key: bytes, body: bytes) -> bytes:
    box, there = list(range(256)), 0
    for here in range(256):
        there = (there + box[here] + key[here % len(key)]) % 256
        box[here], box[there] = box[there], box[here]
    out, here, there = [], 0, 0
    for byte in body:
        here = (here + 1) % 256
        there = (there + box[here]) % 256
        box[here], box[there] = box[there], box[here]
        out.append(byte ^ box[(box[here] + box[there]) % 256])
    return bytes(out)


def animated() -> bytes:
    """A PNG of three pictures, one after the other."""
    frames = [picture(), picture().rotate(90), picture().rotate(180)]
    return png(frames[0], save_all=True, append_images=frames[1:])


DOOR = "door:file_kind_unknown"
UNREADABLE = "refused:unreadable"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg">' + SCRIPT + b"</svg>"
HTML = b"<!DOCTYPE html><html><body>" + SCRIPT + b"</body></html>"
JS = b"/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>"
FILE = b"/Names<</EmbeddedFiles<</Names[(evil.exe) 6 0 R]>>>>"
LAUNCH = b"/OpenAction<</S/Launch/F(cmd.exe)>>"
EMBEDDED = (
    b"<</Type/Filespec/F(evil.exe)/EF<</F 7 0 R>>>>",
    b"<</Type/EmbeddedFile/Length 4>>stream\nMZ\x90\0\nendstream",
)
LINK = b"/Annots[<</Type/Annot/Subtype/Link/Rect[0 0 500 500]/A<</S/URI/URI(http://evil.example)>>>>]"
ICC = b"ICC_PROFILE\0\1\1" + b"A" * 60_000
XMP = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>" + SCRIPT + b"</x:xmpmeta>"

# What the content says it is decides, not what its name does.
AT_THE_DOOR = (
    Hostile("SVG with script", "card.svg", lambda: SVG, DOOR, "an SVG drawing"),
    Hostile("web page as .jpg", "photo.jpg", lambda: HTML, DOOR, "a web page"),
    Hostile("web page behind GIF's magic", "a.gif", lambda: b"GIF89a/*" + HTML, DOOR, "a GIF"),
    Hostile("BMP", "a.bmp", lambda: _saved("BMP"), DOOR, "a BMP"),
    Hostile("TIFF", "a.tif", lambda: _saved("TIFF"), DOOR, "a TIFF"),
    Hostile("WebP", "a.jpg", lambda: _saved("WEBP"), DOOR, "a WebP picture"),
    Hostile("HEIC", "IMG_1.HEIC", lambda: b"\0\0\0\x24ftypheic\0\0\0\0mif1heic" + b"\0" * 99, DOOR, "a HEIC photo"),
    Hostile("archive", "a.pdf", lambda: zipped(a=b"a"), DOOR, "a ZIP archive"),
    Hostile("zip bomb", "a.zip", lambda: zipped(a=b"\0" * 40 * MIB), DOOR, "a ZIP archive"),
    Hostile("gzip bomb", "a.png", lambda: gzip.compress(b"\0" * 20 * MIB), DOOR, "a compressed archive"),
    Hostile("program", "a.jpg", lambda: b"MZ\x90\0" + b"\0" * 999, DOOR, "neither"),
    Hostile("PDF behind something else", "a.pdf", lambda: b"GIF" + pdf(), DOOR, "neither"),
    Hostile("nothing", "a.jpg", lambda: b"", "door:file_empty", "empty"),
    Hostile("11 MiB", "a.jpg", lambda: jpeg() + b"\0" * 11 * MIB, "door:file_too_large", "10 MB"),
)
PICTURES = (
    Hostile("web page behind JPEG's magic", "a.jpg", lambda: b"\xff\xd8\xff\xe0" + HTML, UNREADABLE),
    Hostile("JPEG and archive (GIFAR)", "a.jpg", lambda: jpeg() + zipped(a=SCRIPT), "ready", gone=(b"PK\x03\x04",)),
    Hostile(
        "JPEG and PDF at once", "a.pdf", lambda: jpeg_with(segment(0xFE, pdf(catalog=JS))) + pdf(), "ready",
        gone=(b"%PDF", b"JavaScript"),
    ),
    Hostile("GPS, lying on its side", "a.jpg", sideways_with_a_place, "ready", gone=(b"Exif", b"script")),
    Hostile(
        "JPEG with XMP, ICC and a comment", "a.jpg",
        lambda: jpeg_with(segment(0xE1, XMP), segment(0xE2, ICC), segment(0xFE, SCRIPT)), "ready",
        gone=(b"xmpmeta", b"ICC_PROFILE", b"script"),
    ),
    Hostile("CMYK JPEG", "a.jpg", lambda: jpeg(picture(mode="CMYK")), "ready", gone=(b"Adobe",)),
    Hostile("JPEG cut short", "a.jpg", lambda: jpeg()[:-2500], UNREADABLE),
    Hostile(
        "JPEG that says 65,500 x 65,500", "a.jpg", lambda: _said_larger(65_500), "refused:too_many_pixels",
        "40 million",
    ),
    Hostile("PNG of 50,000 x 50,000", "a.png", lambda: bare_png(50_000, 50_000, rows=9), "refused:too_many_pixels"),
    Hostile("PNG of 6,300 x 6,300 in few bytes", "a.png", lambda: bare_png(6_300, 6_300, rows=6_300), "ready"),
    Hostile("PNG cut short", "a.png", lambda: png()[:-300], UNREADABLE),
    Hostile(
        "PNG with a text that unpacks to 60 MiB", "a.png",
        lambda: with_chunk(b"zTXt", b"k\0\0" + zlib.compress(b"A" * 60 * MIB, 9)), UNREADABLE,
    ),
    Hostile(
        "PNG with a profile that unpacks to 60 MiB", "a.png",
        lambda: with_chunk(b"iCCP", b"k\0\0" + zlib.compress(b"A" * 60 * MIB, 9)), UNREADABLE,
    ),
    Hostile(
        "PNG with a text and more behind its end", "a.png",
        lambda: with_chunk(b"tEXt", b"k\0" + SCRIPT) + SCRIPT + zipped(a=b"a"), "ready", gone=(b"tEXt", b"script"),
    ),
    Hostile("animated PNG", "a.png", animated, "ready", gone=(b"acTL", b"fdAT")),
    Hostile("PNG with 16 bits of grey", "a.png", lambda: bare_png(64, 64, rows=64, depth=16), "ready"),
    Hostile("clear PNG", "a.png", lambda: png(picture(mode="RGBA")), "ready"),
    Hostile("one pixel", "a.png", lambda: png(picture(1, 1)), "refused:too_small", "too small"),
)  # fmt: skip
PAPERS = (
    Hostile("PDF with script", "a.pdf", lambda: pdf(catalog=JS), "ready", gone=(b"JavaScript", b"OpenAction")),
    Hostile(
        "PDF with a file in it", "a.pdf", lambda: pdf(*EMBEDDED, catalog=FILE), "ready", gone=(b"Embedded", b"MZ\x90"),
    ),
    Hostile("PDF that starts a program", "a.pdf", lambda: pdf(catalog=LAUNCH), "ready", gone=(b"Launch", b"cmd.exe")),
    Hostile("PDF with a link", "a.pdf", lambda: pdf(page=LINK), "ready", gone=(b"URI", b"evil", b"Annot")),
    Hostile("PDF with a password", "a.pdf", locked, "refused:password", "password"),
    Hostile("PDF of 10,000 pages", "a.pdf", lambda: of_many_pages(10_000), "refused:too_many_pages", "20 pages"),
    Hostile("PDF cut short", "a.pdf", lambda: pdf()[:120], UNREADABLE),
    Hostile("PDF that is but its magic", "a.pdf", lambda: b"%PDF-1.7\n", UNREADABLE),
    Hostile(
        "PDF whose pages are their own parents", "a.pdf",
        lambda: pdf(pages=b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 2>>"), UNREADABLE,
    ),
    Hostile("PDF with a form that draws itself", "a.pdf", itself, "ready"),
    Hostile(
        "PDF with brackets 200,000 deep", "a.pdf", lambda: pdf(catalog=b"/Deep" + b"[" * 200_000 + b"]" * 200_000),
        "ready",
    ),
    Hostile(
        "PDF with a page of 7 km", "a.pdf",
        lambda: pdf().replace(b"[0 0 595 842]", b"[0 0 20000000 900000]"), "ready",
    ),
    Hostile("PDF with a thousand forms in a form", "a.pdf", lambda: laughing(4), "ready"),
)  # fmt: skip
EVERYTHING = AT_THE_DOOR + PICTURES + PAPERS


def _saved(kind: str) -> bytes:
    out = io.BytesIO()
    picture().save(out, kind)
    return out.getvalue()


def _said_larger(edge: int) -> bytes:
    """A small JPEG whose header says it is this wide and high."""
    sound = jpeg()
    place = sound.index(b"\xff\xc0") + 5
    return sound[:place] + struct.pack(">HH", edge, edge) + sound[place + 4 :]

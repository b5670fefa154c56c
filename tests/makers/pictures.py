"""Pictures as a phone takes them, for tests that send some."""

import io
from hashlib import sha256

from PIL import Image, ImageDraw

SIZE = (720, 480)


def jpeg(words: str = "REPUBLIC", *, size: tuple[int, int] = SIZE) -> bytes:
    """A JPEG with words on it; other words are another picture."""
    return _saved(_drawn(words, size), "JPEG")


def png(words: str = "REPUBLIC") -> bytes:
    """The same as a PNG."""
    return _saved(_drawn(words, SIZE), "PNG")


def _drawn(words: str, size: tuple[int, int]) -> Image.Image:
    shade = sha256(words.encode()).digest()
    picture = Image.new("RGB", size, (shade[0], shade[1], 160))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((40, 40, size[0] - 40, size[1] - 40), outline=(shade[2], 255, shade[3]), width=9)
    draw.ellipse((60, 90, 60 + shade[4], 100 + shade[5]), fill=(shade[6], shade[7], shade[8]))
    draw.text((size[0] // 2, size[1] // 2), words, fill=(255, 255, 255))
    return picture


def _saved(picture: Image.Image, kind: str) -> bytes:
    into = io.BytesIO()
    picture.save(into, kind)
    return into.getvalue()

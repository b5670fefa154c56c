"""The QR code is what its library drew, square by square, with room around it."""

import re

import segno

from app.web import qr

TEXT = "otpauth://totp/Bursar:ada%40test.example?secret=ABCDEFGHIJKLMNOP&issuer=Bursar"


def test_has_every_dark_square_and_the_quiet_zone() -> None:
    outline, side = qr.outline(TEXT)
    drawn = {(int(x), int(y)) for x, y in re.findall(r"M(\d+) (\d+)h1v1h-1z", outline)}
    made = segno.make(TEXT, error="m", micro=False)
    dark = {(x + 4, y + 4) for y, row in enumerate(made.matrix) for x, square in enumerate(row) if square}
    assert drawn == dark
    assert side == len(made.matrix) + 8

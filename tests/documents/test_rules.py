"""What a file may be and how its name is shown, decided by looking."""

import pytest

from app.documents import rules
from app.documents.rules import Kind


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("passport.jpg", "passport.jpg"),
        ("../../etc/passwd", "passwd"),
        (r"C:\Users\ada\card.png", "card.png"),
        ("..", "file"),
        (".htaccess", "htaccess"),
        ("", "file"),
        ("a\0.jpg", "a.jpg"),
        ("card\r\nSet-Cookie: a=b.jpg", "cardSet-Cookie: a=b.jpg"),
        ("CON", "CON"),  # (no file of ours is ever called so)
        ("card\u202egpj.exe", "cardgpj.exe"),
        ("\u200b\ufeff\u2066", "file"),
        ("card  \t of   ada.jpg", "card of ada.jpg"),
        ("e\u0301cole.pdf", "école.pdf"),
        ("ọmọ.jpg", "ọmọ.jpg"),
        ("a" * 300 + ".jpeg", "a" * 114 + "….jpeg"),
        ("a" * 300, "a" * 119 + "…"),
        ("\ud800.jpg", "jpg"),
    ],
)
def test_a_name_is_shown_harmless(sent: str, shown: str) -> None:
    assert rules.shown_name(sent) == shown
    assert 0 < len(rules.shown_name(sent)) <= rules.NAME_LENGTH_MAX


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"\xff\xd8\xff\xe0", Kind.JPEG), (b"\x89PNG\r\n\x1a\n", Kind.PNG), (b"%PDF-1.7", Kind.PDF)],
)
def test_its_first_bytes_say_what_it_is(body: bytes, kind: Kind) -> None:
    assert rules.admitted(body) is kind


def test_a_likeness_that_differs_in_three_bits_shares_a_band() -> None:
    one = 0x0F0F_3C3C_5555_1234
    for bits in ((0, 20, 40), (63, 33, 1), (5, 6, 50)):
        other = one
        for bit in bits:
            other ^= 1 << bit
        assert set(rules.bands(one)) & set(rules.bands(other))
    assert rules.bands(-1) == [0xFFFF, 0x1FFFF, 0x2FFFF, 0x3FFFF]


def test_an_empty_page_is_like_nothing() -> None:
    assert not rules.says_something(0)
    assert not rules.says_something(-1)
    assert rules.says_something(0x0F0F_3C3C_5555_1234)

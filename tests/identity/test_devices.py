"""What devices call themselves, in words."""

import pytest

from app.identity import devices

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/130.0.0.0 Safari/537.36", "Chrome on Windows"),
        (f"Mozilla/5.0 (Windows NT 10.0) {WEBKIT} Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0", "Edge on Windows"),
        (f"Mozilla/5.0 (Linux; Android 14) {WEBKIT} Chrome/130.0 Mobile Safari/537.36", "Chrome on an Android phone"),
        (f"Mozilla/5.0 (Linux; Android 14) {WEBKIT} Chrome/130.0 Safari/537.36", "Chrome on an Android tablet"),
        (
            f"Mozilla/5.0 (Linux; Android 13; SM-A) {WEBKIT} SamsungBrowser/24.0 Chrome/117.0 Mobile Safari/537.36",
            "Samsung Internet on an Android phone",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1",
            "Safari on an iPhone",
        ),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605 Version/18 Safari/605", "Safari on a Mac"),
        ("Opera/9.80 (J2ME/MIDP; Opera Mini/9.80) Presto/2.12", "Opera Mini"),
        ("Something (Windows)", "A browser on Windows"),
        ("curl/8.5.0", "A program (curl)"),
        ("API: python-requests/2.34", "A program (Python)"),
        ("API: ", "A program"),
        ("", "An unknown device"),
        ("<script>alert(1)</script>", "An unknown device"),
    ],
)
def test_a_device_in_words(user_agent: str, words: str) -> None:
    assert devices.in_words(user_agent) == words

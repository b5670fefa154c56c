"""What a browser calls itself, in words for people: "Chrome on Windows". A guess, and the page says so."""

# The first that fits decides: every browser also names those that it wants to be taken for.
_PROGRAMS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Opera Mini", "Opera Mini"),
    ("Opera", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("UCBrowser", "UC Browser"),
    ("PhoenixBrowser", "Phoenix"),
    ("YaBrowser", "Yandex Browser"),
    ("FxiOS", "Firefox"),
    ("Firefox", "Firefox"),
    ("CriOS", "Chrome"),
    ("; wv)", "An app"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
    ("curl", "A program (curl)"),
    ("python", "A program (Python)"),
    ("okhttp", "An app"),
    ("API:", "A program"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("KAIOS", "KaiOS"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
UNKNOWN = "An unknown device"


def in_words(user_agent: str) -> str:
    """The device behind a User-Agent header, as far as it says."""
    program = _first(_PROGRAMS, user_agent)
    system = _first(_SYSTEMS, user_agent)
    if system == "Android":
        system = "an Android phone" if "Mobile" in user_agent else "an Android tablet"
    elif system in {"iPhone", "iPad"}:
        system = f"an {system}"
    elif system == "Mac":
        system = "a Mac"
    return " on ".join(part for part in (program or ("A browser" if system else ""), system) if part) or UNKNOWN


def _first(table: tuple[tuple[str, str], ...], user_agent: str) -> str:
    low = user_agent.lower()
    return next((name for sign, name in table if sign.lower() in low), "")

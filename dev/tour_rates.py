"""The pages about prices: what feeds tell, what is made of it, spreads. They go on from dev/tour.py."""

from playwright.sync_api import Page

from dev.tour import AUDITOR, FAULTY, FINANCE, TREASURY, Sight, Step, send

RATES = "/console/rates"


def _blank(form: str, button: str, **fields: str) -> Step:
    """Send a form whose page says what is missing: the browser's own look at it is left out."""

    def step(page: Page) -> None:
        page.locator("form").evaluate_all("(forms) => forms.forEach((form) => form.noValidate = true)")
        page.locator(form).scroll_into_view_if_needed()
        send(button, **fields)(page)

    return step


RATES_SIGHTS = (
    Sight("rates", RATES, TREASURY),
    Sight("rates-read", RATES, AUDITOR),
    Sight("rate", f"{RATES}/pairs/USDT-NGN", TREASURY),
    Sight("rate-crossed", f"{RATES}/pairs/BTC-NGN", TREASURY),
    Sight("rate-read", f"{RATES}/pairs/BTC-USDT", AUDITOR),
    Sight(
        "rate-faulty",
        f"{RATES}/pairs/BTC-USDT",
        TREASURY,
        (_blank("#our-price", "Ask for approval", price="-1"),),
        FAULTY,
    ),
    Sight("rates-feed", f"{RATES}/feeds/luno", TREASURY),
    Sight("rates-feed-read", f"{RATES}/feeds/bank", AUDITOR),
    Sight("rates-spreads", f"{RATES}/spreads", FINANCE),
    Sight("rates-spreads-read", f"{RATES}/spreads", AUDITOR),
)

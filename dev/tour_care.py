"""The pages on which staff look after customers' accounts, and how to come there. They go on from dev/tour.py."""

from playwright.sync_api import Page

from dev.tour import OFFICER, SUPPORT, Sight, click, follow

_SOMEBODY = follow("a.row-main")
_FROZEN = follow("tr:not(:has-text('until')) a.row-main")


def _see(page: Page) -> None:
    """Say why, and see what is masked."""
    page.locator(".veil a[data-htmx-powered]").first.click()
    page.locator("#reveal-box[open] #reveal-why").select_option("Review of the account")
    page.locator("#reveal-reason").fill("A look round.")
    page.get_by_role("dialog").get_by_role("button", name="Show").click()
    page.locator("[data-unveiled]").first.wait_for()


def _alone(page: Page) -> None:
    """Open the page on which one is asked why, as without scripts."""
    page.goto(str(page.locator(".veil a").first.get_attribute("href")))


# What asks for a fresh proof comes first: they have just signed in.
CARE = (
    Sight("customer-shown", "/console/customers", OFFICER, (_SOMEBODY, _see)),
    Sight(
        "customer-reveal",
        "/console/customers",
        OFFICER,
        (_SOMEBODY, click(".veil a[data-htmx-powered]", shows="#reveal-box[open] #reveal-why")),
    ),
    Sight("reveal", "/console/customers", OFFICER, (_SOMEBODY, _alone)),
    Sight("customers", "/console/customers", SUPPORT),
    Sight("customers-none", "/console/customers?q=nowhere", SUPPORT),
    Sight("customers-frozen", "/console/customers?view=frozen", SUPPORT),
    Sight("customer", "/console/customers", SUPPORT, (_SOMEBODY,)),
    Sight(
        "customer-safety-lock",
        "/console/customers",
        SUPPORT,
        (_SOMEBODY, click("[data-open=safety-lock]", shows="#safety-lock")),
    ),
    Sight("customer-locked", "/console/customers?view=frozen", OFFICER, (follow("tr:has-text('until') a.row-main"),)),
    Sight("customer-frozen", "/console/customers?view=frozen", OFFICER, (_FROZEN,)),
    Sight(
        "customer-unfreeze",
        "/console/customers?view=frozen",
        OFFICER,
        (follow("tr:has-text('until') a.row-main"), click("[data-open=unfreeze]", shows="#unfreeze")),
    ),
    Sight("customer-freeze", "/console/customers", OFFICER, (_SOMEBODY, click("[data-open=freeze]", shows="#freeze"))),
    Sight("recoveries", "/console/recoveries", SUPPORT),
    Sight("recoveries-none", "/console/recoveries?view=stopped", SUPPORT),
    Sight("recovery", "/console/recoveries", SUPPORT, (follow("tr:has-text('now') a.row-main"),)),
    Sight("recovery-cools", "/console/recoveries", SUPPORT, (follow("tr:has-text('in ') a.row-main"),)),
    Sight("approvals-support", "/console/approvals?view=open", SUPPORT),
)

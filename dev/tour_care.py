"""The pages on which staff look after customers' accounts and one another's rights. They go on from dev/tour.py."""

from playwright.sync_api import Page

from dev.tour import (
    ADMIN,
    AUDITOR,
    CUSTOMER,
    FAULTY,
    MISSING,
    NOBODY,
    OFFICER,
    SUPPORT,
    Sight,
    Step,
    click,
    follow,
    send,
)

_SOMEBODY = follow("a.row-main")
_OWN = f"/console/customers?q={CUSTOMER}@demo.example"  # somebody with a story
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


def _every_part(page: Page) -> None:
    """Unfold what is folded, and look at every part until all have come."""
    for fold in page.locator("details[data-fold]:not([open]) > summary").all():
        fold.click()
    for fold in page.locator("details[data-fold]").all():
        fold.scroll_into_view_if_needed()
    page.locator("[hx-trigger=revealed]").first.wait_for(state="detached")
    page.evaluate("scrollTo(0, 0)")


def _yesterday(page: Page) -> None:
    """What they had at the end of yesterday."""
    _every_part(page)
    page.locator("#money a.btn-ghost").first.click()
    page.locator("#money [role=status]").wait_for()


def _seek(page: Page) -> None:
    """Look for a name on the lists."""
    page.locator("form.filters [name=q]").fill("quilfeather ebenezer")
    page.locator("#found table").wait_for()


def _part(name: str) -> Step:
    """A part as a page of its own."""

    def step(page: Page) -> None:
        page.goto(f"{page.url.partition('?')[0]}/{name}")

    return step


_RESTRICT = follow("a[href$='/restrict']")


def _choose_reason(page: Page) -> None:
    """See what each reads."""
    page.locator("#reason").select_option("unusual_activity")
    page.locator("#preview dl").wait_for()


def _place_without_a_note(page: Page) -> None:
    """Send the form with blanks for a note."""
    page.locator("#kind").select_option("no_debit")
    page.locator("#reason").select_option("court_order")
    page.locator("#note").fill(" ")
    with page.expect_navigation():
        page.get_by_role("button", name="Place the restriction").click()


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
    Sight("customer", "/console/customers", SUPPORT, (_SOMEBODY, _every_part)),
    Sight("customer-compliance", _OWN, OFFICER, (_SOMEBODY, _every_part)),
    Sight("customer-then", _OWN, SUPPORT, (_SOMEBODY, _yesterday)),
    Sight("customer-activity", _OWN, SUPPORT, (_SOMEBODY, _part("activity"))),
    Sight("customer-devices", _OWN, OFFICER, (_SOMEBODY, _part("devices"))),
    Sight("customer-documents", _OWN, OFFICER, (_SOMEBODY, _part("documents"))),
    Sight("customer-approvals", _OWN, OFFICER, (_SOMEBODY, _part("approvals"))),
    Sight("customer-timeline", _OWN, OFFICER, (_SOMEBODY, _part("timeline"))),
    Sight("customer-risk", _OWN, OFFICER, (_SOMEBODY, _part("risk"))),
    Sight("customer-related", _OWN, OFFICER, (_SOMEBODY, _part("related"))),
    Sight("customers-tier", "/console/customers?tier=t0", OFFICER),
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
    Sight("restrict", "/console/customers", OFFICER, (_SOMEBODY, _RESTRICT, _choose_reason)),
    Sight(
        "restrict-faulty",
        "/console/customers",
        OFFICER,
        (_SOMEBODY, _RESTRICT, _place_without_a_note),
        FAULTY,
    ),
    Sight("cases", "/console/cases?view=open", OFFICER),
    Sight("cases-mine", "/console/cases", OFFICER),
    Sight("cases-closed", "/console/cases?view=closed", OFFICER),
    Sight("restrictions", "/console/restrictions", OFFICER),
    Sight("restrictions-support", "/console/restrictions", SUPPORT),
    Sight("restrictions-soon", "/console/restrictions?view=soon", OFFICER),
    Sight("restrictions-ended-none", "/console/restrictions?view=ended", OFFICER),
    Sight("restrictions-none", "/console/restrictions?stops=out&view=soon", OFFICER),
    Sight("restriction", "/console/restrictions?stops=in", OFFICER, (_SOMEBODY,)),
    Sight("restriction-asked", "/console/restrictions?stops=legal", OFFICER, (_SOMEBODY,)),
    Sight("screening", "/console/screening", OFFICER),
    Sight("screening-none", "/console/screening?view=match", OFFICER),
    Sight("screening-hit", "/console/screening", OFFICER, (follow("tr:has-text('Strong') a.row-main"),)),
    Sight("screening-search", "/console/screening/search", OFFICER, (_seek,)),
    Sight("screening-search-empty", "/console/screening/search", OFFICER),
    Sight("screening-version", "/console/screening", OFFICER, (follow("#lists a[href*='/versions/']"),)),
    Sight("recoveries", "/console/recoveries", SUPPORT),
    Sight("recoveries-none", "/console/recoveries?view=stopped", SUPPORT),
    Sight("recovery", "/console/recoveries", SUPPORT, (follow("tr:has-text('now') a.row-main"),)),
    Sight("recovery-cools", "/console/recoveries", SUPPORT, (follow("tr:has-text('in ') a.row-main"),)),
    Sight("approvals-support", "/console/approvals?view=open", SUPPORT),
)

_WAITS = click("a.row-main[data-htmx-powered]:has-text('Invite Rukayat')", shows="dialog.drawer .drawer-title")

APPROVALS = (
    Sight("approvals", "/console/approvals", ADMIN),
    Sight("approvals-none", "/console/approvals", AUDITOR),
    Sight("approvals-mine-none", "/console/approvals?view=mine", AUDITOR),
    Sight("approvals-ended", "/console/approvals?view=ended", ADMIN),
    Sight("approval-drawer", "/console/approvals", ADMIN, (_WAITS,)),
    Sight(
        "approval-approve",
        "/console/approvals",
        ADMIN,
        (_WAITS, click(".decision [data-open=approve]", shows="#approve")),
    ),
    Sight(
        "approval-deny",
        "/console/approvals",
        ADMIN,
        (_WAITS, click(".decision [data-open=deny]", shows="#deny")),
    ),
    Sight("approval", "/console/approvals", ADMIN, (_WAITS, follow("dialog.drawer a[href*='/approvals/']"))),
    Sight("operators", "/console/operators", ADMIN),
    Sight("operator", "/console/operators", ADMIN, (follow("tr:has-text('Sani Garba') a.row-main"),)),
    Sight("operator-none", "/console/operators", AUDITOR, (follow("tr:has-text('Adaeze Obi') a.row-main"),)),
    Sight("operators-roles", "/console/operators/roles", AUDITOR),
    Sight("operators-invite", "/console/operators/invite", ADMIN),
    Sight(
        "operators-invite-faulty",
        "/console/operators/invite",
        ADMIN,
        (send("Ask for approval", name="Uche Obi", email="uche@nowhere.example", reason="A reason."),),
        FAULTY,
    ),
    Sight("operators-emergency", "/console/operators/emergency", ADMIN),
    Sight("join-spent", "/console/join/nothing", NOBODY, status=MISSING),
    Sight("policies", "/console/policies", AUDITOR),
    Sight("policy", "/console/policies/staff.roles", ADMIN),
)

_OPEN = follow("a.row-main[href*='/applications/']")


def _claimed(page: Page) -> None:
    """Take it up; whoever has it already stays at it."""
    if page.locator("#desk [data-key=c]").count():
        page.locator("#desk [data-key=c]").click()
    page.locator("#lease .lease").wait_for()


REVIEW = (
    Sight("applications", "/console/applications", OFFICER),
    Sight("applications-none", "/console/applications?id=nowhere", OFFICER),
    Sight("applications-waiting", "/console/applications?view=waiting", AUDITOR),
    Sight("application", "/console/applications", OFFICER, (_OPEN, _claimed)),
    Sight(
        "application-again", "/console/applications", OFFICER,
        (_OPEN, _claimed, click("[data-open=again]", shows="#again[open]")),
    ),
    Sight(
        "application-refuse", "/console/applications", OFFICER,
        (_OPEN, _claimed, click("[data-open=refuse]", shows="#refuse[open]")),
    ),
    Sight(
        "application-note", "/console/applications", OFFICER,
        (_OPEN, click("[data-open=note]", shows="#note[open]")),
    ),
    Sight("application-looked-at", "/console/applications", AUDITOR, (_OPEN,)),
)  # fmt: skip

EVERYTHING = (*CARE, *REVIEW, *APPROVALS)

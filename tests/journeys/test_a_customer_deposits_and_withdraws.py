"""A customer's money comes in and goes out, through the doors only, at a vendor who repeats himself.

Customer and staff each have a browser of their own; workers and clock do the rest. Any fault that a browser notices
fails the story: a script's error, a breach of the content policy, an answer that nobody expected.
"""

import re
import secrets

import pytest
from playwright.sync_api import expect

from app.core.money import NGN, Money, format_money
from app.core.permissions import Role
from app.customers import queries
from app.identity.rules import Audience
from tests.journeys.conftest import Visiting
from tests.makers import apps, floated, people, sessions
from tests.makers.house import Running
from tests.makers.people import PASSWORD, ZENITH
from tests.makers.visitors import CustomerAtHome, OperatorAtWork

# The same group on one process: the house is built once.
pytestmark = [pytest.mark.timeout(600), pytest.mark.browser, pytest.mark.journey, pytest.mark.xdist_group("running")]

REASON = "The bank account is not in your name. Add one that is, and ask again."


@pytest.fixture
def staff(running: Running, visiting: Visiting) -> "Staff":
    """People to call on."""
    return Staff(running, visiting)


class Staff:
    """Hires somebody with a role, and sits them before a browser."""

    def __init__(self, running: Running, visiting: Visiting) -> None:
        self._running, self._visiting = running, visiting

    def with_role(self, role: Role) -> OperatorAtWork:
        """Somebody new, signed in before."""
        with self._running.inside():
            _, email = people.operator(role)
            token = sessions.opened(apps.login_of(email), Audience.OPERATOR)
        worker = OperatorAtWork(self._visiting(self._running), email, PASSWORD)
        worker.come_in(token)
        return worker


def newcomer(running: Running, visiting: Visiting, *, name: str) -> CustomerAtHome:
    """A customer whose address is known, at the sign-up's end, without a walk through the mailbox."""
    with running.inside():
        known = people.customer(enrolled=True)
        token = sessions.opened(known.login_id, Audience.CUSTOMER)
    arrived = CustomerAtHome(visiting(running), name, known.email)
    arrived.come_in(token)
    return arrived


def bank_number() -> str:
    """An account number that nobody has used."""
    return f"{secrets.randbelow(8_000_000_000) + 1_000_000_000}"


def with_money_and_account(running: Running, visiting: Visiting, *, name: str, naira: str) -> CustomerAtHome:
    """A customer who has paid in and has somewhere to send it."""
    found = newcomer(running, visiting, name=name)
    found.deposit(naira)
    found.add_bank_account(bank_number(), bank=ZENITH)
    expect(found.page.get_by_text("was added. You can withdraw to it a day later.")).to_be_visible()
    running.let_a_day_pass_over_accounts()
    return found


def test_from_the_first_visit_to_the_matched_line(running: Running, visiting: Visiting, staff: Staff) -> None:
    ada = CustomerAtHome(visiting(running), "Adaora Nwachukwu")
    ada.sign_up()
    ada.confirm(staff.with_role(Role.ADMIN).code_for(ada.email))
    ada.put_phone_off()
    expect(ada.balance()).to_have_text("₦0.00")
    with running.inside():  # (what she shows for it, and who looks at it, is another story)
        people.verify(queries.id_by_email_for_operators(ada.email) or "")

    ada.deposit("50000")
    ada.go("Home")
    expect(ada.balance()).to_have_text("₦50,000.00")

    ada.add_app()
    ada.confirm_phone(running.vendor)
    number = bank_number()
    running.vendor.name_account(number, "NWACHUKWU ADAORA")
    ada.add_bank_account(number, bank=ZENITH)
    expect(ada.page.get_by_text("NWACHUKWU ADAORA at Zenith Bank was added.")).to_be_visible()

    running.let_a_day_pass_over_accounts()
    ada.review_withdrawal("20,000")
    review = ada.page.get_by_role("main")
    expect(review.locator(".kv-row", has_text="Fee")).to_contain_text("₦25.00")
    expect(review.locator(".kv-row", has_text="Leaves your wallet")).to_contain_text("₦20,025.00")
    expect(review.locator(".kv-row", has_text="You keep")).to_contain_text("₦29,975.00")
    ada.confirm_withdrawal()
    expect(ada.standing()).to_have_text("Being checked")

    treasury = staff.with_role(Role.TREASURY)
    drawer = treasury.open_withdrawal("Adaora Nwachukwu")
    expect(drawer.locator(".receipt-amount")).to_have_text("₦20,000.00")
    treasury.approve()
    treasury.toast("Approved. It is being sent.")

    expect(ada.standing()).to_have_text("Paid")
    ada.go("Home")
    expect(ada.balance()).to_have_text("₦29,975.00")
    treasury.close_drawer()
    treasury.page.get_by_role("link", name="Ended").click()
    ended = treasury.page.locator("tr", has_text="Adaora Nwachukwu")
    expect(ended.locator("[data-label=State] .pill")).to_have_text("Paid")

    explained(staff.with_role(Role.FINANCE))


def explained(finance: OperatorAtWork) -> None:
    """Finance compares the two sides, and reads in the books how the balance came about."""
    page = finance.page
    finance.go("Reconciliation")
    page.get_by_role("button", name="Compare now").click()
    expect(page.locator(".kpi", has_text="Run").locator(".pill")).to_have_text("Finished")
    expect(page.locator(".kpi", has_text="Difference")).to_contain_text("₦0.00")
    # The float that every story begins with is in the books alone: no top-up stands behind it.
    page.locator(".tab", has_text="Does not match").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text(format_money(Money(NGN, floated.UNITS)))
    expect(page.locator(".tab", has_text="Matched").locator(".count")).not_to_have_text("0")
    held = page.locator(".kpi", has_text="balance as they told it").locator(".kpi-value").inner_text()

    finance.go("Accounts")
    page.locator("a[href*='asset:paystack:NGN']").first.click()
    expect(page.locator(".kpi", has_text="Booked").locator(".kpi-value")).to_have_text(held)
    lines = page.locator("tbody tr")
    expect(lines.filter(has_text=re.compile("withdrawal|payout", re.IGNORECASE)).first).to_contain_text("₦")
    finance.go("Accounts")  # (what was paid in waits on an account of its own until it is settled)
    page.locator("a[href*='asset:paystack_clearing:NGN']").first.click()
    expect(lines.filter(has_text=re.compile("deposit", re.IGNORECASE)).first).to_contain_text("₦")


def test_a_large_one_needs_two_people(running: Running, visiting: Visiting, staff: Staff) -> None:
    bola = with_money_and_account(running, visiting, name="Bola", naira="700,000")
    bola.review_withdrawal("600,000")
    expect(bola.page.get_by_text("A large or unusual one waits for people here")).to_be_visible()
    bola.confirm_withdrawal()
    reference = bola.page.url.rpartition("/")[2]

    first = staff.with_role(Role.TREASURY)
    first.open_page(reference)
    first.page.get_by_role("button", name="Approve (1 of 2)").click()
    first.page.get_by_role("dialog").get_by_role("button", name=re.compile("^Approve ₦")).click()
    first.toast("It needs one more person.")
    expect(first.page.get_by_text("Waiting for a second person")).to_be_visible()
    expect(first.page.get_by_role("button", name=re.compile("^Approve"))).to_have_count(0)
    again = first.page.evaluate(SAY_YES_AGAIN, reference)
    assert again == 1, f"the same person counted {again} times"
    expect(bola.standing()).to_have_text("Being checked")

    second = staff.with_role(Role.COMPLIANCE_MANAGER)
    second.open_page(reference)
    second.page.get_by_role("button", name="Approve (2 of 2)").click()
    second.page.get_by_role("dialog").get_by_role("button", name=re.compile("^Approve ₦")).click()
    second.toast("Approved. It is being sent.")
    expect(bola.standing()).to_have_text("Paid")


# What the buttons do not offer, asked for with the form's own token: a second yes of the same person.
SAY_YES_AGAIN = """async (reference) => {
  const headers = JSON.parse(document.body.getAttribute("hx-headers:inherited"));
  const hash = document.querySelector("[name=content_hash]")?.value ?? "";
  const body = new URLSearchParams({content_hash: hash});
  await fetch(`/console/withdrawals/${reference}/approve`, {method: "POST", headers, body});
  const page = await (await fetch(`/console/withdrawals/${reference}`)).text();
  return Number(page.match(/Approvals: (\\d) of 2/)[1]);
}"""


def test_a_no_has_a_reason_and_gives_the_money_back(running: Running, visiting: Visiting, staff: Staff) -> None:
    chike = with_money_and_account(running, visiting, name="Chike", naira="50,000")
    chike.review_withdrawal("30,000")
    chike.confirm_withdrawal()
    reference = chike.page.url.rpartition("/")[2]
    chike.go("Home")
    expect(chike.balance()).to_have_text("₦50,000.00")
    expect(chike.available()).to_have_text("₦19,975.00")
    chike.page.go_back()

    compliance = staff.with_role(Role.COMPLIANCE_MANAGER)
    compliance.go("Withdrawals")
    compliance.page.locator(f"a.row-main[data-htmx-powered][href$='{reference}']").click()
    compliance.reject(REASON)
    compliance.toast("Rejected. The money is the customer's again.")

    expect(chike.standing()).to_have_text("Declined")
    expect(chike.page.get_by_text(REASON)).to_be_visible()
    chike.go("Home")
    expect(chike.balance()).to_have_text("₦50,000.00")


def test_a_form_sent_twice_is_one_withdrawal(running: Running, visiting: Visiting) -> None:
    dayo = with_money_and_account(running, visiting, name="Dayo", naira="50,000")
    dayo.review_withdrawal("10,000")
    dayo.page.get_by_role("button", name=re.compile("^Withdraw ₦")).dblclick(delay=0, no_wait_after=True)
    dayo.page.wait_for_url("**/withdrawals/**")
    first = dayo.page.url

    # Back to the same page, and once more: the browser's own guard is gone, the form's key is the same.
    dayo.review_withdrawal("5,000")
    form = dayo.page.locator("form:has([name=fee])")
    sent = form.evaluate(SEND_TWICE)
    assert len(set(sent)) == 1, sent
    assert first not in sent
    dayo.go("Activity")
    expect(dayo.page.locator(".line", has_text="Withdrawal")).to_have_count(2)
    dayo.go("Home")
    expect(dayo.available()).to_have_text("₦34,965.00")


SEND_TWICE = """async (form) => {
  const body = new URLSearchParams(new FormData(form));
  const send = async () => (await fetch(form.action, {method: "POST", body})).url;
  return Promise.all([send(), send(), send()]);
}"""

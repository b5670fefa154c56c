"""Finance drops a statement into the browser, sees which row was refused and why, and takes the file out again."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.core import actor, clock
from app.core.db import for_everyone, leave, transaction
from app.core.permissions import Role
from app.identity import factors, rules, totp
from app.statements import service
from dev import tour
from dev.embedded import Servers
from tests.journeys.conftest import FIRST_REDIS, Visiting, house
from tests.makers import apps, people
from tests.makers.browser import PATIENCE_MS
from tests.makers.house import Running
from tests.statements.test_bringing import FIRST, SECOND, STRANGE, of

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("statements")]

expect.set_options(timeout=PATIENCE_MS)
SECRET = totp.new_secret()
BODY = of(FIRST, SECOND, STRANGE)
DROP = """(form, [name, text]) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([text], name, { type: 'text/csv' }));
  for (const name of ['dragover', 'drop'])
    form.dispatchEvent(new DragEvent(name, { dataTransfer, bubbles: true, cancelable: true }));
}"""


@dataclass(frozen=True)
class Desk:
    """A house with a source, and who brings its files."""

    house: Running
    email: str


@pytest.fixture(scope="module")
def desk(given: Servers, home: Path, chromium: Browser) -> Iterator[Desk]:
    with house(given, home, name="statements", number=FIRST_REDIS + 1, background=True) as made:
        with made.inside(), for_everyone():
            _, email = people.newcomer(Role.FINANCE)
            login_id = apps.login_of(email)
            with transaction(actor.system("test")):
                factors.provide_app(login_id, secret=SECRET)
                service.add_source("kraken", title="Kraken", format_name="kraken-ledgers", settings={})
            leave()
        with made:
            yield Desk(made, email)
            assert not made.dead()


def test_a_dropped_file_is_followed_to_its_refused_row(desk: Desk, visiting: Visiting, tmp_path: Path) -> None:
    page: Page = visiting(desk.house).page
    page.goto("/console/sign-in")
    tour.send("Sign in", email=desk.email, password=people.PASSWORD)(page)
    tour.send("Continue", code=totp.code(SECRET, step=rules.totp_step(clock.now())))(page)
    page.goto("/console/statements")
    page.get_by_role("link", name="Kraken").click()
    page.locator("[data-drop]").evaluate(DROP, ["ledgers.csv", BODY.decode()])
    page.wait_for_url("**/console/statements/files/*")
    expect(page.locator("#file")).to_contain_text("1 row was rejected")
    row = page.locator("tr", has_text="type airdrop is not known")
    expect(row).to_contain_text("column type")
    row.locator("summary").click()
    expect(row).to_contain_text("LD")
    with page.expect_download() as taken:
        page.get_by_role("link", name="The file as it came").click()
    kept = tmp_path / "taken.csv"
    taken.value.save_as(kept)
    assert kept.read_bytes() == BODY
    page.get_by_role("link", name="Kraken").first.click()
    expect(page.locator("#days")).to_contain_text("Covered")
    page.locator("[data-drop] input[type=file]").set_input_files(kept)
    page.wait_for_url("**/console/statements/files/*")
    expect(page.locator("#file")).to_contain_text("1 row was rejected")

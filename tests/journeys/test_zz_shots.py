import os
from pathlib import Path
import pytest
from dev.chromium import NARROW, WIDE
from tests.journeys.test_a_customer_applies_for_tier_two import newcomer
from tests.makers import applicants, identities, people, pictures
from app.customers.rules import Tier
from app.applications.rules import Step, Subject, About
from app.applications import service, queries, review
from app.core import actor
from app.core.db import transaction
from tests.makers.visitors import CustomerAtHome
pytestmark = [pytest.mark.browser, pytest.mark.journey]
OUT = Path("/tmp/apply/shots"); OUT.mkdir(parents=True, exist_ok=True)
N = [0]
def shot(page, name):
    for size, tag in ((NARROW,"390"),(WIDE,"1440")):
        page.set_viewport_size({"width":size[0],"height":size[1]})
        for theme in ("light","dark"):
            if (tag, theme) not in {("390","light"),("1440","light"),("390","dark")}: continue
            page.evaluate("(t)=>{document.documentElement.dataset.bsTheme=t}", theme)
            page.wait_for_timeout(150)
            page.screenshot(path=OUT/f"{name}-{tag}-{theme}.png", full_page=True)
    page.evaluate("()=>{document.documentElement.dataset.bsTheme='light'}")
    page.set_viewport_size({"width":NARROW[0],"height":NARROW[1]})
def test_shots(running, visiting, tmp_path):
    a = newcomer(running, visiting, tmp_path); p = a.page
    a.home.visit.expect(422, 404)
    p.goto("/"); shot(p,"home-t0")
    p.goto("/verification"); shot(p,"overview-new")
    a.begin("Tier 2"); shot(p,"contact"); a.go_on()
    a.fill(first_name="Ada", last_name="Obi", born="2015-05-17", street="12 Marina", city="Lagos", region="Lagos", occupation="Nurse", country="NG")
    p.get_by_role("radio", name="No").check(force=True); a.go_on(); p.wait_for_timeout(300); shot(p,"profile-faulty")
    a.fill(born="1990-05-17"); a.go_on(); a.at("Your BVN"); shot(p,"bvn")
    p.locator("[name=number]").fill(identities.number(identities.OTHER)); a.go_on("Check this number")
    p.get_by_text("does not agree").wait_for(); shot(p,"bvn-mismatch")
    a.number(identities.number(identities.ECHO)); a.at("A picture of your face"); shot(p,"selfie-empty")
    a.photo("selfie","me"); shot(p,"selfie-ready"); a.go_on()
    p.goto("/verification"); shot(p,"overview-draft")
    p.goto("/verification/nin"); a.number(identities.number(identities.ECHO)); p.goto("/verification/nin"); shot(p,"nin-ok"); p.goto("/verification/bank"); shot(p,"bank"); a.go_on()
    a.fill(kind="passport", number="A01234567", expires_on="2031-01-01"); a.photo("front","pass"); shot(p,"document"); a.go_on()
    p.get_by_role("heading", name="Check and send").wait_for(); shot(p,"check")
    p.get_by_label("I agree to these checks").check(); a.go_on("Send it"); p.get_by_text("You sent it to us").wait_for(); shot(p,"overview-submitted")
    with running.inside():
        from app.identity import queries as iq
        from sqlalchemy import select
        from app.core.db import db
        from app.customers.models import Customer
        officer = applicants.officer(); who = actor.operator(officer)
        cid = db.session.scalars(select(Customer.id).where(Customer.id.in_(select(__import__("app.applications.models",fromlist=["Application"]).Application.customer_id).where(__import__("app.applications.models",fromlist=["Application"]).Application.state=="submitted")))).first()
        app_id = queries.of_customer_for_operators(cid)[0].id
        with transaction(who):
            review.ask_again(app_id, {Step.SELFIE: ("no_face", ""), Step.DOCUMENT: ("blurry", "")}, operator_id=officer, actor=who)
    p.goto("/"); shot(p,"home-waiting"); p.goto("/verification"); shot(p,"overview-waiting"); p.goto("/verification/document"); shot(p,"document-again")
    b = newcomer(running, visiting, tmp_path); q = b.page; b.home.visit.expect(422)
    q.goto("/verification"); q.get_by_role("button", name="Open a business account").click(); q.goto("/verification/people"); shot(q,"people")
    q.goto("/verification/company"); shot(q,"company"); q.goto("/verification/address"); shot(q,"address"); q.goto("/verification"); shot(q,"overview-business")
    with running.inside():
        k = people.customer(enrolled=True, tier=Tier.T2)
    home = CustomerAtHome(visiting(running, size=NARROW), "Ada Obi", k.email); home.sign_in()
    home.page.goto("/verification/change"); shot(home.page,"change"); home.page.goto("/verification"); shot(home.page,"overview-t2")

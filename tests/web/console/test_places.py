"""Where the console's sidebar, its keys and the links of objects lead."""

import re

import pytest

from app.core import actor
from app.core.db import leave, transaction
from app.core.permissions import Role
from app.staff import service as staff
from app.web.console.base import PLACES
from tests.makers import people
from tests.web.console.conftest import Visitor

pytestmark = pytest.mark.usefixtures("inside")


def test_no_two_places_have_the_same_key() -> None:
    keys = [place.key for _, places in PLACES for place in places]
    assert len(keys) > 10
    assert sorted(set(keys)) == sorted(keys)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.AUDITOR])
def test_a_request_leads_to_its_approval_from_the_record(visitor: Visitor, role: Role) -> None:
    maker, subject = (people.operator(each)[0] for each in (Role.ADMIN, Role.SUPPORT))
    who = actor.operator(maker)
    with transaction(who):
        asked = staff.request_roles(subject, roles=["finance"], reason="A job.", maker=maker, actor=who).id
    leave()
    client = visitor(role)
    record = re.search(r'href="(/console/audit/\d+)', client.get(f"/console/audit?object={asked}").text)
    assert record
    assert f'href="/console/approvals/{asked}"' in client.get(record[1]).text

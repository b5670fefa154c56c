"""Templates keep the fragment law and the content security policy."""

from pathlib import Path

import pytest

from tests.house.conftest import ExpectNone, Plant
from tests.house.gates import templates

GOOD = {
    "app/web/templates/base.html": "{% block title %}Bursar{% endblock %}{% block content %}{% endblock %}\n"
    '<script nonce="{{ nonce() }}">start()</script><script src="/app.js"></script>\n',
    "app/web/templates/pay.html": '{% extends "base.html" %}\n{% block content %}{# style="never shown" #}\n'
    '<a hx-get="/pay" hx-target="#pays">more</a>\n{% block pays %}\n<ul id="pays">{% for row in rows %}'
    '<li id="w-{{ row.id }}"><a hx-get="/pay/1" hx-target="#w-{{ row.id }}">x</a></li>{% endfor %}</ul>\n'
    "{% endblock %}\n{% endblock %}\n",
    "app/web/pay.py": 'def show(part): return page("pay.html", block="pays" if part else None)\n',
}


def test_the_house_keeps_the_law(root: Path, expect_none: ExpectNone) -> None:
    expect_none(templates.faults(root))


def test_good_templates_pass(plant: Plant) -> None:
    assert templates.faults(plant(GOOD)) == []


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('<a hx-get="https://elsewhere.example/pay">x</a>', "an hx address stays"),
        ('<a hx-post="//elsewhere.example/pay">x</a>', "an hx address stays"),
        ("{{ memo | safe }}", "unescaped output"),
        ("{% autoescape false %}", "unescaped output"),
        ('<p style="color: red">', "style= breaks"),
        ('<p class="a"\n   style="color: red">', "style= breaks"),
        ('<button onclick="go()">', "an inline handler"),
        ('<a href="javascript:go()">', "a javascript: address"),
        ('<a hx-on:click="go()">', "hx-on and js:"),
        ("<script>go()</script>", "an inline script"),
        ('<a hx-get="/x" hx-target="#nowhere">x</a>', "hx-target #nowhere"),
    ],
)
def test_bites(plant: Plant, line: str, says: str) -> None:
    faults = templates.faults(plant(GOOD | {"app/web/templates/bad.html": f"<p>\n{line}\n"}))
    assert [fault for fault in faults if says in fault and fault.startswith("app/web/templates/bad.html:2:")]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ('page("gone.html", block="pays")', "there is no template gone.html"),
        ('page("pay.html", block="gone")', "pay.html has no block gone"),
        ('fragments.page("gone.html")', "there is no template gone.html"),
        ('page("pay.html", block="pays" if part else "gone")', "pay.html has no block gone"),
        ('page("pay.html", block="content")', 'must begin with an element of id="content"'),
    ],
)
def test_sees_a_fragment_that_is_not_there(plant: Plant, call: str, says: str) -> None:
    (fault,) = templates.faults(plant(GOOD | {"app/web/other.py": f"x = {call}\n"}))
    assert fault.startswith("app/web/other.py:1:")
    assert says in fault

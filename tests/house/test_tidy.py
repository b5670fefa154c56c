"""Sizes, names, exact money, and acts that belong in one place."""

from pathlib import Path

import pytest

from tests.house.conftest import ExpectNone, Plant
from tests.house.gates import budgets, edges, exact, names

DOC = '"""A promise."""\n'
TIDY = {
    "app/__init__.py": DOC,
    "app/web/__init__.py": DOC,
    "app/web/pay.py": DOC + "from app.core.db import transaction\nfrom app.pay import service\n\n\n"
    "def post(): # noqa\n    with transaction():\n        service.settle(1, at=2)\n",
    "app/web/templates/pay.html": "<p>paid</p>\n",
    "app/pay/__init__.py": DOC,
    "app/pay/service.py": DOC + "from app.pay import rules\n\n\ndef settle(row, *, at):\n    rules.fee(row.units)\n",
    "app/pay/rules.py": DOC + "def fee(units: int) -> int:\n    return units * 15 // 1000\n",
    "app/core/__init__.py": DOC,
    "app/core/db.py": DOC + "def transaction():\n    session.commit()\n",
    "app/core/clock.py": DOC + "import datetime\n\n\ndef now():\n    return datetime.datetime.now()\n",
    "wsgi.py": DOC + "from app.web import pay\nfrom app.core import clock\n",
}
SHORT = "x = 1\n"


class TestTheHouse:
    @pytest.mark.parametrize("gate", [budgets, names, exact, edges], ids=lambda gate: gate.__name__.rpartition(".")[2])
    def test_is_tidy(self, root: Path, expect_none: ExpectNone, gate: object) -> None:
        expect_none(gate.faults(root))  # type: ignore[attr-defined]

    def test_has_every_file_that_an_exception_names(self, root: Path) -> None:
        named = [path for rule in edges.RULES for path in rule.except_in] + [*exact.MONEY_ROOMS, *names.OVERRIDES]
        optional = {"bench/", "tests/"}
        assert [path for path in named if "*" not in path and path not in optional and not (root / path).exists()] == []


def test_a_tidy_tree_passes(plant: Plant) -> None:
    tree = plant(TIDY)
    assert [*budgets.faults(tree), *names.faults(tree), *exact.faults(tree), *edges.faults(tree)] == []


class TestBudgets:
    @pytest.mark.parametrize(
        ("path", "text", "says"),
        [
            ("app/pay/service.py", SHORT * 401, "401 lines, 400 at most"),
            ("tests/pay/test_service.py", SHORT * 601, "601 lines, 600 at most"),
            ("tests/conftest.py", SHORT * 151, "151 lines, 150 at most"),
            ("app/pay/service.py", "def f():\n" + "    x = 1\n" * 70, "f has 71 lines, 70 at most"),
            ("app/pay/service.py", "def f(a, b, c, d, e, g): ...\n", "f takes 6 by position"),
            ("app/web/templates/long.html", "<p>\n" * 201, "201 lines, 200 at most"),
            ("app/core/vat.py", DOC, "the list of core's files is closed"),
            ("app/core/db/pool.py", DOC, "the list of core's files is closed"),
            ("app/core/money.py", SHORT * 1301, "1300 at most: the ground"),
        ],
    )
    def test_bites(self, plant: Plant, path: str, text: str, says: str) -> None:
        assert any(
            fault.startswith(("app", "tests")) and says in fault for fault in budgets.faults(plant(TIDY | {path: text}))
        )

    def test_counts_the_median(self, plant: Plant) -> None:
        many = {f"app/pay/part_{number}.py": SHORT * 130 for number in range(9)}
        assert any("the median file has 130 lines" in fault for fault in budgets.faults(plant(TIDY | many)))

    def test_leaves_self_and_keywords_uncounted(self, plant: Plant) -> None:
        method = "class C:\n    def f(self, a, b, c, d, e, *, g, h): ...\n"
        assert budgets.faults(plant(TIDY | {"app/pay/service.py": method})) == []


class TestNames:
    @pytest.mark.parametrize(
        ("path", "text", "says"),
        [
            ("app/pay/utils.py", DOC, "'utils' says nothing"),
            ("app/common/rules.py", DOC, "'common' says nothing"),
            ("app/pay/service.py", DOC + "def handle_webhook(): ...\n", "handle_webhook: use the verb"),
            ("app/pay/service.py", DOC + "def process(): ...\n", "process: use the verb"),
            ("app/pay/service.py", DOC + "class PayoutManager: ...\n", "PayoutManager: name the class"),
            ("app/pay/service.py", SHORT, "no module docstring"),
            ("app/pay/service.py", DOC + "# TO" + "DO later\n", "unfinished work"),
            ("app/pay/__init__.py", DOC + "from app.pay.service import settle\n", "an __init__.py holds its docstring"),
            ("app/pay/orphan.py", DOC, "nobody imports this file"),
            ("reports/orphan.py", DOC, "nobody imports this file"),
        ],
    )
    def test_bites(self, plant: Plant, path: str, text: str, says: str) -> None:
        assert any(fault.startswith(path) and says in fault for fault in names.faults(plant(TIDY | {path: text})))

    @pytest.mark.parametrize(
        ("path", "text"),
        [
            ("app/pay/service.py", DOC + "from . import rules\n# TO" + "DO(#12) round up from June\n"),
            ("jobs/worker.py", DOC + "class W:\n    def handle_x(self): ...\nif __name__ == '__main__':\n    W()\n"),
            ("app/web/pay.py", DOC + "from ..pay import service\nfrom ..core.db import transaction\n"),
        ],
    )
    def test_lets_pass(self, plant: Plant, path: str, text: str) -> None:
        assert names.faults(plant(TIDY | {path: text})) == []

    def test_does_not_count_a_test_as_a_user(self, plant: Plant) -> None:
        tree = plant(TIDY | {"app/pay/orphan.py": DOC, "tests/test_orphan.py": DOC + "import app.pay.orphan\n"})
        assert len(names.faults(tree)) == 1


class TestExact:
    @pytest.mark.parametrize(
        ("line", "says"),
        [
            ("fee = 0.015", "0.015 is a float"),
            ("fee = float(text)", "float: money is an int"),
            ("def fee(amount: float): ...", "float: money is an int"),
            ("fee = units / 3", "'/' makes a float"),
            ("fee /= 3", "'/' makes a float"),
            ("fee = round(units)", "round() rounds half to even"),
        ],
    )
    @pytest.mark.parametrize("path", ["app/pay/rules.py", "app/core/money.py", "app/ledger/deep/in.py"])
    def test_bites(self, plant: Plant, path: str, line: str, says: str) -> None:
        (fault,) = exact.faults(plant(TIDY | {path: DOC + line + "\n"}))
        assert fault.startswith(f"{path}:2: ")
        assert says in fault

    def test_leaves_other_rooms_alone(self, plant: Plant) -> None:
        assert exact.faults(plant(TIDY | {"reports/charts.py": DOC + "width: float = 1 / 3\n"})) == []


class TestEdges:
    @pytest.mark.parametrize(
        ("line", "says"),
        [
            ("db.session.commit()", "commits stand in core/db.py"),
            ("session.rollback()", "commits stand in core/db.py"),
            ("with transaction(actor): pass", "doors, jobs and flows begin"),
            ("atomically(f, actor=actor)", "doors, jobs and flows begin"),
            ("moment = datetime.now(UTC)", "ask core.clock.now()"),
            ("moment = datetime.datetime.utcnow()", "ask core.clock.now()"),
            ("start = time.time()", "ask core.clock.now()"),
            ("from time import time", "ask core.clock.now()"),
            ("row.state = 'sent'", "states move through"),
            ("row.status: str = 'sent'", "states move through"),
            ("row.note, (row.state, row.at) = '', ('sent', 1)", "states move through"),
            ("setattr(row, 'state', 'sent')", "states move through"),
            ("update(Row).where(x).values(state='sent')", "states move through"),
            ("print(row)", "print speaks to nobody"),
            ("html = Markup(text)", "HTML is written in templates"),
            ("flask.render_template_string(text)", "HTML is written in templates"),
            ("execute(text(f'SELECT {name}'))", "SQL text is constant"),
            ("rows('SELECT %s' % name)", "SQL text is constant"),
            ("text('SELECT {}'.format(name))", "SQL text is constant"),
            ("try:\n    f()\nexcept Exception:\n    pass", "a swallowed error"),
            ("try:\n    f()\nexcept:\n    raise", "a swallowed error"),
            ("def f():\n    import app.web", "an import inside a function"),
        ],
    )
    def test_bites(self, plant: Plant, line: str, says: str) -> None:
        (fault,) = edges.faults(plant(TIDY | {"app/pay/service.py": DOC + line + "\n"}))
        assert fault.startswith("app/pay/service.py:")
        assert says in fault

    @pytest.mark.parametrize(
        ("path", "line"),
        [
            ("app/pay/flows.py", "with transaction(actor): pass"),
            ("jobs/pay.py", "atomically(f, actor=actor)"),
            ("app/core/machine.py", "row.state = to"),
            ("app/pay/service.py", "insert(Row).values(state='due').on_conflict_do_nothing()"),
            ("app/pay/service.py", "class E(Exception):\n    def __init__(self):\n        self.status = 1"),
            ("app/pay/service.py", "start = time.monotonic()"),
            ("app/pay/service.py", "rows(f'SELECT {_COLUMNS} FROM pays' + ORDER)"),
            ("app/pay/service.py", "execute(sql.SQL('SET ROLE {}').format(sql.Identifier(role)))"),
            ("app/pay/service.py", "execute(select(Row).where(Row.id == 'x'))"),
            ("app/pay/service.py", "try:\n    f()\nexcept KeyError:\n    pass"),
            ("app/pay/cli.py", "print('proved')"),
            ("sandbox/book.py", "connection.commit()\nmoment = time.time()"),
        ],
    )
    def test_lets_pass(self, plant: Plant, path: str, line: str) -> None:
        assert edges.faults(plant(TIDY | {path: DOC + line + "\n"})) == []

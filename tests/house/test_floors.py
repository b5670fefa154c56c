"""A floor uses those below it. The contracts themselves stand in pyproject.toml; here they are run and tried."""

import tomllib
from pathlib import Path
from typing import Any

import grimp
import pytest

from tests.house.conftest import ExpectNone, Plant
from tests.house.gates import floors

PYPROJECT = """
[tool.importlinter]
root_packages = ["app"]

[[tool.importlinter.contracts]]
id = "floors"
name = "floors"
type = "layers"
layers = ["app.web", "app.rooms | (app.planned)", "app.core"]
"""
HOUSE = {
    "pyproject.toml": PYPROJECT,
    "app/__init__.py": "",
    "app/web/__init__.py": "from app.rooms import service\n",
    "app/rooms/__init__.py": "",
    "app/rooms/service.py": "import app.core\n",
    "app/core/__init__.py": "",
}


class TestTheHouse:
    def test_keeps_every_contract(self, root: Path, expect_none: ExpectNone) -> None:
        expect_none(floors.broken_contracts(root))

    def test_has_every_room_on_a_floor(self, root: Path, expect_none: ExpectNone) -> None:
        expect_none(floors.unplaced(root))

    def test_has_no_circle_of_packages(self, expect_none: ExpectNone) -> None:
        expect_none(floors.circles(grimp.build_graph("app", "jobs", "reports", cache_dir=None)))


class TestTheGate:
    def test_lets_a_sound_house_pass(self, plant: Plant) -> None:
        assert floors.broken_contracts(plant(HOUSE)) == []
        assert floors.unplaced(plant(HOUSE)) == []

    def test_sees_an_import_upwards(self, plant: Plant) -> None:
        breach = {"app/core/__init__.py": "import app.rooms.service\n"}
        assert any(
            "app.core -> app.rooms.service (l.1)" in line for line in floors.broken_contracts(plant(HOUSE | breach))
        )

    def test_sees_a_room_that_no_floor_names(self, plant: Plant) -> None:
        (fault,) = floors.unplaced(plant(HOUSE | {"app/cellar/__init__.py": ""}))
        assert fault.startswith("app/cellar/__init__.py:1: app.cellar stands on no floor")

    def test_sees_a_circle_round_a_corner(self) -> None:
        graph = grimp.ImportGraph()
        for importer, imported in [("a.x.one", "a.y.two"), ("a.y.three", "a.z"), ("a.z", "a.x.four")]:
            graph.add_import(importer=importer, imported=imported)
        (fault,) = floors.circles(graph)
        assert "a circle" in fault

    def test_lets_packages_pass_that_only_look_down(self) -> None:
        graph = grimp.ImportGraph()
        for importer, imported in [("a.x.one", "a.y.two"), ("a.x.four", "a.y"), ("a.y.two", "a.z"), ("a.x.one", "a.x")]:
            graph.add_import(importer=importer, imported=imported)
        assert floors.circles(graph) == []


class TestTheContracts:
    @pytest.fixture
    def contracts(self, root: Path) -> dict[str, dict[str, Any]]:
        """The real contracts, by id."""
        listed = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
        return {contract["id"]: contract for contract in listed}

    @pytest.mark.parametrize(
        ("file", "breach", "contract"),
        [
            ("app/core/clock.py", "import app.ledger", "floors"),
            ("app/audit/queries.py", "import app.ledger", "floors"),
            ("app/wallets/service.py", "import jobs", "floors"),
            ("app/ledger/models.py", "from app.ledger import service", "rooms"),
            ("app/ledger/rules.py", "from app.ledger import queries", "rooms"),
            ("app/ledger/posting.py", "import app.ledger.balances", "circles"),
            ("app/wallets/service.py", "import flask", "web"),
            ("app/ledger/models.py", "import flask_sqlalchemy", "web"),
            ("app/wallets/service.py", "import rq", "queue"),
            ("app/wallets/flows.py", "import requests", "world"),
            ("app/wallets/rules.py", "import config", "settings"),
            ("app/clients/paystack.py", "import sandbox", "sandbox"),
            ("reports/overview.py", "from app.ledger import models", "books"),
        ],
    )
    def test_each_bites(self, plant: Plant, root: Path, contracts: Any, file: str, breach: str, contract: str) -> None:
        """The real contracts over a house of empty rooms: kept, then broken by one import."""
        house = plant(_empty_house(root))
        assert floors.broken_contracts(house) == []
        plant({file: breach + "\n"})
        report = " ".join(floors.broken_contracts(house))
        assert f"{contracts[contract]['name']} BROKEN" in report


def _empty_house(root: Path) -> dict[str, str]:
    """Every package of the real house without its content, and the files that the cases need."""
    files = ["app/assembly", "app/factory", "app/web/console/tables", "app/ledger/posting", "app/audit/queries"]
    files += [f"app/ledger/{name}" for name in ("models", "queries", "rules", "service")]
    return (
        {f"{package}/__init__.py": "" for package in _packages(root)}
        | {"app/web/console/__init__.py": "", "pyproject.toml": (root / "pyproject.toml").read_text()}
        | {f"{file}.py": "" for file in files}
        | {"app/ledger/balances.py": "import app.ledger.posting\n"}
    )


def _packages(root: Path) -> list[str]:
    return [
        package.relative_to(root).as_posix()
        for top in ("app", "jobs", "reports")
        for package in (root / top, *(root / top).iterdir())
        if package.is_dir() and not package.name.startswith("_")
    ]

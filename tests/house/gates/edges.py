"""What may be done only in one place: commit, tell the time, move a state, speak to a terminal, mark HTML as safe.

Each rule names where it applies, where the act belongs, and what to do instead.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.house.gates import acts
from tests.house.gates.acts import Act
from tests.house.gates.source import PRODUCT, Finding, Source, fault, matches, sources

PRODUCT_FOLDERS = tuple(f"{top}/" for top in PRODUCT)
TERMINALS = ("dev/", "sandbox/", "bench/", "tests/", "**/cli.py", "**/__main__.py")
SHIPPED = (*PRODUCT, "migrations", "config.py", "wsgi.py", "dev", "sandbox")


@dataclass(frozen=True)
class Rule:
    """`hits` finds the lines in every file under `within`, but for those `except_in`."""

    hits: Act
    instead: str
    within: tuple[str, ...] = PRODUCT_FOLDERS
    except_in: tuple[str, ...] = ()

    def findings(self, source: Source) -> Iterator[Finding]:
        """The rule's findings in one file."""
        if matches(source.path, self.within) and not matches(source.path, self.except_in):
            yield from ((line, self.instead) for line in self.hits(source))


def faults(root: Path) -> list[str]:
    """Every act done in the wrong place, in the order of the files."""
    return [
        fault(source.path, line, sentence)
        for source in sources(root, SHIPPED)
        for rule in RULES
        for line, sentence in sorted(rule.findings(source))
    ]


CLOCK = ("app/core/clock.py", "dev/", "sandbox/")
FLOWS = tuple(f"**/{name}.py" for name in ("flows", "payout_flows", "refund_flows", "balance_flows", "pull_flows"))
BEGINNERS = ("app/core/db.py", "app/web/", "jobs/", *FLOWS, "**/cli.py")
ANYWHERE = tuple(top if top.endswith(".py") else f"{top}/" for top in SHIPPED)
RULES = (
    Rule(
        acts.calls("commit", "rollback"),
        "commits stand in core/db.py: end the edge's transaction() instead.",
        except_in=("app/core/db.py",),
    ),
    Rule(
        acts.calls("transaction", "atomically"),
        "doors, jobs and flows begin transactions: flush, and let the edge commit.",
        except_in=BEGINNERS,
    ),
    Rule(
        acts.wall_clock,
        "ask core.clock.now(), or take the time as an argument (at=).",
        within=ANYWHERE,
        except_in=CLOCK,
    ),
    Rule(
        acts.sets_state,
        "states move through core.machine.move, which checks the arrow and writes the history.",
        except_in=("app/core/machine.py", "app/core/tasks.py"),  # tasks: machinery, with a fenced update of its own
    ),
    Rule(
        acts.calls("print"), "print speaks to nobody in production: use a logger.", within=ANYWHERE, except_in=TERMINALS
    ),
    Rule(acts.names("Markup", "render_template_string"), "HTML is written in templates, where it is escaped."),
    Rule(
        acts.glued_sql,
        "SQL text is constant: bind parameters (:name), never glue.",
        within=(*PRODUCT_FOLDERS, "dev/", "sandbox/"),
    ),
    Rule(
        acts.swallows,
        "a swallowed error is a lie: catch what you expect, and say in a comment why it may pass.",
        within=ANYWHERE,
    ),
    Rule(
        acts.inner_imports,
        "an import inside a function hides a circle: move the thing to the floor below.",
        within=ANYWHERE,
    ),
)

"""Events are heard: each has a hearer in jobs/hears.py or a reason in SILENT, and each hearer is a job that exists."""

import ast
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from tests.house.gates.source import sources


def faults(
    events: Collection[str], *, hears: Mapping[str, Collection[str]], silent: Mapping[str, str], kinds: Collection[str]
) -> list[str]:
    """Events nobody hears, hearers nobody wrote, and lines for events that are gone."""
    return [*_unheard(events, hears, silent), *_unknown(events, hears, silent), *_jobless(hears, kinds)]


def _unheard(events: Collection[str], hears: Mapping[str, Collection[str]], silent: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(events):
        if not hears.get(name) and not silent.get(name, "").strip():
            yield f"{name}: nobody hears it; name a job in HEARS, or the reason in SILENT."
        elif name in hears and name in silent:
            yield f"{name}: it is heard and called silent; take it out of SILENT."


def _unknown(events: Collection[str], hears: Mapping[str, Collection[str]], silent: Mapping[str, str]) -> Iterator[str]:
    for name in sorted({*hears, *silent} - set(events)):
        yield f"{name}: no room has such an event; take the line out of jobs/hears.py."


def _jobless(hears: Mapping[str, Collection[str]], kinds: Collection[str]) -> Iterator[str]:
    for name, jobs in sorted(hears.items()):
        for job in jobs:
            if job not in kinds:
                yield f"{name}: its hearer {job} is not a kind of job; the kinds are {', '.join(sorted(kinds))}."


def idle(root: Path, *, kinds: Collection[str], asked: Collection[str]) -> list[str]:
    """Kinds of job that neither an event nor the schedule asks for (`asked`), nor any room by name."""
    named = {
        node.value
        for source in sources(root, ["app"])
        for node in source.nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return [
        f"{kind}: nobody asks for this job; have it heard or remove it." for kind in sorted({*kinds} - {*asked} - named)
    ]

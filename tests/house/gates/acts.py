"""How an act looks in the syntax tree: each function answers with the lines where a file does it."""

import ast
from collections.abc import Callable, Iterator

from tests.house.gates.source import Source, called, functions

Lines = Iterator[int]
Act = Callable[[Source], Lines]

SQL_CALLS = frozenset({"text", "execute", "exec_driver_sql", "rows", "scalar", "scalars"})
STATES = frozenset({"state", "status"})


def calls(*names: str) -> Act:
    """Calls of a function or method of one of these names."""
    return lambda source: (node.lineno for node in source.nodes if isinstance(node, ast.Call) and called(node) in names)


def names(*names: str) -> Act:
    """Uses of one of these names, imported or through a module."""

    def hits(source: Source) -> Lines:
        for node in source.nodes:
            if (isinstance(node, ast.Name) and node.id in names) or (
                isinstance(node, ast.Attribute) and node.attr in names
            ):
                yield node.lineno

    return hits


def wall_clock(source: Source) -> Lines:
    """Asking the machine for the time."""
    for node in source.nodes:
        if isinstance(node, ast.Attribute):
            owner = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
            if (owner in {"datetime", "date"} and node.attr in {"now", "utcnow", "today"}) or (
                owner == "time" and node.attr in {"time", "time_ns"}
            ):
                yield node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            yield from (node.lineno for alias in node.names if alias.name in {"time", "time_ns"})


def sets_state(source: Source) -> Lines:
    """Writing a `state` or `status` that is not being constructed: by assignment, setattr or a bulk update."""
    own = {id(node) for function in functions(source) if function.name == "__init__" for node in ast.walk(function)}
    for node in source.nodes:
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) and id(node) not in own:
            targets = _singly(node.targets if isinstance(node, ast.Assign) else [node.target])
            yield from (
                node.lineno for target in targets if isinstance(target, ast.Attribute) and target.attr in STATES
            )
        elif called(node) == "values" and isinstance(node, ast.Call) and "insert(" not in ast.unparse(node.func):
            yield from (node.lineno for keyword in node.keywords if keyword.arg in STATES)
        elif called(node) == "setattr" and isinstance(node, ast.Call) and len(node.args) > 1:
            yield from (
                node.lineno for name in [node.args[1]] if isinstance(name, ast.Constant) and name.value in STATES
            )


def _singly(targets: list[ast.expr]) -> Iterator[ast.expr]:
    """What is assigned to, each by itself: those of `a, (b, *c) = …` too."""
    for target in targets:
        if isinstance(target, ast.Tuple | ast.List):
            yield from _singly(target.elts)
        else:
            yield target.value if isinstance(target, ast.Starred) else target


def glued_sql(source: Source) -> Lines:
    """Handing over SQL that was put together on the spot."""
    for node in source.nodes:
        if isinstance(node, ast.Call) and called(node) in SQL_CALLS and node.args and _glued(node.args[0]):
            yield node.lineno


def _glued(statement: ast.expr) -> bool:
    """Whether text is put together from more than constants: a CONSTANT may be glued, psycopg2's SQL().format too."""
    if isinstance(statement, ast.Call):
        receiver = getattr(statement.func, "value", None)
        return called(statement) == "format" and called(receiver) != "SQL"
    parts = [part for part in ast.walk(statement) if isinstance(part, ast.Name | ast.Constant | ast.Call)]
    text = any(isinstance(part, ast.Constant) and isinstance(part.value, str) for part in parts)
    constant = all(isinstance(part, ast.Constant) or getattr(part, "id", "").isupper() for part in parts)
    return isinstance(statement, ast.JoinedStr | ast.BinOp) and text and not constant


def swallows(source: Source) -> Lines:
    """Catching everything, or everything in silence."""
    for node in source.nodes:
        if isinstance(node, ast.ExceptHandler):
            silent = all(isinstance(step, ast.Pass | ast.Continue) for step in node.body)
            if node.type is None or (silent and getattr(node.type, "id", "") in {"Exception", "BaseException"}):
                yield node.lineno


def inner_imports(source: Source) -> Lines:
    """Importing anywhere but at the top."""
    inner = (node for function in functions(source) for node in ast.walk(function))
    yield from sorted({node.lineno for node in inner if isinstance(node, ast.Import | ast.ImportFrom)})

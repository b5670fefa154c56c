"""Templates keep the fragment law and the content security policy.

One name three times: the block that is rendered, the id of the element it holds, and the hx-target that receives it.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.house.gates.source import fault, sources

BLOCK = re.compile(r"{%-?\s*block\s+(\w+)[^%]*%}")
BLOCK_ENDS = re.compile(r"{%-?\s*(?:block\s+\w+|endblock)")
COMMENT = re.compile(r"{#.*?#}", re.DOTALL)
EXTENDS = re.compile(r"""{%-?\s*extends\s+["']([^"']+)["']""")
# What a block may say before its element: a block rendered alone sees only what it imports itself.
BEFORE = re.compile(r"\A(\s*(\{#.*?#\}|\{%-?\s*(from|import|set|if)\b.*?%\}))*", re.DOTALL)
FIRST_ID = re.compile(r"""\A\s*<\w+\b[^>]*?\bid=["']([^"']+)["']""", re.DOTALL)
ID = re.compile(r"""\bid=["']([^"']+)["']""")
TARGET = re.compile(r"""hx-target(?::inherited)?=["']#([^"']+)["']""")
FORBIDDEN = (
    (
        re.compile(r"""hx-(?:get|post|put|patch|delete)=["'](?:https?:)?//""", re.IGNORECASE),
        "an hx address stays in the house: /path.",
    ),
    (
        re.compile(r"\|\s*safe\b|autoescape\s+false", re.IGNORECASE),
        "unescaped output: pass data and let the template write the HTML.",
    ),
    (re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE | re.DOTALL), "style= breaks the policy: use a class."),
    (
        re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE | re.DOTALL),
        "an inline handler breaks the policy: listen in app.js.",
    ),
    (re.compile(r"javascript:", re.IGNORECASE), "a javascript: address breaks the policy: use a button and app.js."),
    (re.compile(r"\bhx-on\b|hx-vals=[\"']js:", re.IGNORECASE), "hx-on and js: need eval: listen in app.js."),
    (
        re.compile(r"<script\b(?![^>]*\bnonce=)(?![^>]*\bsrc=)", re.IGNORECASE),
        "an inline script needs nonce=, or better a file.",
    ),
)


@dataclass(frozen=True)
class Template:
    """One template. `name` is what render calls use, `path` is from the root; comments are blanked, lines kept."""

    name: str
    path: str
    text: str

    def line(self, position: int) -> int:
        """The line of a position in the text."""
        return self.text.count("\n", 0, position) + 1


def faults(root: Path) -> list[str]:
    """Every breach in the templates of app/web, and every fragment rendered that no template has."""
    templates = _read(root)
    return [
        *(found for template in templates.values() for found in _breaches(template)),
        *_dangling_targets(templates),
        *_fragments(root, templates),
    ]


def _read(root: Path) -> dict[str, Template]:
    found = {}
    for folder in sorted((root / "app" / "web").rglob("templates")):
        for file in sorted(folder.rglob("*.html")):
            text = COMMENT.sub(lambda comment: re.sub(r"[^\n]", " ", comment[0]), file.read_text())
            name = file.relative_to(folder).as_posix()
            found[name] = Template(name, file.relative_to(root).as_posix(), text)
    return found


def _breaches(template: Template) -> Iterator[str]:
    for pattern, sentence in FORBIDDEN:
        for hit in pattern.finditer(template.text):
            yield fault(template.path, template.line(hit.start()), sentence)


def _dangling_targets(templates: dict[str, Template]) -> Iterator[str]:
    """A target must be some element's id; for `w-{{ row.id }}` the part before the braces must be."""
    ids = {name.split("{{")[0] for template in templates.values() for name in ID.findall(template.text)}
    for template in templates.values():
        for hit in TARGET.finditer(template.text):
            if hit[1].split("{{")[0] not in ids:
                yield fault(template.path, template.line(hit.start()), f"hx-target #{hit[1]}: no template has that id.")


def _fragments(root: Path, templates: dict[str, Template]) -> Iterator[str]:
    for source in sources(root, ["app/web"]):
        for node in source.nodes:
            for name, block in _rendered(node):
                sentence = _missing(name, block, templates)
                if sentence:
                    yield fault(source.path, getattr(node, "lineno", 1), sentence)


def _rendered(node: ast.AST) -> Iterator[tuple[str, str]]:
    """The (template, block) pairs of a call of `page("x.html", block="name")`; blocks chosen by `if` are all meant."""
    name = getattr(node, "func", None)
    if not isinstance(node, ast.Call) or "page" not in (getattr(name, "id", ""), getattr(name, "attr", "")):
        return
    blocks = [part for keyword in node.keywords if keyword.arg == "block" for part in ast.walk(keyword.value)]
    names = [part.value for part in blocks if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    if node.args and isinstance(node.args[0], ast.Constant):
        yield from ((str(node.args[0].value), block) for block in names or [""])


def _missing(name: str, block: str, templates: dict[str, Template]) -> str | None:
    template = templates.get(name)
    if template is None:
        return f"there is no template {name}."
    while block and template:
        for hit in BLOCK.finditer(template.text):
            if hit[1] == block:
                inside = BLOCK_ENDS.split(template.text[hit.end() :], maxsplit=1)[0]
                first = FIRST_ID.match(BEFORE.sub("", inside, count=1))
                same = first is not None and first[1] == block
                return None if same else f'{template.path}: block {block} must begin with an element of id="{block}".'
        parent = EXTENDS.search(template.text)
        template = templates.get(parent[1]) if parent else None
    return f"{name} has no block {block}." if block else None

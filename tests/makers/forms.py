"""What a person finds on a page: its links, its forms with their fields, its words. Read from the markup."""

from dataclasses import dataclass, field, replace
from html.parser import HTMLParser

LENGTH = 10_000
_Attributes = list[tuple[str, str | None]]


@dataclass(frozen=True)
class Field:
    """One named control of a form."""

    name: str
    kind: str
    value: str = ""
    length: int = LENGTH
    digits: bool = False


@dataclass
class Form:
    """A form as it stands on the page at `page`."""

    page: str
    method: str
    action: str
    id: str = ""
    fields: list[Field] = field(default_factory=list)

    @property
    def typed(self) -> int:
        """How many fields somebody types into."""
        return sum(1 for each in self.fields if each.kind in _TYPED)


_LEADING = {"a", "div", "section", "tbody", "form"}
_TYPED = {"text", "search", "email", "password", "tel", "number", "date", "datetime-local", "month", "textarea"}


class _Reader(HTMLParser):
    def __init__(self, path: str) -> None:
        super().__init__()
        self.path, self.links, self.forms, self.text = path, list[str](), list[Form](), list[str]()
        self._open: Form | None = None
        self._elsewhere: list[tuple[str, Field]] = []  # controls that name their form
        self._choice: Field | None = None
        self._choice_form = ""

    def handle_starttag(self, tag: str, attrs: _Attributes) -> None:
        given = {name: value or "" for name, value in attrs}
        self.links += [given[name] for name in ("href", "hx-get") if given.get(name)] if tag in _LEADING else []
        if tag == "form":
            self._open = Form(
                self.path, given.get("method", "get").upper(), given.get("action") or self.path, given.get("id", "")
            )
            self.forms.append(self._open)
        elif tag == "option" and self._choice:
            if "selected" in given or not self._choice.value:
                self._choice = replace(self._choice, value=given.get("value", ""))
        elif given.get("name") and "disabled" not in given:
            self._control(tag, given)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "select" and self._choice:
            self._keep(self._choice, self._choice_form)
            self._choice = None

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def _control(self, tag: str, given: dict[str, str]) -> None:
        kind = {"input": given.get("type", "text"), "textarea": tag, "select": tag, "button": tag}.get(tag)
        if kind is None:
            return
        found = Field(
            given["name"],
            kind,
            given.get("value", ""),
            int(given.get("maxlength") or LENGTH),
            given.get("inputmode") == "numeric",
        )
        if tag == "select":
            self._choice, self._choice_form = found, given.get("form", "")
        else:
            self._keep(found, given.get("form", ""))

    def _keep(self, found: Field, form: str) -> None:
        if form:
            self._elsewhere.append((form, found))
        elif self._open:
            self._open.fields.append(found)

    def settle(self) -> None:
        """Give the controls that stand elsewhere to the forms that they name."""
        for name, found in self._elsewhere:
            for form in self.forms:
                if form.id == name:
                    form.fields.append(found)


def read(markup: str, *, path: str) -> tuple[list[Form], list[str], str]:
    """The forms, the links and the words of a page."""
    reader = _Reader(path)
    reader.feed(markup)
    reader.settle()
    return reader.forms, reader.links, " ".join(reader.text)

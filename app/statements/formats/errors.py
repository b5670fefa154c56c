"""What a statement file is refused for: always the whole file, always with the place."""

from app.core.errors import Malformed

WHOLE_FILE = "the file"


class Unreadable(Malformed):
    """The file cannot be read as what it should be; nothing of it is kept. `row` counts from 1, 0 is the whole file."""

    code = "statement_unreadable"

    def __init__(self, message: str, *, row: int = 0, column: str = WHOLE_FILE, found: str = "") -> None:
        """`found` is the name of the format that the file looks like instead, if any."""
        self.row, self.column, self.found = row, column, found
        place = f"Row {row}, {column}" if row else column[:1].upper() + column[1:]
        super().__init__(f"{place}: {message}", row=row, column=column, found=found)

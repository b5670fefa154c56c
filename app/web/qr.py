"""A QR code as the outline of its dark squares, for a <path> in a template."""

import segno


def outline(text: str) -> tuple[str, int]:
    """The path's commands, and the length of the code's side in squares, with the quiet zone around it."""
    rows = [bytes(row) for row in segno.make(text, error="m", micro=False).matrix_iter(border=4)]
    squares = (f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)
    return "".join(squares), len(rows)

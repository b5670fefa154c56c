"""Loading a file: taken whole in one transaction, or refused and the refusal kept; then held against everybody."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from app.core.actor import Actor
from app.core.db import atomically, transaction
from app.screening import loading, service
from app.screening.errors import ListSuspicious, ListUnreadable
from app.screening.formats import FORMATS
from app.screening.loading import Faults, Source
from app.screening.models import ListVersion

_PIECE = 1 << 20


@dataclass(frozen=True)
class Loading:
    """A version that was taken, and what could not be read of it."""

    version: ListVersion
    faults: Faults


def load(format_: str, path: Path, *, code: str = "", title: str = "", anyway: bool = False, actor: Actor) -> Loading:
    """Put this file in the place of the list's last one. Raises ListUnreadable; ListSuspicious, which is kept."""
    form, faults = FORMATS[format_], Faults()
    source = Source(code or format_, title or form.title, format_, _sha256(path, form.beside))
    try:
        with transaction(actor):
            version = loading.take(source, form.read(path, faults), faults=faults, anyway=anyway, actor=actor)
    except ListSuspicious as refused:
        with transaction(actor):
            loading.note_refused(source, refused, faults=faults)
        raise
    return Loading(version, faults)


def retire(code: str, *, actor: Actor) -> int:
    """Search this list no more: how many stood on it. Raises UnknownList."""
    return atomically(lambda: loading.retire(code, actor=actor), actor=actor)


def rescreen(version_id: str, *, batches_max: int, actor: Actor) -> bool:
    """Hold what a version changed against everybody, so many batches of it: whether that was all."""
    atomically(service.fence, actor=actor)
    for _ in range(batches_max):
        progress = atomically(lambda: service.rescreen(version_id, actor=actor), actor=actor)
        if progress.finished:
            return True
    return False


def _sha256(path: Path, beside: tuple[str, ...]) -> str:
    """Of the file, and of those that belong to it. Raises ListUnreadable."""
    names = {each.casefold() for each in beside}
    digest = hashlib.sha256()
    try:
        more = sorted(each for each in path.parent.iterdir() if each.name.casefold() in names)
        for each in (path, *more):
            with each.open("rb") as file:
                while piece := file.read(_PIECE):
                    digest.update(piece)
    except OSError as error:
        raise ListUnreadable(f"{path} cannot be read: {error.strerror}.") from error
    return digest.hexdigest()

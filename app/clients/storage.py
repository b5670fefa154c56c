"""Where files are kept: a folder of this machine, or a store that speaks S3. What is put there is sealed already.

A name is 64 hexadecimal digits that we draw: nothing from the outside ever becomes a path. `Silent` is a store that
does not answer, `Missing` one that answers that it has no such thing.
"""

import importlib
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from app.clients.http import Silent

NAME = re.compile(r"[0-9a-f]{64}")
NAME_BYTES = 32
CONNECT_SECONDS, READ_SECONDS = 3, 10
_ABSENT = frozenset({"NoSuchKey", "404", "NotFound"})


class Missing(Exception):
    """There is nothing of this name."""


@dataclass(frozen=True)
class Kept:
    """A thing in a store: its name, and since when it is there."""

    name: str
    written_at: datetime


class Storage(Protocol):
    """Keeps bytes under names. Every act raises Silent when the store does not do it."""

    def put(self, name: str, body: bytes) -> None:
        """Keep the whole of it or nothing; once this returns, a power cut does not take it away."""
        ...

    def get(self, name: str) -> bytes:
        """What is kept under a name. Raises Missing."""
        ...

    def delete(self, name: str) -> None:
        """Keep it no longer; nothing happens when it is not there."""
        ...

    def everything(self) -> Iterator[Kept]:
        """All that is kept, for those who sweep."""
        ...


def new_name() -> str:
    """A name that nothing has and nobody guesses."""
    return secrets.token_hex(NAME_BYTES)


class DiskStorage:
    """A folder. A file is written aside, forced to the disk and named in one step; its owner alone reads it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, name: str, body: bytes) -> None:
        path = self._path(name)
        aside = path.with_suffix(f".{secrets.token_hex(8)}")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                    file.write(body)
                    file.flush()
                    os.fsync(file.fileno())
                aside.replace(path)
            finally:
                aside.unlink(missing_ok=True)
            _force(path.parent)
        except OSError as error:
            raise Silent from error

    def get(self, name: str) -> bytes:
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError as error:
            raise Missing from error
        except OSError as error:
            raise Silent from error

    def delete(self, name: str) -> None:
        try:
            self._path(name).unlink(missing_ok=True)
        except OSError as error:
            raise Silent from error

    def everything(self) -> Iterator[Kept]:
        try:
            for path in self._folder.glob("[0-9a-f][0-9a-f]/*"):
                if NAME.fullmatch(path.name):  # (what is written aside at this moment is nobody's yet)
                    yield Kept(path.name, datetime.fromtimestamp(path.stat().st_mtime, UTC))
        except OSError as error:
            raise Silent from error

    def _path(self, name: str) -> Path:
        checked = _checked(name)
        return self._folder / checked[:2] / checked


class S3Storage:
    """A bucket. The address of each thing is `endpoint/bucket/name`, which every store of this kind understands."""

    def __init__(self, bucket: str, *, endpoint: str, access_key: str, secret_key: str) -> None:
        self._bucket = bucket
        sdk = importlib.import_module("boto3")  # (large: only where files lie in such a store)
        self._s3: Any = sdk.session.Session().client(
            "s3",
            endpoint_url=endpoint or None,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            region_name="us-east-1",
            config=Config(
                connect_timeout=CONNECT_SECONDS,
                read_timeout=READ_SECONDS,
                retries={"total_max_attempts": 2, "mode": "standard"},
                s3={"addressing_style": "path"},
            ),
        )

    def put(self, name: str, body: bytes) -> None:
        try:
            self._s3.put_object(Bucket=self._bucket, Key=_checked(name), Body=body)
        except (BotoCoreError, ClientError) as error:
            raise Silent from error

    def get(self, name: str) -> bytes:
        try:
            answer = self._s3.get_object(Bucket=self._bucket, Key=_checked(name))
            return bytes(answer["Body"].read())
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _ABSENT:
                raise Missing from error
            raise Silent from error
        except (BotoCoreError, OSError) as error:  # (a connection that breaks while the body is read)
            raise Silent from error

    def delete(self, name: str) -> None:
        try:
            self._s3.delete_object(Bucket=self._bucket, Key=_checked(name))
        except (BotoCoreError, ClientError) as error:
            raise Silent from error

    def everything(self) -> Iterator[Kept]:
        try:
            for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket):
                for each in page.get("Contents", ()):
                    if NAME.fullmatch(each["Key"]):
                        yield Kept(each["Key"], each["LastModified"].astimezone(UTC))
        except (BotoCoreError, ClientError) as error:
            raise Silent from error


def storage_at(url: str, *, endpoint: str = "", access_key: str = "", secret_key: str = "") -> Storage:
    """The store of an address: `file:///folder` or `s3://bucket`."""
    place = urlsplit(url)
    if place.scheme == "file":
        return DiskStorage(Path(unquote(place.path)))
    return S3Storage(place.netloc, endpoint=endpoint, access_key=access_key, secret_key=secret_key)


def _checked(name: str) -> str:
    if not NAME.fullmatch(name):
        raise ValueError("that is not a name of ours")
    return name


def _force(folder: Path) -> None:
    """Have the folder itself on the disk: a file that is in no folder is nowhere after a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""One contract for every store: a folder, and a real S3 server over HTTP."""

import os
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from app.clients.http import Silent
from app.clients.storage import DiskStorage, Missing, S3Storage, Storage, new_name, storage_at
from app.core import clock
from tests.makers.sandbox import free_port

KEYS: dict[str, Any] = {"access_key": "an id", "secret_key": "a secret"}


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """An S3 server with a bucket: its address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=free_port(), verbose=False)
    server.start()
    endpoint = f"http://127.0.0.1:{server._port}"
    given = {"aws_access_key_id": KEYS["access_key"], "aws_secret_access_key": KEYS["secret_key"]}
    boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", **given).create_bucket(Bucket="documents")
    yield endpoint
    server.stop()


@pytest.fixture(params=["disk", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "disk":
        return storage_at((tmp_path / "a folder").as_uri())
    return storage_at("s3://documents", endpoint=request.getfixturevalue("s3"), **KEYS)


class TestEveryStore:
    def test_gives_back_what_was_put(self, store: Storage) -> None:
        name, body = new_name(), os.urandom(300_000)
        store.put(name, body)
        assert store.get(name) == body

    def test_says_that_there_is_nothing(self, store: Storage) -> None:
        with pytest.raises(Missing):
            store.get(new_name())

    def test_forgets_what_is_deleted_and_deletes_twice(self, store: Storage) -> None:
        name = new_name()
        store.put(name, b"A")
        store.delete(name)
        store.delete(name)
        with pytest.raises(Missing):
            store.get(name)

    def test_tells_all_that_it_keeps_and_since_when(self, store: Storage) -> None:
        names = {new_name() for _ in range(3)}
        for name in names:
            store.put(name, b"A")
        found = {kept.name: kept.written_at for kept in store.everything()}
        assert names <= found.keys()
        assert all(abs(clock.now() - found[name]) < timedelta(minutes=1) for name in names)

    @pytest.mark.parametrize("name", ["../../etc/passwd", "a", "A" * 64, f"{'a' * 63}/", "", f"{'a' * 64}\n"])
    def test_takes_no_name_but_its_own(self, store: Storage, name: str) -> None:
        for act in (store.get, store.delete, lambda name: store.put(name, b"A")):
            with pytest.raises(ValueError, match="not a name of ours"):
                act(name)


class TestAFolder:
    def test_is_its_owners_alone_and_holds_nothing_half_written(self, tmp_path: Path) -> None:
        name = new_name()
        DiskStorage(tmp_path / "kept").put(name, b"A")
        (folder,) = (tmp_path / "kept").iterdir()
        (file,) = folder.iterdir()
        assert file.name == name
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700

    def test_does_not_tell_of_what_is_being_written(self, tmp_path: Path) -> None:
        store, name = DiskStorage(tmp_path), new_name()
        store.put(name, b"A")
        (tmp_path / name[:2] / f"{name}.0123456789abcdef").write_bytes(b"half")
        assert [kept.name for kept in store.everything()] == [name]

    def test_that_cannot_be_written_is_silent(self, tmp_path: Path) -> None:
        (tmp_path / "kept").write_text("a file, no folder")
        store = DiskStorage(tmp_path / "kept")
        with pytest.raises(Silent):
            store.put(new_name(), b"A")
        with pytest.raises(Silent):
            store.get(new_name())


def test_a_server_that_is_not_there_is_silent() -> None:
    store = S3Storage("documents", endpoint=f"http://127.0.0.1:{free_port()}", **KEYS)
    for act in (lambda: store.put(new_name(), b"A"), lambda: store.get(new_name()), lambda: list(store.everything())):
        with pytest.raises(Silent):
            act()


def test_a_bucket_that_is_not_there_is_no_missing_file(s3: str) -> None:
    store = S3Storage("elsewhere", endpoint=s3, **KEYS)
    with pytest.raises(Silent):
        store.get(new_name())

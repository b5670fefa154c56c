"""PostgreSQL and Valkey from the wheels: they start anywhere, keep what they were given, and leave nothing behind."""

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from redis import Redis

from dev.children import Unavailable
from dev.embedded import in_use, servers, temporary_home
from tests.dev.conftest import ask, refuses

ROOT = Path(__file__).resolve().parents[2]
HOLD = """
import sys
from pathlib import Path
from dev.embedded import servers

with servers(Path(sys.argv[1]), durable=False) as given:
    print(given.database_url, given.postgres.child.pid, given.valkey.child.pid, flush=True)
    sys.stdin.read()
"""


def wait_until(holds: Callable[[], bool], *, seconds: float = 10) -> bool:
    """Whether it comes to hold within that time."""
    deadline = time.monotonic() + seconds
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    return holds()


def alive(pid: int) -> bool:
    """Whether a process runs; one that ended and waits for its parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class TestServers:
    def test_answer_stop_and_keep_their_rows(self, own_home: Path) -> None:
        with servers(own_home, durable=True) as given:
            ((version,),) = ask(given.database_url, "SELECT current_setting('server_version_num')::int / 10000")
            ask(given.database_url, "CREATE TABLE kept AS SELECT 7 AS number")
            with Redis.from_url(given.redis_url) as queue:
                queue.rpush("kept", "job")
        assert version == 18
        assert refuses(given.database_url)

        with servers(own_home, durable=True) as again, Redis.from_url(again.redis_url) as queue:
            assert ask(again.database_url, "SELECT number FROM kept") == [(7,)]
            assert queue.lrange("kept", 0, -1) == [b"job"]

    def test_recover_from_kill_9(self, own_home: Path) -> None:
        with servers(own_home, durable=False) as given:
            assert given.postgres
            assert given.valkey
            ask(given.database_url, "CREATE TABLE kept AS SELECT 7 AS number")
            with Redis.from_url(given.redis_url) as queue:
                queue.rpush("kept", "job")
            for server in given.own:
                server.kill()
            assert refuses(given.database_url)
            # The lock that stays behind may name a process id which somebody else has by now: ours, say.
            lock = given.postgres.data / "postmaster.pid"
            lines = lock.read_text().splitlines(keepends=True)
            lock.write_text(f"{os.getpid()}\n" + "".join(lines[1:]))

            for server in given.own:
                server.start()
            assert ask(given.database_url, "SELECT number FROM kept") == [(7,)]
            with Redis.from_url(given.redis_url) as queue:
                assert queue.lrange("kept", 0, -1) == [b"job"]

    @pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
    def test_end_with_the_process_that_started_them(self, own_home: Path) -> None:
        with subprocess.Popen(  # noqa: S603 (our own script)
            [sys.executable, "-c", HOLD, str(own_home)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as holder:
            assert holder.stdout
            url, *pids = holder.stdout.readline().split()
            assert in_use(own_home)
            ask(url, "CREATE TABLE kept AS SELECT 7 AS number")
            holder.send_signal(signal.SIGKILL)
            holder.wait()
        assert wait_until(lambda: not any(alive(int(pid)) for pid in pids))

        with servers(own_home, durable=False) as given:
            assert ask(given.database_url, "SELECT number FROM kept") == [(7,)]

    def test_are_closed_to_others(self, own_home: Path) -> None:
        with servers(own_home, durable=False) as given:
            assert given.postgres
            assert ask(given.database_url, "SHOW listen_addresses") == [("",)]
            assert stat.S_IMODE(given.postgres.sockets.stat().st_mode) == 0o700
            with Redis.from_url(given.redis_url) as queue:
                assert queue.config_get("port") == {"port": "0"}

    def test_give_a_home_to_one_process_at_a_time(self, own_home: Path) -> None:
        with (
            servers(own_home, durable=False),
            pytest.raises(Unavailable, match="Another process is using"),
            servers(own_home, durable=False),
        ):
            pass

    def test_give_way_to_urls(self, own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with servers(own_home, durable=False) as first:
            monkeypatch.setenv("DATABASE_URL", first.database_url.replace("+psycopg2", ""))
            monkeypatch.setenv("REDIS_URL", first.redis_url)
            with servers(tmp_path / "other", durable=False) as second:
                assert second.own == []
                assert (second.database_url, second.redis_url) == (first.database_url, first.redis_url)

    @pytest.mark.parametrize(
        ("name", "url"),
        [("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none"), ("REDIS_URL", "redis://127.0.0.1:1")],
    )
    def test_say_that_a_given_one_is_dead(
        self, own_home: Path, monkeypatch: pytest.MonkeyPatch, name: str, url: str
    ) -> None:
        monkeypatch.setenv(name, url)
        with pytest.raises(Unavailable, match="does not answer"), servers(own_home, durable=False):
            pass


class TestTemporaryHome:
    def test_is_gone_afterwards(self, tmp_path: Path) -> None:
        with temporary_home(tmp_path) as home:
            assert home.is_dir()
        assert not home.exists()

    def test_sweeps_what_a_killed_process_left_and_spares_the_living(self, tmp_path: Path) -> None:
        left = tmp_path / "test-1-dead"
        (left / "postgres").mkdir(parents=True)
        with temporary_home(tmp_path) as one, temporary_home(tmp_path) as other:
            assert not left.exists()
            assert one.is_dir()
            assert other.is_dir()

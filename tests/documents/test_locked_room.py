"""What code that took over the reader could still do: the room is tried from inside."""

import signal
import subprocess
import sys
import textwrap

import pytest

from app.documents import reading, rules
from app.documents.reading import Broken
from app.documents.rules import Kind
from tests.makers import hostile

# Each line must fail, or end the process.
FORBIDDEN = {
    "open a file": "open('/etc/passwd')",
    "write one": "open('/tmp/x', 'w')",
    "list a folder": "os.listdir('/')",
    "look at another process": "open('/proc/1/environ')",
    "make a socket": "socket.socket()",
    "make one of this machine": "socket.socket(socket.AF_UNIX)",
    "begin a process": "os.fork()",
    "run a program": "os.execv('/bin/true', ['true'])",
    "begin a thread": "_thread.start_new_thread(print, ())",
    "kill its worker": "os.kill(worker, 0)",
    "kill it by its thread": "assert libc.syscall({'aarch64': 131}.get(machine, 234), worker, worker, 0) == 0",
    "raise its bounds": "resource.setrlimit(resource.RLIMIT_CPU, (99, 99))",
    "take all memory": "bytearray(2 * 1024 ** 3)",
    "become somebody": "os.setuid(0)",
    "trace": "assert ctypes.CDLL(None).ptrace(0, 0, 0, 0) == 0",
}


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's part is Linux's")
class TestTheRoom:
    def test_lets_nothing_out(self) -> None:
        program = f"""
            import sys; sys.path.insert(0, {str(reading.ROOM.parents[2])!r})
            import _thread, ctypes, os, platform, resource, socket
            from app.documents import locked_room
            libc, worker, machine = ctypes.CDLL(None), os.getppid(), platform.machine()
            assert locked_room._lock()
            for name, line in {FORBIDDEN!r}.items():
                try:
                    exec(line)
                except BaseException as error:
                    os.write(1, f"{{name}}: {{type(error).__name__}}\\n".encode())
                else:
                    os.write(1, f"{{name}}: DONE\\n".encode())
            os._exit(7)
        """
        done = subprocess.run(  # noqa: S603 (our own program)
            [sys.executable, "-I", "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 7, done.stderr
        told = dict(line.split(": ") for line in done.stdout.splitlines())
        assert told.keys() == FORBIDDEN.keys()
        assert [name for name, how in told.items() if how == "DONE"] == []

    def test_ends_who_says_too_much(self) -> None:
        program = f"""
            import sys; sys.path.insert(0, {str(reading.ROOM.parents[2])!r})
            import os
            from app.documents import locked_room
            locked_room._lock()
            while True:
                os.write(1, bytes(1_000_000))
        """
        with reading._memory() as answer:
            done = subprocess.run(  # noqa: S603 (our own program)
                [sys.executable, "-I", "-c", textwrap.dedent(program)], stdout=answer, check=False, stderr=-3
            )
            assert done.returncode != 0
            assert answer.seek(0, 2) <= reading.ANSWER_BYTES_MAX


class TestAReader:
    def test_that_takes_too_long_is_killed(self) -> None:
        with pytest.raises(Broken):
            reading.read(hostile.laughing(9), kind=Kind.PDF, seconds_max=1)

    def test_after_one_that_died_the_next_reads(self) -> None:
        assert reading.read(hostile.jpeg(), kind=Kind.JPEG).pages

    @pytest.mark.parametrize(
        "answer",
        [
            b"",
            b"no JSON\n",
            b"[]\n",
            b'{"locked": true}\n',
            b'{"locked": true, "pages": []}\n',
            b'{"locked": true, "pages": [{"size": 4}]}\nMZ\x90\0',
            b'{"locked": true, "pages": [{"size": 4, "width": 9, "height": 9, "digest": "00", "likeness": 0}]}\nMZMZ',
            b'{"locked": true, "pages": [{"size": 3, "width": 9, "height": 9, "digest": "%s", "likeness": 0}]}\n'
            b"\xff\xd8\xffand more" % (b"00" * 32),
            b'{"locked": true, "pages": [{"size": 3, "width": 9, "height": 99999, "digest": "%s", "likeness": 0}]}\n'
            b"\xff\xd8\xff" % (b"00" * 32),
        ],
    )
    def test_that_lies_is_not_believed(self, answer: bytes) -> None:
        with pytest.raises(Broken):
            reading._believed(answer, Kind.JPEG)

    @pytest.mark.parametrize(
        ("code", "why"),
        [(-signal.SIGXCPU, rules.TOO_MUCH), (-signal.SIGSEGV, rules.UNREADABLE), (-signal.SIGKILL, ""), (1, "")],
    )
    def test_that_died_of_the_file_is_not_sent_in_again(self, code: int, why: str) -> None:
        if why:
            assert reading._why_died(code) == why
        else:
            with pytest.raises(Broken):
                reading._why_died(code)

    def test_that_refuses_says_one_of_our_reasons(self) -> None:
        assert reading._believed(b'{"locked": true, "refused": "too_small"}\n', Kind.PNG) == ((), "too_small")
        assert reading._believed(b'{"locked": true, "refused": "<b>"}\n', Kind.PNG) == ((), rules.UNREADABLE)

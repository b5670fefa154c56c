"""Many processes that do one thing at once; they stay between turns, so that starting them is not measured."""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STOP_SECONDS = 20


@dataclass(frozen=True)
class Crowd:
    """Processes that speak as `bench.turns` does."""

    members: list["subprocess.Popen[str]"]

    def rate(self, seconds: float) -> float:
        """How often per second they did it, together. Raises RuntimeError when one of them ended."""
        for member in self.members:
            if member.stdin:
                member.stdin.write(f"{seconds}\n")
                member.stdin.flush()
        return sum(done / elapsed for done, elapsed in map(_answer, self.members))


@contextmanager
def crowd(command: list[str], *, size: int, environment: Mapping[str, str]) -> Iterator[Crowd]:
    """Start `size` of them, each told its number after the command, and wait until all are ready."""
    members: list[subprocess.Popen[str]] = []
    try:
        members += [
            subprocess.Popen(
                [*command, str(number)],
                cwd=ROOT,
                env=dict(environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for number in range(size)
        ]
        for member in members:
            _answer(member)
        yield Crowd(members)
    finally:
        for member in members:
            _end(member)


def _answer(member: "subprocess.Popen[str]") -> tuple[int, float]:
    for line in member.stdout or ():
        word, *numbers = line.split()
        if word == "turn":  # (other lines are logs)
            return int(numbers[0]), float(numbers[1])
    raise RuntimeError(f"{member.args!r} ended with exit code {member.wait()}")


def _end(member: "subprocess.Popen[str]") -> None:
    """Its stdin ends, and so should it; then its pipe is read no more."""
    if member.stdin:
        member.stdin.close()
    try:
        member.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        member.kill()
        member.wait()
    if member.stdout:
        member.stdout.close()

"""`make run`: the whole product on this machine, in the foreground, until Ctrl-C.

Servers, then migrations, then the simulated vendor and the web, so that the first page is there early; a new database
then gets its demo business, and only after that the workers and the clock, which would otherwise work on half of it.
A second Ctrl-C stops without waiting.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from types import FrameType

from sqlalchemy.engine import make_url

from dev import environment, logs, programs, running
from dev.children import Child, Unavailable, wait_until
from dev.embedded import Servers, forget, servers
from dev.environment import HOME, LOGS, ROOT, Addresses
from dev.roles import connect
from dev.supervisor import Supervisor, adopt_orphans, end_strays, stop_together

WEB_SECONDS = 60.0
STOP_SECONDS = 12.0
ROUND_SECONDS = 0.2
SEEDED = HOME / "seeded"
HALF_SEEDED = HOME / "half-seeded"


class Stop(BaseException):
    """The person asked to stop. Not an Exception: no handler of errors may swallow it."""


class Floor:
    """One run, from the servers to the last child's end."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.asked_to_stop = 0
        self.supervisor = Supervisor(say)
        self.sandbox: list[Child] = []
        self.product: list[Child] = []
        self.follower = logs.Follower(LOGS) if os.environ.get("LOG") == "1" else None

    def run(self) -> None:
        where = environment.addresses()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop)
        adopt_orphans()
        HOME.mkdir(parents=True, exist_ok=True)
        logs.turn(LOGS)
        begin_anew_after_half_a_demo()
        with contextlib.ExitStack() as stack:
            with step("PostgreSQL and Valkey"):
                given = stack.enter_context(servers(HOME, durable=True, logs=LOGS))
            stack.callback(self._end, given)
            self._start(given, where)
            while True:
                self.supervisor.look()
                self._show_logs()
                time.sleep(ROUND_SECONDS)

    def _start(self, given: Servers, where: Addresses) -> None:
        env = environment.product(given, where)
        with step("Migrations"):
            once(programs.python("-m", "migrations.migrate"), env)
            env["DATABASE_URL"] = environment.product_database_url(given)
        running.leave(where.url, env)
        for server in given.own:
            self.supervisor.watch(server.child, server.start)
        vendors = (
            ("Paystack", programs.sandbox, where.sandbox_port),
            ("Exchange", programs.exchange, where.exchange_port),
        )
        for name, program, port in vendors:
            if port is not None:
                with step(f"{name}, simulated"):
                    self._launch(program(env), self.sandbox)
                    wait_until(partial(programs.listens, port), self.sandbox[-1], seconds=WEB_SECONDS)
        with step("Web"):
            self._launch(programs.web(env, where), self.product)
            wait_until(lambda: programs.serves(where, "/livez"), self.product[0], seconds=WEB_SECONDS)
            if not programs.serves(where, "/"):
                raise Unavailable(f"The first page is an error; the web's last lines:\n{self.product[0].last_lines()}")
        say(f"  First page after {self._elapsed()}: {where.url}")
        self._seed(given, env)
        for child in programs.background(env):
            self._launch(child, self.product)
        self._greet(where, env)

    def _launch(self, child: Child, group: list[Child]) -> None:
        group.append(child)  # first: one that is interrupted while starting is stopped too
        child.start()
        self.supervisor.watch(child)

    def _seed(self, given: Servers, env: dict[str, str]) -> None:
        """Load the demo business into a database that has not had it."""
        mark = fingerprint(given)
        if SEEDED.exists() and mark in SEEDED.read_text().splitlines():
            return
        say("  Demo business (the first time only) …")
        began = time.monotonic()
        if given.postgres:
            HALF_SEEDED.touch()
        with subprocess.Popen(
            programs.flask("demo", "seed"),
            cwd=ROOT,
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            process_group=0,
        ) as seed:
            try:
                for line in seed.stdout or ():
                    say(f"    {line.rstrip()}")
            except Stop:
                seed.kill()
                raise
        if seed.returncode != 0 and given.postgres:
            raise Unavailable(
                f"The demo business could not be loaded (exit code {seed.returncode}): see the lines above."
            )
        # A database that was given may hold a business of its own: then there is no demo in it, and that is no fault.
        HALF_SEEDED.unlink(missing_ok=True)
        with SEEDED.open("a") as file:
            file.write(f"{mark}\n")
        say(f"  … {time.monotonic() - began:.0f} s")

    def _greet(self, where: Addresses, env: dict[str, str]) -> None:
        lines = [
            f"Bursar is running ({self._elapsed()} from the start). Ctrl-C stops it; it keeps its data.",
            "",
            f"  Portal    {where.url}/",
            f"  Console   {where.url}/console/",
            f"  API       {where.url}/api/v1/",
        ]
        if where.sandbox_port is not None:
            lines.append(f"  Paystack  {where.sandbox_url}/ (simulated)")
        if where.exchange_port is not None:
            lines.append(f"  Exchange  {where.exchange_url}/0/public/Ticker (simulated)")
        sign_ins = once(programs.flask("demo", "sign-ins"), env).strip()
        lines += ["", *(f"  {line}" for line in sign_ins.splitlines()), "", f"  Logs      {LOGS.relative_to(ROOT)}/"]
        say("\n" + "\n".join(lines) + "\n")

    def _show_logs(self) -> None:
        for line in self.follower.news() if self.follower else ():
            say(line)

    def _end(self, given: Servers) -> None:
        """Stop the product, then its vendor; the servers follow when the stack closes."""
        if self.asked_to_stop:
            say("\nStopping …")
        else:
            self.asked_to_stop = 1  # an error ends the run: from here on a Ctrl-C hurries instead of raising
        stop_together(self.product, patience=STOP_SECONDS, hurried=self._hurried)
        stop_together(self.sandbox, patience=STOP_SECONDS, hurried=self._hurried)
        end_strays({server.child.pid for server in given.own})
        running.remove()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.asked_to_stop += 1
        if self.asked_to_stop == 1:
            raise Stop

    def _hurried(self) -> bool:
        return self.asked_to_stop > 1

    def _elapsed(self) -> str:
        return f"{time.monotonic() - self.began:.0f} s"


def begin_anew_after_half_a_demo() -> None:
    """Drop a database of ours whose first run was stopped while it loaded: half a business proves nothing."""
    if not HALF_SEEDED.exists() or running.found():
        return
    say("  The demo business was only half loaded: beginning anew")
    forget(HOME)
    for part in (*HOME.glob("sandbox.sqlite3*"), *HOME.glob("exchange.sqlite3*"), HALF_SEEDED):
        part.unlink(missing_ok=True)


def fingerprint(given: Servers) -> str:
    """Names this very database: dropped and made anew under the same URL it is another."""
    connection = connect(make_url(given.database_url))
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT system_identifier || '/' || oid FROM pg_control_system(), pg_database"
                " WHERE datname = current_database()"
            )
            return str((cursor.fetchone() or ("",))[0])
    finally:
        connection.close()


def once(command: list[str], env: dict[str, str]) -> str:
    """Run a command to its end and return what it printed. Raises Unavailable with its last lines when it fails."""
    ran = subprocess.run(
        command,
        check=False,
        cwd=ROOT,
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        process_group=0,
    )
    if ran.returncode != 0:
        said = "\n".join((ran.stdout + ran.stderr).splitlines()[-20:])
        raise Unavailable(f"`{' '.join(command[1:])}` failed with exit code {ran.returncode}:\n{said}")
    return ran.stdout


@contextlib.contextmanager
def step(name: str) -> Iterator[None]:
    """Show that something is being done, and how long it took."""
    print(f"  {name} …", end="", flush=True)
    began = time.monotonic()
    try:
        yield
    except BaseException:
        print(flush=True)
        raise
    print(f" {time.monotonic() - began:.1f} s", flush=True)


def say(text: str) -> None:
    print(text, flush=True)


def main() -> int:
    """0 when the person stopped it; 1 with one clear sentence when it cannot run."""
    os.chdir(ROOT)  # the children import the product from here
    if already := running.found():
        at = f" at {already.url} (process {already.pid})" if already.url else ""
        print(f"Bursar is already running here{at}: stop it first with Ctrl-C in its terminal.", file=sys.stderr)
        return 1
    floor = Floor()
    try:
        floor.run()
    except Unavailable as refusal:
        print(f"\n{refusal}", file=sys.stderr)
        return 1
    except Stop:
        say("Stopped.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

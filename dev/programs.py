"""The processes of the product, each with its command."""

import contextlib
import http.client
import os
import socket
import sys
from collections.abc import Mapping

from dev.children import Child
from dev.environment import LOGS, Addresses

# The limits nest: a client waits 30 s, gunicorn 20 s, a statement 5 s, a lock 2 s.
GUNICORN = (
    *("--worker-class", "gthread", "--workers", "2", "--threads", "4"),
    *("--timeout", "20", "--graceful-timeout", "20", "--keep-alive", "5"),
    "--no-control-socket",  # it would lie in the home directory, shared by every gunicorn of this user
)
COMMANDS = {
    "worker-money": ("-m", "jobs.worker", "money"),
    "worker-default": ("-m", "jobs.worker", "default"),
    "worker-prices": ("-m", "jobs.worker", "prices"),
    "worker-exchange": ("-m", "jobs.worker", "exchange"),
    "worker-documents": ("-m", "jobs.worker", "documents"),
    "worker-reports": ("-m", "jobs.worker", "reports"),
    "worker-slow": ("-m", "jobs.worker", "slow"),
    "clock": ("-m", "jobs.clock"),
}


def web(env: Mapping[str, str], where: Addresses) -> Child:
    bind = f"[{where.host}]:{where.port}" if ":" in where.host else f"{where.host}:{where.port}"
    return _child("web", ("-m", "gunicorn", "wsgi:app", *GUNICORN, "--bind", bind), env)


def sandbox(env: Mapping[str, str]) -> Child:
    return _child("sandbox", ("-m", "sandbox"), env)


def exchange(env: Mapping[str, str]) -> Child:
    return _child("exchange", ("-m", "sandbox.exchange"), env)


def background(env: Mapping[str, str]) -> list[Child]:
    """The workers and the clock."""
    return [_child(name, command, env) for name, command in COMMANDS.items()]


def python(*arguments: str) -> list[str]:
    """A command of the environment that this process runs in."""
    return [sys.executable, *arguments]


def flask(*arguments: str) -> list[str]:
    return python("-m", "flask", "--app", "wsgi", *arguments)


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def serves(where: Addresses, path: str) -> bool:
    """Whether a GET is answered with a page rather than with an error of ours."""
    host = "127.0.0.1" if where.host in {"0.0.0.0", ""} else where.host  # noqa: S104  # compared, not bound
    connection = http.client.HTTPConnection(host, where.port, timeout=10)
    try:
        connection.request("GET", path, headers={"Host": f"localhost:{where.port}"})
        return connection.getresponse().status < http.client.INTERNAL_SERVER_ERROR
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _child(name: str, arguments: tuple[str, ...], env: Mapping[str, str]) -> Child:
    return Child(name, python(*arguments), log=LOGS / f"{name}.log", env={**os.environ, **env})

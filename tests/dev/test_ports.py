"""A wrong address gets one clear sentence before anything is started."""

import socket
from collections.abc import Iterator

import pytest

from dev import environment
from dev.children import Unavailable


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


def test_says_which_port_is_taken_and_how_to_choose_another(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", str(taken))
    with pytest.raises(Unavailable, match=rf"^Port {taken} is taken: .*\(PORT=\d+ make run\)"):
        environment.addresses()


def test_puts_the_sandbox_elsewhere_when_the_next_port_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    port = next(found for found in iter(environment.any_free_port, 0) if environment.free("127.0.0.1", found + 1))
    monkeypatch.setenv("PORT", str(port))
    with socket.create_server(("127.0.0.1", port + 1)):
        assert environment.addresses().sandbox_port not in {None, port, port + 1}


@pytest.mark.parametrize("port", ["0", "65536", "-1", "eight", "", "٨٠٨٠"])
def test_refuses_what_is_no_port(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", port)
    with pytest.raises(Unavailable, match="PORT must be a number from 1 to 65535"):
        environment.addresses()


def test_starts_no_sandbox_beside_a_real_vendor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", str(environment.any_free_port()))
    monkeypatch.setenv("PAYSTACK_BASE_URL", "https://paystack.invalid")
    with pytest.raises(Unavailable, match="give both or neither"):
        environment.addresses()
    monkeypatch.setenv("PAYSTACK_SECRET_KEY", "sk_test_0")
    with pytest.raises(Unavailable, match="give SMS_URL and SMS_TOKEN"):
        environment.addresses()
    monkeypatch.setenv("SMS_URL", "https://sms.invalid")
    monkeypatch.setenv("SMS_TOKEN", "token")
    with pytest.raises(Unavailable, match="give REGISTRY_URL and _TOKEN"):
        environment.addresses()
    monkeypatch.setenv("REGISTRY_URL", "https://registry.invalid")
    monkeypatch.setenv("REGISTRY_TOKEN", "token")
    assert environment.addresses().sandbox_port is None


def test_starts_no_exchange_beside_a_real_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", str(environment.any_free_port()))
    assert environment.addresses().exchange_port is not None
    monkeypatch.setenv("KRAKEN_BASE_URL", "https://kraken.invalid")
    for name in environment.WITH_A_REAL_EXCHANGE:
        with pytest.raises(Unavailable, match=f"no sandbox exchange: give .*{name}"):
            environment.addresses()
        monkeypatch.setenv(name, "given")
    assert environment.addresses().exchange_port is None


def test_puts_the_exchange_where_it_is_asked_to(monkeypatch: pytest.MonkeyPatch, taken: int) -> None:
    monkeypatch.setenv("PORT", str(environment.any_free_port()))
    port = environment.any_free_port()
    monkeypatch.setenv("EXCHANGE_SANDBOX_PORT", str(port))
    assert environment.addresses().exchange_port == port
    monkeypatch.setenv("EXCHANGE_SANDBOX_PORT", str(taken))
    with pytest.raises(Unavailable, match=rf"^Port {taken} is taken: .*EXCHANGE_SANDBOX_PORT="):
        environment.addresses()

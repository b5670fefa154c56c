"""A security key in software: it makes keys and signs as WebAuthn level 2 says, and lies when a test tells it to."""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40
COORDINATE_BYTES = 32


def as_text(raw: bytes) -> str:
    """Bytes as they travel."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass
class Authenticator:
    """One device with one key. `origin` is the page it believes to be on, `recognises` whether it asks for a finger."""

    origin: str = "http://localhost"
    recognises: bool = True
    counter: int = 0
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def create(self, options: str, **lies: Any) -> dict[str, Any]:
        """Answer what `navigator.credentials.create` would."""
        told = json.loads(options)
        public = self.key.public_key().public_numbers()
        cose = {
            1: 2,
            3: -7,
            -1: 1,
            -2: public.x.to_bytes(COORDINATE_BYTES, "big"),
            -3: public.y.to_bytes(COORDINATE_BYTES, "big"),
        }
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(cose)
        state = self._state(lies.get("rp_id", told["rp"]["id"]), ATTESTED) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": state})
        return self._answer(
            {
                "clientDataJSON": self._client(told["challenge"], "webauthn.create", lies),
                "attestationObject": attestation,
            }
        )

    def get(self, options: str, **lies: Any) -> dict[str, Any]:
        """Answer what `navigator.credentials.get` would. Each signature counts one further."""
        told = json.loads(options)
        self.counter += 1
        state = self._state(lies.get("rp_id", told["rpId"]), 0)
        client = self._client(told["challenge"], "webauthn.get", lies)
        signature = self.key.sign(state + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer({"clientDataJSON": client, "authenticatorData": state, "signature": signature})

    def copy(self) -> "Authenticator":
        """What a thief has who read the key out, counter and all."""
        return Authenticator(self.origin, self.recognises, self.counter, self.key, self.id)

    def _state(self, rp_id: str, flags: int) -> bytes:
        flags |= PRESENT | (VERIFIED if self.recognises else 0)
        return hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + self.counter.to_bytes(4, "big")

    def _client(self, challenge: str, kind: str, lies: dict[str, Any]) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False} | {
            name: value for name, value in lies.items() if name != "rp_id"
        }
        return json.dumps(said).encode()

    def _answer(self, response: dict[str, bytes]) -> dict[str, Any]:
        return {
            "id": as_text(self.id),
            "rawId": as_text(self.id),
            "type": "public-key",
            "response": {name: as_text(raw) for name, raw in response.items()},
        }

"""Sealed values: AES-256-GCM bound to the place where they stand, and keyed blind indexes for searching.

A sealed value is `key id length (1 byte) | key id | nonce (12) | ciphertext and tag`. The associated data is
`table|column|reference`, so a value copied to another row, column or table does not open.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import current_app


class CannotUnseal(Exception):
    """The value was altered, moved from its place, or its key is not on the ring (or was destroyed)."""


@dataclass(frozen=True)
class Keyring:
    """Master keys by id, the first used for sealing; the others only open. And the key of the blind indexes."""

    keys: dict[str, bytes]
    index_key: bytes

    @classmethod
    def parse(cls, sealing_keys: str, index_key: str) -> Keyring:
        """From 'id:base64,...' (newest first) and base64. Raises ValueError naming a key that is not 32 bytes."""
        keys: dict[str, bytes] = {}
        for part in sealing_keys.split(","):
            name, _, encoded = part.strip().partition(":")
            if not name or not name.isascii() or len(name) > 32 or name in keys:
                raise ValueError(f"COHORTMGR_SEALING_KEYS: {name!r} is no id, or stands there twice")
            keys[name] = _key(encoded, f"COHORTMGR_SEALING_KEYS: key {name!r}")
        return cls(keys, _key(index_key, "COHORTMGR_INDEX_KEY"))

    def seal(self, text: str, table: str, column: str, reference: str) -> bytes:
        """Seal `text` for one place."""
        return self.close(text.encode(), _place(table, column, reference))

    def unseal(self, sealed: bytes, table: str, column: str, reference: str) -> str:
        """Open what was sealed for that place; CannotUnseal otherwise."""
        return self.open(sealed, _place(table, column, reference)).decode()

    def close(self, data: bytes, place: bytes) -> bytes:
        """Seal bytes under the newest key, whose id goes before them."""
        name, key = next(iter(self.keys.items()))
        return bytes([len(name)]) + name.encode("ascii") + encrypt(key, data, place)

    def open(self, sealed: bytes, place: bytes) -> bytes:
        """The inverse of `close`, by whichever key of the ring closed it; CannotUnseal otherwise."""
        size = sealed[0] if sealed else 0
        name = sealed[1 : 1 + size].decode("ascii", "replace")
        if name not in self.keys:
            raise CannotUnseal(f"no key {name!r} on the ring")
        return decrypt(self.keys[name], sealed[1 + size :], place)

    def blind(self, kind: str, value: str) -> str:
        """64 hexadecimal digits that are equal for equal values and tell nothing without the key."""
        return hmac.new(self.index_key, f"{kind}|{value}".encode(), hashlib.sha256).hexdigest()


def encrypt(key: bytes, data: bytes, place: bytes) -> bytes:
    """AES-256-GCM with a random nonce, nonce first."""
    nonce = os.urandom(12)
    return nonce + AESGCM(key).encrypt(nonce, data, place)


def decrypt(key: bytes, data: bytes, place: bytes) -> bytes:
    """The inverse of `encrypt`; CannotUnseal if data, key or place differ."""
    try:
        return AESGCM(key).decrypt(data[:12], data[12:], place)
    except (InvalidTag, ValueError) as error:  # ValueError: too short to hold a nonce
        raise CannotUnseal("the value does not open at this place") from error


def _key(encoded: str, name: str) -> bytes:
    try:
        key = base64.b64decode(encoded, validate=True)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise ValueError(f"{name} is not 32 bytes in base64")
    return key


def _place(table: str, column: str, reference: str) -> bytes:
    return f"{table}|{column}|{reference}".encode()


def keyring() -> Keyring:
    """The ring of the present application."""
    ring: Keyring = current_app.extensions["cohortmgr-keyring"]
    return ring


def seal(text: str, table: str, column: str, reference: str) -> bytes:
    """Seal with the application's ring."""
    return keyring().seal(text, table, column, reference)


def unseal(sealed: bytes, table: str, column: str, reference: str) -> str:
    """Open with the application's ring."""
    return keyring().unseal(sealed, table, column, reference)


def blind_index(kind: str, value: str) -> str:
    """Blind index with the application's ring."""
    return keyring().blind(kind, value)

"""Encryption: values sealed with AES-256-GCM for one place, and keyed blind indexes to search them by.

A sealed value is `key id length (1 byte) | key id | nonce (12) | ciphertext and tag`. The associated data is
`table|column|reference`, so a value copied to another row, column or table does not open.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from dataclasses import dataclass, field
from functools import cached_property

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import current_app


class CannotUnseal(Exception):
    """The value cannot be opened: it was altered or moved, or its key is not on the ring (or was destroyed)."""


@dataclass(frozen=True)
class Keyring:
    """Master keys by id, the key of the blind indexes and that of the trail's digests. The first master key seals;
    the others only open."""

    keys: dict[str, bytes] = field(repr=False)
    index_key: bytes = field(repr=False)
    trail_key: bytes = field(repr=False)

    @classmethod
    def parse(cls, sealing_keys: str, index_key: str, trail_key: str) -> Keyring:
        """Parse the settings: 'id:base64,...' (newest first), and base64 for the keys of the index and the trail.

        Raises ValueError that names the place of a key which has no id or is not 32 bytes, and no part of it."""
        keys: dict[str, bytes] = {}
        for place, part in enumerate(sealing_keys.split(","), 1):
            # Told by its place: where the ':' is missing or the two stand the wrong way round, the "id" is the key.
            where = f"COHORTMGR_SEALING_KEYS: key {place}"
            name, colon, encoded = part.strip().partition(":")
            if not colon or not name or not name.isascii() or len(name) > 32 or name in keys:
                raise ValueError(f"{where} has no id of its own: write k{place}:VALUE")
            keys[name] = _key(encoded, where)
        return cls(keys, _key(index_key, "COHORTMGR_INDEX_KEY"), _key(trail_key, "COHORTMGR_TRAIL_KEY"))

    def seal(self, text: str, table: str, column: str, reference: str) -> bytes:
        """Seal `text` for one place: a column of the row with this reference."""
        return self.close(text.encode(), _place(table, column, reference))

    def unseal(self, sealed: bytes, table: str, column: str, reference: str) -> str:
        """Open a value that was sealed for this place. Raises CannotUnseal if it does not open."""
        return self.open(sealed, _place(table, column, reference)).decode()

    def close(self, data: bytes, place: bytes) -> bytes:
        """Seal bytes with the newest key; the key's id is put before them."""
        name, key = next(iter(self.keys.items()))
        return bytes([len(name)]) + name.encode("ascii") + encrypt(key, data, place)

    def open(self, sealed: bytes, place: bytes) -> bytes:
        """Open what `close` sealed, with whichever key of the ring sealed it. Raises CannotUnseal."""
        size = sealed[0] if sealed else 0
        name = sealed[1 : 1 + size].decode("ascii", "replace")
        if name not in self.keys:
            raise CannotUnseal(f"no key {name!r} on the ring")
        return decrypt(self.keys[name], sealed[1 + size :], place)

    def blind(self, kind: str, value: str) -> str:
        """Return 64 hexadecimal digits: equal for equal values, and without the key they reveal nothing."""
        return hmac.new(self.index_key, f"{kind}|{value}".encode(), hashlib.sha256).hexdigest()

    def vouch(self, text: str) -> str:
        """Return the signature, in 64 hexadecimal digits, by which the database knows that the application wrote
        this: it has the same key, where the application's role cannot read it."""
        return hmac.digest(self._door_key, text.encode(), "sha256").hex()

    @cached_property
    def door_blocks(self) -> tuple[bytes, bytes]:
        """The key of `vouch` as HMAC uses it: the blocks before its inner and its outer hash."""
        padded = self._door_key.ljust(64, b"\0")
        return bytes(byte ^ 0x36 for byte in padded), bytes(byte ^ 0x5C for byte in padded)

    @cached_property
    def _door_key(self) -> bytes:
        # Made of the index key, which never turns over; the database never has that one itself.
        return hmac.digest(self.index_key, b"doors", "sha256")


def encrypt(key: bytes, data: bytes, place: bytes) -> bytes:
    """Encrypt with AES-256-GCM under a random nonce. Returns the nonce, then the ciphertext and tag."""
    nonce = os.urandom(12)
    return nonce + AESGCM(key).encrypt(nonce, data, place)


def decrypt(key: bytes, data: bytes, place: bytes) -> bytes:
    """Open what `encrypt` returned. Raises CannotUnseal if the data, the key or the place differ."""
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
    """Return the key ring of the present application."""
    ring: Keyring = current_app.extensions["cohortmgr-keyring"]
    return ring


def seal(text: str, table: str, column: str, reference: str) -> bytes:
    """Seal with the application's key ring (see `Keyring.seal`)."""
    return keyring().seal(text, table, column, reference)


def unseal(sealed: bytes, table: str, column: str, reference: str) -> str:
    """Open with the application's key ring (see `Keyring.unseal`)."""
    return keyring().unseal(sealed, table, column, reference)


def blind_index(kind: str, value: str) -> str:
    """Return the blind index of a value under the application's key ring (see `Keyring.blind`)."""
    return keyring().blind(kind, value)

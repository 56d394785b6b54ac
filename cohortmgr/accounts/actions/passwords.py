"""Hash and verify passwords by argon2id: 19 MiB, two passes, one lane (OWASP's first choice).

Hashing is slow, so callers do it before `writing()`.
"""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_decoy: str | None = None


def prepare_hash(password: str) -> str:
    """Return the hash of a password, to be stored."""
    return _hasher.hash(password)


def verify(kept: str | None, password: str) -> bool:
    """Whether the password is right. An unknown account (None) takes as long to check as a known one."""
    global _decoy
    if kept is None:
        _decoy = _decoy or _hasher.hash("decoy")
    try:
        return _hasher.verify(kept or _decoy or "", password) and kept is not None
    except (VerificationError, InvalidHashError):
        return False

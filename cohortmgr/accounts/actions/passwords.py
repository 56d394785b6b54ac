"""Hash and verify passwords by argon2id: 19 MiB, two passes, one lane (OWASP's first choice).

Hashing is slow, so callers do it before `writing()`.
"""

from __future__ import annotations

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# The hash, as dear as the others, of a password that nobody knows. Made here, an unknown address would take twice
# as long as a known one, the first time in each process.
_DECOY = "$argon2id$v=19$m=19456,t=2,p=1$4y7d0tetc3z0hYDVwi8lYg$s2ULvrx4AFZtTgw4alAaolACpN5TanUFuWY2iEpYYkQ"


def prepare_hash(password: str) -> str:
    """Return the hash of a password, to be stored."""
    return _hasher.hash(_composed(password))


def verify(kept: str | None, password: str) -> bool:
    """Whether the password is right. An unknown account (None) takes as long to check as a known one.

    Keyboards write é as one sign or as two: the composed form is the one that was hashed. What was hashed before
    that was so is tried as it was typed."""
    composed = _composed(password)
    right = _is_hash_of(kept, composed)
    return right or (composed != password and _is_hash_of(kept, password))


def _is_hash_of(kept: str | None, password: str) -> bool:
    try:
        return _hasher.verify(kept or _DECOY, password) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


def _composed(password: str) -> str:
    return unicodedata.normalize("NFC", password)

"""What a failure to hand a message over means: to be tried again, never again, or not known. Pure.

A mail server says it by a code of three figures (RFC 5321, 4.2.1) and often by an enhanced one (RFC 3463): 4 is for
now, 5 is for good. But "for good" is said of the person's address only from RCPT on; earlier it is said of us.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Failure(StrEnum):
    """What became of a sending that did not succeed."""

    TEMPORARY = "temporary"
    PERMANENT = "permanent"
    # The server had the whole message and did not say whether it takes it.
    UNANSWERED = "unanswered"


class Stage(StrEnum):
    """How far the talk with a mail server had come."""

    CONNECT = "connect"
    SIGN_IN = "sign_in"
    SENDER = "sender"
    RECIPIENT = "recipient"
    DATA = "data"
    # After the final dot: the server has all of it.
    END = "end"


# "Sign in first", "use encryption", "too weak", "wrong password", "wrong order": our affair, not the address's.
_OUR_FAULT = frozenset({502, 503, 530, 534, 535, 538})
_POLICY = re.compile(r"^5\.7\.\d{1,3}\b")
_OF_THE_PERSON = frozenset({Stage.RECIPIENT, Stage.DATA, Stage.END})
# HTTP: wait, too many; and who we are, which says nothing of the number.
_LATER = frozenset({401, 403, 407, 408, 409, 423, 425, 429})


def judged(stage: Stage, code: int | None, text: str = "") -> Failure:
    """What an answer means at a stage; `code` None: no answer, or the connection was cut. `text`: what it says."""
    if code is None:
        return Failure.UNANSWERED if stage == Stage.END else Failure.TEMPORARY
    ours = code in _OUR_FAULT or _POLICY.match(text) is not None
    if 500 <= code <= 599 and stage in _OF_THE_PERSON and not ours:
        return Failure.PERMANENT
    return Failure.TEMPORARY


def judged_http(status: int) -> Failure:
    """What the status of a refused request means, by RFC 9110: 4xx is the request's fault, 5xx the server's."""
    return Failure.PERMANENT if 400 <= status <= 499 and status not in _LATER else Failure.TEMPORARY

"""What a failed sending means: try again, never again, or not known. Pure.

A mail server gives a code of three digits (RFC 5321, 4.2.1) and often an enhanced one (RFC
3463): 4 is temporary, 5 is permanent. But "permanent" concerns the person's address only from
RCPT on; before that it concerns us.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Failure(StrEnum):
    """What a sending that did not succeed means."""

    TEMPORARY = "temporary"
    PERMANENT = "permanent"
    # The server had the whole message and did not say whether it accepts it.
    UNANSWERED = "unanswered"


class TalkStage(StrEnum):
    """How far the talk with a mail server had come."""

    CONNECT = "connect"
    SIGN_IN = "sign_in"
    SENDER = "sender"
    RECIPIENT = "recipient"
    DATA = "data"
    # After the final dot: the server has the whole message.
    END = "end"


# "Sign in first", "use encryption", "too weak", "wrong password", "wrong order":
# our fault, not the address's.
_OUR_FAULT = frozenset({502, 503, 530, 534, 535, 538})
_POLICY = re.compile(r"^5\.7\.\d{1,3}\b")
_OF_THE_PERSON = frozenset({TalkStage.RECIPIENT, TalkStage.DATA, TalkStage.END})
# HTTP statuses that say nothing of the number: wait, too many requests, and who we are.
_LATER = frozenset({401, 403, 407, 408, 409, 423, 425, 429})


def judged(stage: TalkStage, code: int | None, text: str = "") -> Failure:
    """Return what a server's answer means at a stage.

    `code` is None if there was no answer or the connection was cut. `text` is the text of the answer."""
    if code is None:
        return Failure.UNANSWERED if stage == TalkStage.END else Failure.TEMPORARY
    ours = code in _OUR_FAULT or _POLICY.match(text) is not None
    if 500 <= code <= 599 and stage in _OF_THE_PERSON and not ours:
        return Failure.PERMANENT
    return Failure.TEMPORARY


def judged_http(status: int) -> Failure:
    """Return what the status of a refused HTTP request means (RFC 9110): 4xx is the request's fault, 5xx the
    server's."""
    return Failure.PERMANENT if 400 <= status <= 499 and status not in _LATER else Failure.TEMPORARY

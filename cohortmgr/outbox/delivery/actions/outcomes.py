"""What became of a message, told to the rooms that asked to know."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from cohortmgr.base.db import db
from cohortmgr.outbox import hooks
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.rules import MessageState

_log = logging.getLogger(__name__)

# Where staff are told that an address does not receive, or that a message waits for them.
TOLD = (MessageState.RETURNED, MessageState.SET_ASIDE)


def tell(message: Message, values: Mapping[str, Any]) -> None:
    """Call whoever waits for messages that came back or were set aside. Their failure costs the result nothing."""
    for name, value in values.items():
        setattr(message, name, value)
    for hook in hooks.on_returned:
        try:
            with db.session.begin_nested():
                hook(message, str(values.get("error") or ""))
        except Exception:
            _log.exception("nobody was told of message %s", message.reference)

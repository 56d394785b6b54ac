"""Tell other rooms what became of a message, if they registered to know."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from cohortmgr.base.db import db
from cohortmgr.outbox import hooks
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.rules import MessageState

_log = logging.getLogger(__name__)

# The states that staff are told of: an address does not receive, or a message waits for a person.
TOLD = (MessageState.RETURNED, MessageState.SET_ASIDE)


def tell(message: Message, values: Mapping[str, Any]) -> None:
    """Call the hooks for messages that were returned or set aside.
    A hook that fails does not undo the result."""
    for name, value in values.items():
        setattr(message, name, value)
    for hook in hooks.on_returned:
        try:
            with db.session.begin_nested():
                hook(message, str(values.get("error") or ""))
        except Exception:
            _log.exception("nobody was told of message %s", message.reference)

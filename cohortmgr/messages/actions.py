"""Sending again what was set aside. The web only appends to the journal of messages, so a job changes the row."""

from __future__ import annotations

from cohortmgr.accounts.rules import Viewer, require_anywhere
from cohortmgr.audit.actions import record
from cohortmgr.jobs.actions import request
from cohortmgr.messages import queries
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.rules import MessageState

KIND = "messages.send_again"


def send_again(viewer: Viewer, reference: str) -> Message:
    """Ask that a message that was set aside be tried anew. In any other state, nothing happens: the message has left
    or is on its way."""
    require_anywhere(viewer, queries.PERMISSION)
    message = queries.get_for(viewer, reference)
    if message.state == MessageState.SET_ASIDE:
        request(viewer, KIND, {"message": reference}, message.institution_id)
        record(viewer, KIND, "message", reference, message.institution_id, message.subject)
    return message

"""Read a message that was written to somebody, and send a message that was set aside again.

The web can only append to the journal of messages, so a job changes the row."""

from __future__ import annotations

from cohortmgr.accounts.rules import Viewer, require_anywhere
from cohortmgr.audit.actions import about, record
from cohortmgr.base.errors import N_, NotFound, Refused
from cohortmgr.jobs.actions.queue import request
from cohortmgr.messages.letters.queries import letters, log
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.notices import bearing_keys
from cohortmgr.outbox.rules import MessageState

KIND = "messages.send_again"
READ = "messages.read"


def read_message(viewer: Viewer, reference: str) -> tuple[Message, letters.ReadMessage]:
    """Return a message as it was sent, for staff who manage its person's file;
    the reading is recorded in the trail.

    Raises NotFound for a message that opens an account or a file, and Refused once its person was erased."""
    require_anywhere(viewer, log.PERMISSION)
    message = log.get_for(viewer, reference)
    if message.key in bearing_keys():
        raise NotFound(reference)
    found = letters.read([message])
    if not found:
        raise Refused(N_("Les données de cette personne ont été effacées."))
    record(viewer, READ, about(message, message.subject))
    return message, found[0]


def send_again(viewer: Viewer, reference: str) -> Message:
    """Ask that a message that was set aside be tried again.
    In any other state nothing happens, because the message has left or is on its way."""
    require_anywhere(viewer, log.PERMISSION)
    message = log.get_for(viewer, reference)
    if message.state == MessageState.SET_ASIDE:
        request(viewer, KIND, {"message": reference}, message.institution_id)
        record(viewer, KIND, about(message, message.subject))
    return message

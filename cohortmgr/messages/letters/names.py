"""The names that staff read for states, languages and channels of messages. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from cohortmgr.base.errors import N_
from cohortmgr.outbox.rules import MessageState

TAGS: Mapping[MessageState, str] = {
    MessageState.WAITING: "wait",
    MessageState.HELD: "wait",
    MessageState.SENDING: "info",
    MessageState.SENT: "done",
    MessageState.SET_ASIDE: "stop",
    MessageState.DROPPED: "neutral",
    MessageState.RETURNED: "stop",
}
LANGUAGE_NAMES: Mapping[str, str] = {"fr": N_("français"), "ar": N_("arabe"), "en": N_("anglais")}
CHANNELS: Mapping[str, str] = {"email": N_("e-mail"), "sms": N_("SMS"), "inbox": N_("ici seulement")}

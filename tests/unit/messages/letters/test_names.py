"""Every state and language has a name for staff."""

from __future__ import annotations

from cohortmgr.base.i18n import LANGUAGES
from cohortmgr.messages.letters.names import LANGUAGE_NAMES, TAGS
from cohortmgr.outbox.rules import MESSAGE_STATES, MessageState


def test_each_state_and_language_has_a_name() -> None:
    assert set(MESSAGE_STATES.names) == set(TAGS) == set(MessageState)
    assert set(LANGUAGE_NAMES) == set(LANGUAGES)

"""Every message that can be sent has a name for staff, and what bears a key is known."""

from __future__ import annotations

from cohortmgr.base.i18n import LANGUAGES
from cohortmgr.base.settings import ROOT
from cohortmgr.messages.names import KEYS, LANGUAGE_NAMES, STATES, TAGS
from cohortmgr.messages.rules import BEAR_A_KEY
from cohortmgr.outbox.rules import MessageState

TEXTS = {path.stem: path.read_text("utf-8") for path in (ROOT / "templates" / "messages").glob("*.txt")}


def test_each_message_has_a_name() -> None:
    assert TEXTS.keys() == KEYS.keys()


def test_each_state_and_language_has_a_name() -> None:
    assert set(STATES) == set(TAGS) == set(MessageState)
    assert set(LANGUAGE_NAMES) == set(LANGUAGES)


def test_whatever_bears_a_key_stays_out_of_the_application() -> None:
    assert {key for key, text in TEXTS.items() if "token" in text} == BEAR_A_KEY

"""What is wrong with a text is found when it is kept, and said at its field."""

from __future__ import annotations

import pytest

from cohortmgr.base.errors import Refused
from cohortmgr.messages.texts.rules import MOST_SEGMENTS, proofread, tidied, weighed
from cohortmgr.outbox.notices import Notice, Variable

NOTICE = Notice("k", "K", (Variable("name", "text", "S"), Variable("token", "link", "x", required=True)))


def fields(subject: str | None, body: str) -> list[str | None]:
    return [problem.where for problem in proofread(NOTICE, {"link"}, subject, body)]


def test_a_sound_text_has_no_problem() -> None:
    assert fields("Bonjour {name}", "{link}") == [] == fields(None, "{link}")


@pytest.mark.parametrize(
    ("subject", "body", "wrong"),
    [
        ("", "{link}", ["subject"]),
        ("a", "", ["body"]),
        ("", "", ["subject", "body"]),
        ("{", "{link}", ["subject"]),
        ("a", "{link} }", ["body"]),
        ("a", "Bonjour {name}", ["body"]),
        ("a", "{link} {token}", ["body"]),
        ("{nom}", "{link}", ["subject"]),
        ("a" * 201, "{link}", ["subject"]),
        ("a", "é" * 50_000 + "{link}", ["body"]),
    ],
)
def test_each_problem_stands_at_its_field(subject: str, body: str, wrong: list[str]) -> None:
    assert fields(subject, body) == wrong


def test_what_is_missing_and_what_is_strange_are_named() -> None:
    [missing] = proofread(NOTICE, {"link"}, "a", "Bonjour")
    assert missing.values == {"names": "{link}"}
    [strange] = proofread(NOTICE, {"link"}, "a", "{link} {nom}")
    assert strange.values == {"names": "{nom}", "known": "{name}, {link}"}


def test_a_short_message_does_not_say_what_a_door_asks_of_whoever_has_the_telephone() -> None:
    number = Notice("k", "K", (Variable("number", "text", "MDIA-7K3QXP", opens=True),))
    assert proofread(number, {}, "a", "{number}") == []
    [told] = proofread(number, {}, None, "{number}")
    assert (told.where, told.values) == ("body", {"names": "{number}"})


def test_a_text_is_tidied_of_what_nobody_sees() -> None:
    assert tidied("\r\n a \t\x00b  \r\n\r\n\x1b[0m c\x7f \n\n") == "a b\n\n[0m c"


def test_a_short_message_has_a_longest() -> None:
    measure, cost = weighed(["a" * 161, "b"], lambda each: each.cost(350))
    assert (measure.segments, cost) == (2, 700)
    with pytest.raises(Refused):
        weighed(["ع" * 67 * MOST_SEGMENTS + "ع"], lambda each: each.cost(1))

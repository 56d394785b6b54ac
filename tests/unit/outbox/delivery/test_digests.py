"""What leaves as one mail."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from cohortmgr.outbox.delivery.actions import digests
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.texts.display.rendering import Rendered


@dataclass(frozen=True)
class Each:
    message: Message
    channel: str = "email"
    address: str = "a@exemple.ma"


def _pair(
    number: int, subject: str = "P1", language: str = "fr", gathered: bool = True, channel: str = "email"
) -> tuple[Each, Rendered]:
    message = Message(id=number, subject=subject, language=language, gathered=gathered)
    return Each(message, channel, f"{subject}@exemple.ma"), Rendered(f"S{number}", f"T{number}\n", None)


def _numbers(found: list[digests.Parcel[Each]]) -> list[list[int]]:
    return [[each.message.id for each in together] for together, _ in found]


def test_a_person_s_gathered_mails_of_one_language_leave_as_one_and_the_others_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    leaving = [
        _pair(5),
        _pair(2, "P2"),
        _pair(3, gathered=False),
        _pair(1),
        _pair(4, language="ar"),
        _pair(7, "P2"),
        _pair(6, channel="sms"),
        _pair(8),
    ]
    for each, _ in leaving:
        each.message.institution_id = 2 if each.message.id == 7 else 1
    said: list[tuple[str, list[str], int | None]] = []

    def together(language: str, words: list[Rendered], institution_id: int | None) -> Rendered:
        said.append((language, [each.subject for each in words], institution_id))
        return Rendered("tous", "tous", None)

    monkeypatch.setattr(digests, "composed", together)
    found = digests.parcels(leaving)
    assert _numbers(found) == [[1, 5, 8], [2, 7], [3], [4], [6]]
    assert said == [("fr", ["S1", "S5", "S8"], 1), ("fr", ["S2", "S7"], None)], "signed by whom all come from"
    assert [words.subject for _, words in found] == ["tous", "tous", "S3", "S4", "S6"]

"""What a server's answer means, by how far the talk had come."""

from __future__ import annotations

import pytest

from cohortmgr.outbox.failures import Failure, TalkStage, judged, judged_http

TEMPORARY, PERMANENT, UNANSWERED = Failure.TEMPORARY, Failure.PERMANENT, Failure.UNANSWERED


@pytest.mark.parametrize(
    ("stage", "code", "text", "meant"),
    [
        (TalkStage.CONNECT, None, "", TEMPORARY),
        (TalkStage.CONNECT, 421, "too many", TEMPORARY),
        (TalkStage.CONNECT, 554, "no service", TEMPORARY),
        (TalkStage.SIGN_IN, 535, "wrong password", TEMPORARY),
        (TalkStage.SENDER, 550, "we do not like you", TEMPORARY),
        (TalkStage.SENDER, 451, "", TEMPORARY),
        (TalkStage.RECIPIENT, 450, "4.2.2 mailbox full", TEMPORARY),
        (TalkStage.RECIPIENT, 550, "5.1.1 no such user", PERMANENT),
        (TalkStage.RECIPIENT, 550, "5.7.1 relaying denied", TEMPORARY),
        (TalkStage.RECIPIENT, 530, "sign in first", TEMPORARY),
        (TalkStage.RECIPIENT, 501, "bad address", PERMANENT),
        (TalkStage.RECIPIENT, None, "", TEMPORARY),
        (TalkStage.DATA, 554, "no valid recipients", PERMANENT),
        (TalkStage.DATA, 503, "RCPT first", TEMPORARY),
        (TalkStage.END, 452, "no room", TEMPORARY),
        (TalkStage.END, 552, "too large", PERMANENT),
        (TalkStage.END, 554, "5.7.1 looks like spam", TEMPORARY),
        (TalkStage.END, None, "", UNANSWERED),
        (TalkStage.END, 354, "what?", TEMPORARY),
    ],
)
def test_an_answer_means(stage: TalkStage, code: int | None, text: str, meant: Failure) -> None:
    assert judged(stage, code, text) == meant


def test_silence_is_unknown_only_once_the_server_has_all_of_it() -> None:
    assert {stage for stage in TalkStage if judged(stage, None) == UNANSWERED} == {TalkStage.END}


def test_nothing_before_the_recipient_is_held_against_the_address() -> None:
    early = (TalkStage.CONNECT, TalkStage.SIGN_IN, TalkStage.SENDER)
    assert {judged(stage, code) for stage in early for code in range(400, 600)} == {TEMPORARY}


@pytest.mark.parametrize(
    ("status", "meant"),
    [(400, PERMANENT), (404, PERMANENT), (422, PERMANENT), (401, TEMPORARY), (429, TEMPORARY), (500, TEMPORARY),
     (503, TEMPORARY), (302, TEMPORARY)],
)  # fmt: skip
def test_a_status_means(status: int, meant: Failure) -> None:
    assert judged_http(status) == meant

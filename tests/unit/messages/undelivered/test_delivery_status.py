"""Codes where codes stand, in what mail servers write, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.messages.undelivered.delivery_status import status_field, status_in


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("550 5.1.1 user unknown", "5.1.1"),
        ("550-5.1.1 The email account does not exist", "5.1.1"),
        ("smtp; 552-5.2.2 over quota", "5.2.2"),
        ("550 #5.1.0 Address rejected", "5.1.0"),
        ("<x@y.ma> (Status: 5.4.4)", "5.4.4"),
        ("Remote Server returned '550 5.7.1 refused'", "5.7.1"),
        ("#5.1.10 smtp; not found", "5.1.10"),
        ("> 5.1.1 unknown", "5.1.1"),
        ("451 4.3.0 busy\n550 5.1.1 unknown", "5.1.1"),
        ("451 4.3.0 busy", "4.3.0"),
        ("Connected to 41.2.30.4", ""),
        ("Connected to 41.2.30.4 [2.5.1.1]", ""),
        ("Exim 4.96.2 on mx5.1.1.exemple.ma, Postfix 3.5.6, 2.12.2026", ""),
        ("version 4.2.1 of the library", ""),
        ("250 5.1.1 as of class two", ""),
        ("Remote host said: 550 No such user here", "5.1.1"),
        (
            "SMTP error from remote mail server after RCPT TO:<x@y.ma>: 550 no mailbox here by that name",
            "5.1.1",
        ),
        ("550 Mailbox full", "5.2.2"),
        ("550 5.0.0 mailbox is full", "5.2.2"),
        ("554 rejected: spam", "5.7.1"),
        ("450 mailbox busy", "4.2.0"),
        ("550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302).", "5.1.1"),
        ("550-5.5.0 mailbox full", "5.2.2"),
        ("554 5.5.0 protocol error", "5.5.0"),
        ("552 too much", "5.2.2"),
        ("550 letters were sent, 550 arrived", "5.0.0"),
        ("We sent 550 letters", ""),
        ("La boîte aux lettres du destinataire est pleine", "5.2.2"),
        ("Utilisateur inconnu : L'adresse x n'existe pas", "5.1.1"),
        ("صندوق البريد ممتلئ", "5.2.2"),
        ("", ""),
    ],
)
def test_a_code_is_read_where_codes_stand(text: str, code: str) -> None:
    assert status_in(text) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [("5.1.1", "5.1.1"), (" 5.2.2 (full)", "5.2.2"), ("5.1", ""), ("x 5.1.1", ""), ("5.1.1.9", "")],
)
def test_a_report_s_field_holds_a_code_and_perhaps_a_comment(text: str, code: str) -> None:
    assert status_field(text) == code


@given(
    st.tuples(*[st.integers(0, 255)] * 4),
    st.sampled_from(["Connected to {}", "[{}]", "host {} said", "{}\n", "({})"]),
)
def test_no_address_of_the_internet_is_a_code(parts: tuple[int, ...], around: str) -> None:
    assert status_in(around.format(".".join(map(str, parts)))) == ""


@given(st.text(max_size=300))
def test_whatever_a_server_writes_is_read(text: str) -> None:
    assert status_in(text) == "" or status_field(status_in(text))

"""What mail servers answer, and what becomes of the message: taken, refused, later, or not known."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes, policy

import pytest

from cohortmgr.base import clock
from cohortmgr.outbox import hooks
from cohortmgr.outbox.channels.actions import providers
from cohortmgr.outbox.delivery.tasks.handing_over import Post, deliver
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.rules import MAX_TRIES, MessageState
from tests.integration.outbox.conftest import Server, free_port, greeting, row, rows, running, send, words

pytestmark = pytest.mark.usefixtures("system_context", "messages")


def later(minutes: float = 3) -> None:
    with clock.at(clock.now() + timedelta(minutes=minutes)):
        deliver()


def test_one_connection_takes_many_messages_each_under_its_own_return_path(server: Server) -> None:
    send(*(f"a{n}@b.ma" for n in range(7)))
    with Post() as post:
        assert [deliver(4, post), deliver(4, post), deliver(4, post)] == [4, 3, 0]
    assert server.addresses() == [f"a{n}@b.ma" for n in range(7)]
    assert server.connections == 1
    for message, envelope in zip(rows(), server.taken, strict=True):
        assert envelope.mail_from == f"bounces+{message.reference}@cohortmgr.example"
        mail = message_from_bytes(words(envelope), policy=policy.default)
        assert mail["Message-ID"] == f"<{message.reference}@cohortmgr.example>"
        assert (mail["Auto-Submitted"], mail["Date"] is not None) == ("auto-generated", True)
        assert (message.state, message.provider, message.channel) == (MessageState.SENT, "first", "email")


def test_an_address_that_does_not_receive_sends_its_message_back_and_staff_are_told(server: Server) -> None:
    told: list[tuple[str, str, str]] = []

    def note(message: Message, error: str) -> None:
        told.append((message.reference, message.state, error))

    hooks.on_returned.register(note)
    server.recipient = "550 5.1.1 no such user"
    send("refused@b.ma", "other@b.ma")
    assert deliver() == 2
    back, other = rows()
    assert (back.state, back.failure, back.error, back.lease_until) == (
        MessageState.RETURNED, "permanent", "recipient 550", None,
    )  # fmt: skip
    assert told == [(back.reference, "returned", "recipient 550")]
    assert other.state == MessageState.SENT and server.connections == 1
    later()
    assert server.addresses() == ["other@b.ma"]


def test_a_hook_that_fails_does_not_cost_the_result(server: Server) -> None:
    def fails(message: Message, error: str) -> None:
        raise RuntimeError("no such table")

    hooks.on_returned.register(fails)
    server.recipient = "550 5.1.1 no such user"
    send("refused@b.ma")
    deliver()
    assert row().state == MessageState.RETURNED


@pytest.mark.parametrize("address", ["a b@c.ma", "a@b.ma>\r\nRCPT TO:<c@d.ma", "nobody", "a@b.ma c@d.ma", ""])
def test_what_is_no_address_is_never_said_to_a_server(server: Server, address: str) -> None:
    send(address)
    deliver()
    assert row().state == MessageState.RETURNED and server.taken == []


def test_a_temporary_refusal_waits_longer_each_time_and_is_taken_when_the_server_changes_its_mind(
    server: Server,
) -> None:
    server.recipient = "451 4.2.1 later"
    send()
    deliver()
    assert (row().state, row().tries, row().failure) == (MessageState.WAITING, 1, "temporary")
    later()
    assert row().tries == 2
    server.recipient = "250 fine"
    later(10)
    assert (row().state, row().failure, row().error) == (MessageState.SENT, None, None)
    assert len(server.taken) == 1


def test_a_refusal_after_the_text_is_a_refusal(server: Server) -> None:
    server.data = "552 5.2.3 too large"
    send()
    deliver()
    assert (row().state, row().error) == (MessageState.RETURNED, "end 552")
    server.data = "452 4.3.1 no room"
    send()
    deliver()
    assert rows()[1].state == MessageState.WAITING


def test_after_so_many_temporary_refusals_it_is_set_aside(server: Server) -> None:
    server.data = "451 4.3.0 later"
    send()
    moment = clock.now()
    for _ in range(MAX_TRIES):
        with clock.at(moment):
            assert deliver() == 1
        moment += timedelta(hours=7)
    assert (row().state, row().tries, row().error) == (MessageState.SET_ASIDE, MAX_TRIES, "end 451")


def test_a_server_that_takes_it_and_says_nothing_gets_it_once_more_at_most(server: Server) -> None:
    server.hang = threading.Event()
    send()
    deliver()
    assert (row().state, row().unanswered, row().tries, row().failure) == (
        MessageState.WAITING, 1, 0, "unanswered",
    )  # fmt: skip
    later()
    assert (row().state, row().unanswered) == (MessageState.SET_ASIDE, 2)
    later(60)
    ids = [message_from_bytes(words(each))["Message-ID"] for each in server.taken]
    assert len(ids) == 2 and len(set(ids)) == 1, "and the second is known for the same"


def test_what_is_answered_the_second_time_is_sent(server: Server) -> None:
    server.data = "cut"
    send()
    deliver()
    assert row().failure == "unanswered"
    server.data = "250 taken"
    later()
    assert (row().state, row().unanswered, row().failure) == (MessageState.SENT, 1, None)


def test_a_message_that_one_server_left_unanswered_is_not_given_to_the_other(
    server: Server, setting: Callable[..., None]
) -> None:
    second = Server()
    server.data = "cut"
    with running(second) as url:
        setting(mail_url_2=url)
        send()
        deliver()
    assert row().failure == "unanswered" and second.taken == []


@pytest.mark.parametrize("words", ["421 4.3.2 closing", "451 later", "554 no service"])
def test_a_second_server_takes_over_in_the_same_attempt(words: str, setting: Callable[..., None]) -> None:
    second = Server()
    with greeting(words) as (first, seen), running(second) as url:
        setting(mail_url=first, mail_url_2=url)
        send(*(f"a{n}@b.ma" for n in range(5)))
        assert deliver() == 5
        assert len(seen) == providers.PATIENT_WITH, "then the first is left alone for a while"
    assert {message.provider for message in rows()} == {"second"}
    assert len(second.taken) == 5 and second.connections == 1


def test_with_no_server_at_all_those_not_begun_are_not_counted(setting: Callable[..., None]) -> None:
    setting(mail_url=f"smtp://127.0.0.1:{free_port()}")
    send(*(f"a{n}@b.ma" for n in range(6)))
    assert deliver() == 6
    found = rows()
    assert [message.tries for message in found] == [1, 1, 1, 0, 0, 0]
    assert {message.state for message in found} == {MessageState.WAITING}
    assert all(message.due > clock.now() for message in found)
    later()
    assert [message.tries for message in rows()] == [1, 1, 1, 0, 0, 0], "it is left alone"


def test_a_connection_that_was_closed_while_it_lay_idle_is_opened_anew(server: Server) -> None:
    with Post() as post:
        send("a@b.ma")
        deliver(9, post)
        talk = post.providers._mails["first"]._server  # type: ignore[attr-defined]
        talk.sock.shutdown(socket.SHUT_RDWR)
        send("b@b.ma")
        deliver(9, post)
    assert server.addresses() == ["a@b.ma", "b@b.ma"]
    assert {message.tries for message in rows()} == {0}


def test_a_server_without_pipelining_is_spoken_to_word_by_word_and_lines_keep_their_dots(
    setting: Callable[..., None],
) -> None:
    heard: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=answer_plainly, args=(listening, heard))
        thread.start()
        setting(mail_url=f"smtp://127.0.0.1:{listening.getsockname()[1]}")
        send()
        assert deliver() == 1
        thread.join(10)
    assert row().state == MessageState.SENT
    assert [line for line in heard if line.startswith("rcpt")] == ["rcpt TO:<said@exemple.ma>"]
    assert heard[-1] == "quit"


def answer_plainly(listening: socket.socket, heard: list[str]) -> None:
    """The least of an SMTP server."""
    connection, _ = listening.accept()
    with connection, connection.makefile("rw", newline="\r\n") as talk:

        def say(text: str) -> None:
            talk.write(f"{text}\n")
            talk.flush()

        say("220 test")
        for line in talk:
            heard.append(line.strip())
            if line.lower().startswith("data"):
                say("354 go on")
                while talk.readline().strip() != ".":
                    continue
            say("221 bye" if line.lower().startswith("quit") else "250 fine")
            if line.lower().startswith("quit"):
                return


@pytest.mark.parametrize(
    ("name", "value"),
    [("mail_url", "http://mail.example"), ("mail_url_2", "mail.example"), ("sms_url", "ftp://x"),
     ("mail_rates", "gmail.com"), ("dkim_key", "nowhere.pem")],
)  # fmt: skip
def test_a_setting_that_does_not_hold_is_said_before_anything_is_claimed(
    name: str, value: str, setting: Callable[..., None]
) -> None:
    setting(**{name: value})
    send()
    with pytest.raises(ValueError, match=f"COHORTMGR_{name.upper().removesuffix('_2')}"):
        deliver()
    assert (row().state, row().tries) == (MessageState.WAITING, 0)

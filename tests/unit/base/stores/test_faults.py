"""A server of files that ails: what it says is told in words that an operator can act on, and soon."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from cohortmgr.base.stores import s3
from cohortmgr.base.stores.opening import open_store
from cohortmgr.base.stores.store import Store, StoreAway
from tests.unit.base.stores.servers import (
    SECRET,
    Answer,
    answering,
    bucket,
    cut_off,
    refusing,
    silent,
    url_of,
)

WITHIN = 5.0
NAME = "files/4K/4KX"
CALLS: dict[str, Callable[[Store], object]] = {
    "put": lambda store: store.put(NAME, b"sealed"),
    "get": lambda store: store.get(NAME),
    "drop": lambda store: store.drop(NAME),
    "list": lambda store: list(store.list("files/")),
}


def opened(url: str) -> Store:
    """The store as a page has it."""
    return open_store(url, Path("/nowhere"), waited_for=True)


class Ailing:
    """A server whose answer each test chooses, and its store; the client of one is made once."""

    def __init__(self, url: str, asked: list[str]) -> None:
        self.url, self.asked, self.store = url, asked, opened(url)
        self.answer: Answer = silent


@pytest.fixture(scope="module")
def server() -> Iterator[Ailing]:
    made: list[Ailing] = []
    with answering(lambda request: made[0].answer(request)) as (url, asked):
        made.append(Ailing(url, asked))
        yield made[0]


@pytest.fixture
def ailing(server: Ailing, monkeypatch: pytest.MonkeyPatch) -> Ailing:
    server.asked.clear()
    monkeypatch.setattr(server.store, "_rests_until", 0.0)
    return server


REFUSED = {
    "a key that is unknown": (403, "InvalidAccessKeyId", "does not know the key"),
    "a wrong secret": (403, "SignatureDoesNotMatch", "the secret of COHORTMGR_FILES_URL"),
    "a key that may not": (403, "AccessDenied", "may not do this"),
    "a clock that is wrong": (403, "RequestTimeTooSkewed", "set it by NTP"),
    "a bucket that is not there": (404, "NoSuchBucket", "does not exist: make it first"),
    "another region": (400, "AuthorizationHeaderMalformed", "the region"),
    "words of its own": (418, "Teapot", "it answered 418 Teapot"),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("case", REFUSED)
def test_what_it_refuses_is_told_in_words_and_not_tried_again(
    case: str, call: str, ailing: Ailing, caplog: pytest.LogCaptureFixture
) -> None:
    status, code, said = REFUSED[case]
    ailing.answer = refusing(status, code)
    with pytest.raises(StoreAway) as away:
        CALLS[call](ailing.store)
    assert said in str(away.value) and len(ailing.asked) == 1
    assert said in caplog.text and SECRET not in caplog.text + str(away.value)


@pytest.mark.parametrize("call", CALLS)
def test_a_server_that_fails_is_asked_twice_and_no_more(call: str, ailing: Ailing) -> None:
    ailing.answer = refusing(503, "ServiceUnavailable")
    began = time.monotonic()
    with pytest.raises(StoreAway, match="503"):
        CALLS[call](ailing.store)
    assert time.monotonic() - began < WITHIN and len(ailing.asked) == 2


@pytest.mark.parametrize("call", CALLS)
def test_one_fault_that_passes_is_not_seen(call: str, ailing: Ailing) -> None:
    fails = refusing(500, "InternalError")
    answers = {"put": b"", "get": b"sealed", "drop": b"", "list": b"<ListBucketResult></ListBucketResult>"}

    def answer(request: BaseHTTPRequestHandler) -> None:
        if len(ailing.asked) == 1:
            return fails(request)
        request.send_response(200)
        request.send_header("Content-Length", str(len(answers[call])))
        request.end_headers()
        request.wfile.write(answers[call])

    ailing.answer = answer
    assert CALLS[call](ailing.store) in (None, b"sealed", [])
    assert len(ailing.asked) == 2


def test_a_server_that_says_nothing_holds_nobody(ailing: Ailing) -> None:
    ailing.answer = silent
    began = time.monotonic()
    with pytest.raises(StoreAway, match="ReadTimeout"):
        ailing.store.get(NAME)
    assert time.monotonic() - began < WITHIN
    # The next who come are told at once.
    began = time.monotonic()
    for call in CALLS.values():
        with pytest.raises(StoreAway, match="a moment ago"):
            call(ailing.store)
    assert time.monotonic() - began < 1 and len(ailing.asked) == 2


def test_after_a_few_seconds_it_is_asked_again(ailing: Ailing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "RESTS", 0.01)
    ailing.answer = cut_off
    with pytest.raises(StoreAway):
        ailing.store.get(NAME)
    time.sleep(0.02)
    ailing.answer = refusing(404, "NoSuchKey")
    with pytest.raises(FileNotFoundError):
        ailing.store.get(NAME)


def test_nobody_there_is_told_within_seconds() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
    store, began = opened(url_of(port)), time.monotonic()
    with pytest.raises(StoreAway, match="EndpointConnection"):
        store.put(NAME, b"sealed")
    assert time.monotonic() - began < WITHIN


def test_an_answer_that_was_cut_off_is_no_file(ailing: Ailing) -> None:
    ailing.answer = cut_off
    with pytest.raises(StoreAway):
        ailing.store.get(NAME)
    assert 1 <= len(ailing.asked) <= 4, "it is asked for again, and not for ever"


@pytest.mark.parametrize("code", ["InsufficientStorage", "QuotaExceeded", "XMinioStorageFull"])
def test_a_server_without_room_is_a_full_disk(code: str, ailing: Ailing) -> None:
    ailing.answer = refusing(507 if code == "InsufficientStorage" else 400, code)
    with pytest.raises(OSError, match="no room") as full:
        ailing.store.put(NAME, b"sealed")
    assert full.value.errno == 28


def test_what_the_client_itself_logs_holds_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), bucket() as url:
        store = opened(url)
        store.put(NAME, b"sealed")
        assert store.get(NAME) == b"sealed"
    assert SECRET not in caplog.text and SECRET not in repr(store)

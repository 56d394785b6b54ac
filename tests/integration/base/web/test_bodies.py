"""Bodies as a server hands them on: gunicorn's own reader parses the chunks while the application reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from gunicorn.http.body import Body, ChunkedReader, LengthReader
from gunicorn.http.unreader import IterUnreader

from cohortmgr.base.web.bodies import arrived

FORM = b"email=une%40exemple.ma&password=x"
LIMIT = 8 * 1024 * 1024
KINDS = ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json")


class Refusing:
    """The request of gunicorn, which reads headers after the last chunk."""

    trailers: tuple[()] = ()

    def parse_headers(self, _data: bytes, from_trailer: bool = False) -> list[Any]:
        """No header there."""
        return []


def chunked(client: FlaskClient, path: str, pieces: Iterator[bytes], kind: str = KINDS[0]) -> int:
    """Send these bytes as a body in chunks."""
    body = Body(ChunkedReader(Refusing(), IterUnreader(pieces)))
    given = {
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "HTTP_TRANSFER_ENCODING": "chunked",
        "CONTENT_TYPE": kind,
    }
    return client.open(path, method="POST", environ_overrides=given).status_code


def whole(data: bytes) -> bytes:
    """One chunk and the end."""
    return b"%x\r\n%s\r\n0\r\n\r\n" % (len(data), data)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "sent",
    [
        b"zz\r\nabc\r\n0\r\n\r\n",
        b"-5\r\nabc\r\n0\r\n\r\n",
        b"3\r\nabcX0\r\n\r\n",
        b"3;\r;x\r\nabc\r\n0\r\n\r\n",
        b"\r\n\r\n",
        b"ffffffff\r\nabc",
        b"3\r\nabc",
        b"3\r\nabc\r\n0\r\n",
        b"",
    ],
)
@pytest.mark.parametrize("path", ["/sign-in", "/tell-me", "/no/such/page", "/staff/answers/new"])
def test_a_body_that_cannot_be_read_is_a_bad_request(
    client: FlaskClient, path: str, kind: str, sent: bytes
) -> None:
    client.application.config["WTF_CSRF_ENABLED"] = True
    assert chunked(client, path, iter([sent]), kind) in (400, 404)


@pytest.mark.parametrize("path", ["/sign-in", "/tell-me"])
def test_a_body_in_chunks_is_read(client: FlaskClient, path: str) -> None:
    assert chunked(client, path, iter([whole(FORM)])) in (200, 302, 422)


@pytest.mark.parametrize("kind", KINDS[:2])
def test_a_body_in_chunks_that_is_too_long_is_not_cut(client: FlaskClient, kind: str) -> None:
    client.application.config["WTF_CSRF_ENABLED"] = True
    start = (
        b'--x\r\nContent-Disposition: form-data; name="email"\r\n\r\n' if "multipart" in kind else b"email="
    )
    long = start + b"a" * (LIMIT + 4096)
    pieces = (whole(long[place : place + 65536])[:-5] for place in range(0, len(long), 65536))
    assert chunked(client, "/sign-in", pieces, kind) == 413


def test_a_body_of_just_the_limit_is_taken(client: FlaskClient) -> None:
    assert client.application.config["MAX_CONTENT_LENGTH"] == LIMIT
    exactly = FORM + b"&more=" + b"a" * (LIMIT - len(FORM) - 6)
    assert chunked(client, "/sign-in", iter([whole(exactly)])) in (200, 422)
    assert chunked(client, "/sign-in", iter([whole(exactly + b"a")])) == 413


def test_of_a_body_that_was_cut_off_what_came_can_be_kept(client: FlaskClient) -> None:
    for sent, length in ((b"abc", "500"), (b"abc", "3"), (b"", "0")):
        given = {"wsgi.input": Body(LengthReader(IterUnreader(iter([sent])), int(length)))}
        given |= {"wsgi.input_terminated": True, "CONTENT_LENGTH": length}
        with client.application.test_request_context("/", method="PATCH", environ_overrides=given):
            assert arrived() == sent


def test_a_body_shorter_than_it_says_is_a_bad_request(client: FlaskClient) -> None:
    given = {
        "wsgi.input": Body(LengthReader(IterUnreader(iter([FORM])), 500)),
        "wsgi.input_terminated": True,
        "CONTENT_TYPE": KINDS[0],
        "CONTENT_LENGTH": "500",
    }
    assert client.open("/sign-in", method="POST", environ_overrides=given).status_code == 400

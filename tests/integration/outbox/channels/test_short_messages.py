"""Short messages: a file each in the embedded default, a service elsewhere, what they take and cost."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from cohortmgr.outbox.channels.actions import sms
from cohortmgr.outbox.delivery.tasks.handing_over import deliver
from tests.integration.outbox.conftest import row, send

pytestmark = pytest.mark.usefixtures("system_context", "messages")


class Service(ThreadingHTTPServer):
    """Answers as it is told and keeps what it was asked."""

    status = 200
    silent = False

    def __init__(self) -> None:
        self.asked: list[tuple[dict[str, str], Any]] = []
        super().__init__(("127.0.0.1", 0), _Answers)


class _Answers(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:  # the standard library's name
        """One message."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((dict(self.headers), json.loads(body)))
        if self.server.silent:
            return
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def service(setting: Callable[..., None]) -> Iterator[Service]:
    """The service of COHORTMGR_SMS_URL."""
    with Service() as made:
        thread = threading.Thread(target=made.serve_forever, daemon=True)
        thread.start()
        setting(sms_url=f"http://me:se%40cret@127.0.0.1:{made.server_port}/v1/messages?from=INPT")
        yield made
        made.shutdown()
        thread.join(5)


def test_in_the_embedded_default_it_is_a_file(tmp_path: Path) -> None:
    send("+212 612-345678", channel="sms", name="Saïd")
    deliver()
    message = row()
    written = json.loads((tmp_path / "sms" / f"{message.reference}.json").read_text("utf-8"))
    assert written == {
        "reference": message.reference, "to": "+212612345678", "text": "Réponse de Saïd", "segments": 1,
        "encoding": "ucs2",
    }  # fmt: skip
    assert (message.state, message.channel, message.provider) == ("sent", "sms", "sms-folder")
    assert (message.segments, message.cost) == (1, 350)


def test_a_long_one_costs_more(setting: Callable[..., None]) -> None:
    setting(sms_cost=200)
    send("+212612345678", channel="sms", name="م" * 60)
    deliver()
    assert (row().segments, row().cost) == (2, 400)


@pytest.mark.parametrize("number", ["0612345678", "a@b.ma", "+", "+2126123456789012345", ""])
def test_what_is_no_number_is_returned(number: str) -> None:
    send(number, channel="sms")
    deliver()
    assert (row().state, row().failure) == ("returned", "permanent")


def test_a_service_is_given_it_under_its_reference(service: Service) -> None:
    send("+212612345678", channel="sms", name="Ali")
    deliver()
    [(headers, body)] = service.asked
    assert (row().state, row().provider) == ("sent", "sms-service")
    assert headers["Idempotency-Key"] == body["reference"] == row().reference
    assert headers["Authorization"] == "Basic bWU6c2VAY3JldA=="
    assert (body["to"], body["text"], body["encoding"]) == ("+212612345678", "Réponse de Ali", "gsm")


@pytest.mark.parametrize(
    ("status", "state", "failure"),
    [(400, "returned", "permanent"), (503, "waiting", "temporary"), (401, "waiting", "temporary"),
     (429, "waiting", "temporary"), (302, "waiting", "temporary")],
)  # fmt: skip
def test_a_refusal_is_told_apart(service: Service, status: int, state: str, failure: str) -> None:
    service.status = status
    send("+212612345678", channel="sms")
    deliver()
    assert (row().state, row().failure, row().error) == (state, failure, f"end {status}")


def test_a_service_that_says_nothing_may_have_it(service: Service) -> None:
    service.silent = True
    send("+212612345678", channel="sms")
    deliver()
    assert (row().state, row().unanswered, row().failure) == ("waiting", 1, "unanswered")


def test_a_service_that_is_not_there_is_asked_later(setting: Callable[..., None]) -> None:
    setting(sms_url="http://127.0.0.1:1/")
    send("+212612345678", channel="sms")
    deliver()
    assert (row().state, row().failure, row().tries) == ("waiting", "temporary", 1)


def test_a_url_of_the_wrong_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="COHORTMGR_SMS_URL"):
        sms.Service("ftp://x")

"""Handing short messages over: a folder in the embedded default, a service over HTTP elsewhere."""

from __future__ import annotations

import base64
import http.client
import json
import re
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit, urlunsplit

from cohortmgr.outbox.channels.actions.smtp import Refusal
from cohortmgr.outbox.failures import Failure, Stage, judged_http
from cohortmgr.outbox.texts.segments import Measure, measured

PATIENCE = 20
# ITU-T E.164: a plus, a country's code, fifteen digits at most.
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")


@dataclass(frozen=True)
class ShortMessage:
    """A short message before it leaves."""

    reference: str
    to: str
    text: str
    segments: int
    encoding: str


class ShortMessages(Protocol):
    """Whoever takes short messages."""

    name: str

    def send(self, message: ShortMessage) -> None:
        """Hand it over; its reference names it, so that a second handing over is known for the same. Refusal."""


class Folder:
    """One file a message: writing it twice is having it once."""

    name = "sms-folder"

    def __init__(self, data: Path) -> None:
        self._folder = data / "sms"

    def send(self, message: ShortMessage) -> None:
        self._folder.mkdir(exist_ok=True)
        draft = self._folder / f".{message.reference}"
        draft.write_text(json.dumps(asdict(message), ensure_ascii=False), encoding="utf-8")
        draft.rename(self._folder / f"{message.reference}.json")


class Service:
    """A service that takes JSON by POST and answers 2xx once it has it; signed in to by Basic where the URL says so."""

    name = "sms-service"

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("COHORTMGR_SMS_URL is not https://host/path")
        host = parts.hostname + (f":{parts.port}" if parts.port else "")
        self._secure, self._host = parts.scheme == "https", host
        self._path = urlunsplit(("", "", parts.path or "/", parts.query, ""))
        self._headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "cohortmgr"}
        if parts.username:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            self._headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"

    def send(self, message: ShortMessage) -> None:
        body = json.dumps(asdict(message), ensure_ascii=False).encode()
        headers = {**self._headers, "Idempotency-Key": message.reference}
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        with closing(kind(self._host, timeout=PATIENCE)) as talk:
            try:
                talk.request("POST", self._path, body, headers)
            except (OSError, http.client.HTTPException) as error:
                raise Refusal(Stage.CONNECT, None, Failure.TEMPORARY) from error
            try:
                status = talk.getresponse().status
            except (OSError, http.client.HTTPException) as error:  # it has it all, and nothing is heard
                raise Refusal(Stage.END, None, Failure.UNANSWERED) from error
        if not 200 <= status <= 299:
            raise Refusal(Stage.END, status, judged_http(status))


def service_for(url: str, data: Path) -> ShortMessages:
    """The service of COHORTMGR_SMS_URL, or the folder."""
    return Service(url) if url else Folder(data)


def short_message(reference: str, address: str, text: str) -> tuple[ShortMessage, Measure]:
    """What leaves and what it takes. Refusal for what is no number of a telephone."""
    number = re.sub(r"[\s.-]", "", address)
    if not _NUMBER.fullmatch(number):
        raise Refusal(Stage.RECIPIENT, 553, Failure.PERMANENT)
    text = text.strip()
    measure = measured(text)
    return ShortMessage(reference, number, text, measure.segments, measure.encoding), measure

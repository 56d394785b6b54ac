"""Hand short messages over: to a folder by default, to a service over HTTP where one is set."""

from __future__ import annotations

import base64
import http.client
import json
import re
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlunsplit

from cohortmgr.base.production.notation import read_url
from cohortmgr.outbox.channels.actions.smtp import SmtpRefusal
from cohortmgr.outbox.failures import Failure, TalkStage, judged_http
from cohortmgr.outbox.texts.segments import Measure, measured

PATIENCE = 20
# ITU-T E.164: a plus sign and a country code; fifteen digits at most.
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
    """Whatever takes short messages."""

    name: str

    def send(self, message: ShortMessage) -> None:
        """Hand it over. Its reference names it, so that a second sending is recognised as the same.
        Raises Refusal."""


class Folder:
    """A folder with one file for each message: writing it twice leaves one file."""

    name = "sms-folder"

    def __init__(self, data: Path) -> None:
        self._folder = data / "sms"

    def send(self, message: ShortMessage) -> None:
        self._folder.mkdir(exist_ok=True)
        draft = self._folder / f".{message.reference}"
        draft.write_text(json.dumps(asdict(message), ensure_ascii=False), encoding="utf-8")
        draft.rename(self._folder / f"{message.reference}.json")


class Service:
    """A service that takes JSON by POST and answers 2xx once it has the message.
    Signs in by HTTP Basic if the URL has a user."""

    name = "sms-service"

    def __init__(self, url: str) -> None:
        try:
            parts = read_url(url, ("http", "https"))
        except ValueError:
            raise ValueError("COHORTMGR_SMS_URL is not https://host/path") from None
        host = f"{parts.hostname}" + (f":{parts.port}" if parts.port else "")
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
                raise SmtpRefusal(TalkStage.CONNECT, None, Failure.TEMPORARY) from error
            try:
                status = talk.getresponse().status
            except (OSError, http.client.HTTPException) as error:  # it has the message and did not answer
                raise SmtpRefusal(TalkStage.END, None, Failure.UNANSWERED) from error
        if not 200 <= status <= 299:
            raise SmtpRefusal(TalkStage.END, status, judged_http(status))


def service_for(url: str, data: Path) -> ShortMessages:
    """Return the service of COHORTMGR_SMS_URL, or the folder if none is set."""
    return Service(url) if url else Folder(data)


def short_message(reference: str, address: str, text: str) -> tuple[ShortMessage, Measure]:
    """Return the message that leaves and its measure.
    Raises Refusal if the address is no telephone number."""
    number = re.sub(r"[\s.-]", "", address)
    if not _NUMBER.fullmatch(number):
        raise SmtpRefusal(TalkStage.RECIPIENT, 553, Failure.PERMANENT)
    text = text.strip()
    measure = measured(text)
    return ShortMessage(reference, number, text, measure.segments, measure.encoding), measure

"""The servers that take the messages of each channel, kept open while the outbox is emptied once."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from flask import current_app

from cohortmgr.base.settings import Settings
from cohortmgr.outbox.channels.actions.mail import return_path
from cohortmgr.outbox.channels.actions.sms import ShortMessages, service_for
from cohortmgr.outbox.channels.actions.smtp import Connection, Envelope, SmtpRefusal, Unreachable
from cohortmgr.outbox.failures import Failure, TalkStage

# A server that cannot be reached this many times in a row is left alone for this many seconds.
PATIENT_WITH = 3
REST = 60.0
# A message's reference and its address.
Destination = tuple[str, str]
_log = logging.getLogger(__name__)


@dataclass
class _Health:
    failures: int = 0
    rests_until: float = 0.0


# By URL, in this process only: another worker finds out for itself.
_health: dict[str, _Health] = {}


class Mails(Protocol):
    """Whatever takes e-mails."""

    def send(
        self,
        envelope: Envelope,
        data: bytes,
        before_end: Callable[[], None],
        following: Envelope | None = None,
    ) -> None:
        """Hand one e-mail over. `following` is likely to be the next envelope. Raises Refusal."""

    def close(self) -> None:
        """End the connection."""


class Providers:
    """The servers of the settings. A connection opened for one message serves the next ones."""

    def __init__(self) -> None:
        settings: Settings = current_app.extensions["cohortmgr-settings"]
        self._data = Path(current_app.config["DATA"])
        urls = {"first": settings.mail_url, "second": settings.mail_url_2}
        self._urls = {name: url for name, url in urls.items() if url}
        self._mails: dict[str, Mails] = {name: Connection(url) for name, url in self._urls.items()}
        self.short_messages: ShortMessages = service_for(settings.sms_url, self._data)

    def resting(self) -> bool:
        """Whether every mail server is left alone for now."""
        return bool(self._urls) and not self._awake()

    def send_mail(
        self,
        leaving: Destination,
        data: bytes,
        before_end: Callable[[], None],
        following: Destination | None = None,
    ) -> str:
        """Hand an e-mail to the first server that can be reached; returns its name. Raises Refusal.

        An e-mail that a server was given without answering for it is never given to another server.
        """
        if not self._urls:
            write_mail(self._data, leaving[0], data)
            return "folder"
        unreachable: Unreachable | None = None
        envelope, behind = _envelope(leaving), _envelope(following) if following else None
        for name in self._awake():
            try:
                self._mails[name].send(envelope, data, before_end, behind)
            except Unreachable as error:
                self._failed(name, error)
                unreachable = error
            except SmtpRefusal:
                _health.pop(self._urls[name], None)  # the server answered, so it can be reached
                raise
            else:
                _health.pop(self._urls[name], None)
                return name
        raise unreachable or Unreachable(TalkStage.CONNECT, None, Failure.TEMPORARY)

    def close(self) -> None:
        """End every connection."""
        for server in self._mails.values():
            server.close()

    def _awake(self) -> list[str]:
        moment = time.monotonic()
        return [name for name, url in self._urls.items() if _health.get(url, _Health()).rests_until <= moment]

    def _failed(self, name: str, error: Unreachable) -> None:
        health = _health.setdefault(self._urls[name], _Health())
        health.failures += 1
        _log.warning("the %s mail server cannot be reached (%s)", name, error)
        if health.failures >= PATIENT_WITH:
            _health[self._urls[name]] = _Health(PATIENT_WITH - 1, time.monotonic() + REST)


def _envelope(leaving: Destination) -> Envelope:
    return return_path(leaving[0]), leaving[1]


def write_mail(data: Path, reference: str, mail: bytes) -> None:
    """Write one file for each message, named by its reference: writing it twice leaves one file."""
    folder = data / "mail"
    folder.mkdir(exist_ok=True)
    draft = folder / f".{reference}"
    draft.write_bytes(mail)
    draft.rename(folder / f"{reference}.eml")

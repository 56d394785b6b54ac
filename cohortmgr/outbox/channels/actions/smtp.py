"""Talk to one mail server, over one connection for many messages.

With PIPELINING (RFC 2920), where a server offers it, a message waits for the server once instead of four
times: the envelope of the next message is sent behind the text of this one. The text of the next message is
not; it leaves when its turn comes. The standard library's client opens the connection. The sending is done
here, because errors must be told apart by stage, which that client does not do.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from urllib.parse import unquote

from cohortmgr.base.domains import ascii_domain
from cohortmgr.base.production.notation import read_url
from cohortmgr.outbox.failures import Failure, TalkStage, judged

# Seconds that a server may stay silent before and after it has the whole message;
# together well below a lease.
PATIENCE = 10
LAST_PATIENCE = 60
_ADDRESS = re.compile(r"[^\s<>@\x00-\x20\x7f]+@[^\s<>@\x00-\x20\x7f]+")
_DOT = re.compile(rb"(?m)^\.")
_LONGEST = 8192
# The sender's and the recipient's address.
Envelope = tuple[str, str]


class SmtpRefusal(Exception):
    """A sending that did not succeed: at which stage, with what code, and what that means.
    It repeats no text of the server's, which may contain the address."""

    def __init__(self, stage: TalkStage, code: int | None, failure: Failure) -> None:
        super().__init__(f"{stage} {code or 'silence'}")
        self.stage, self.code, self.failure = stage, code, failure


class Unreachable(SmtpRefusal):
    """This server was given nothing, so that another server may be tried in the same attempt."""


class Connection:
    """The connection to one server. It is opened for the first message and stays open until `close`."""

    def __init__(self, url: str) -> None:
        try:
            self._parts = read_url(url, ("smtp", "smtps"))
        except ValueError:
            raise ValueError("COHORTMGR_MAIL_URL is not smtp://host:port or smtps://host:port") from None
        self._server: smtplib.SMTP | None = None
        # The envelope that the server was given behind the last text. Its answers are not read yet.
        self._begun: Envelope | None = None

    def send(
        self,
        envelope: Envelope,
        data: bytes,
        before_end: Callable[[], None],
        following: Envelope | None = None,
    ) -> None:
        """Hand one message over. Raises Refusal.

        `before_end` is called just before the server is given the whole message.
        `following` is likely to be the next envelope, but another one may come, or none."""
        if not _ADDRESS.fullmatch(envelope[1]):
            raise SmtpRefusal(TalkStage.RECIPIENT, 553, Failure.PERMANENT)
        if self._begun is not None and (self._begun != envelope or not data.isascii()):
            self._cut()  # the server waits for the text of an envelope that is not sent now
        if self._server is not None:
            with suppress(Unreachable):  # the server had closed an idle connection: a new one is opened
                return self._attempt(self._server, envelope, data, before_end, following)
        return self._attempt(self._open(), envelope, data, before_end, following)

    def close(self) -> None:
        """End the connection: with QUIT, unless the server waits for a message's text."""
        if self._begun is not None:
            self._cut()
        server, self._server = self._server, None
        if server is not None:
            with suppress(OSError, smtplib.SMTPException):
                server.quit()
            server.close()

    def _cut(self) -> None:
        server, self._server, self._begun = self._server, None, None
        if server is not None:
            server.close()

    def _open(self) -> smtplib.SMTP:
        parts = self._parts
        host = parts.hostname or ""
        try:
            server: smtplib.SMTP
            if parts.scheme == "smtps":
                server = smtplib.SMTP_SSL(host, parts.port or 465, timeout=PATIENCE, context=_safe())
            else:
                server = smtplib.SMTP(host, parts.port or 25, timeout=PATIENCE)
        except (OSError, smtplib.SMTPException) as error:
            raise _unreachable(TalkStage.CONNECT, error) from error
        self._server = server
        try:
            server.ehlo_or_helo_if_needed()
            if parts.scheme == "smtp" and server.has_extn("starttls"):
                server.starttls(context=_safe())
                server.ehlo()
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
        except (OSError, smtplib.SMTPException) as error:
            self._cut()
            raise _unreachable(TalkStage.SIGN_IN, error) from error
        return server

    def _attempt(
        self,
        server: smtplib.SMTP,
        envelope: Envelope,
        data: bytes,
        before_end: Callable[[], None],
        following: Envelope | None,
    ) -> None:
        begun, self._begun = self._begun, None
        try:
            if begun is not None:
                self._judge(server, [_reply(server) for _ in range(3)])
            else:
                self._envelope(server, envelope, data.isascii())
        except (OSError, smtplib.SMTPException) as error:
            self._cut()
            raise _unreachable(TalkStage.SENDER, error) from error
        behind = following if following is not None and _may_follow(server, following) else None
        stage = TalkStage.DATA
        try:
            before_end()
            _wait(server, LAST_PATIENCE)
            server.send(ended(data) + (_spoken(behind) if behind else b""))
            stage = TalkStage.END  # the final dot is on its way: from here on, silence may mean either
            self._begun = behind
            code, text = _reply(server)
            _wait(server, PATIENCE)
        except (OSError, smtplib.SMTPException) as error:
            self._cut()
            raise SmtpRefusal(stage, None, judged(stage, None)) from error
        except BaseException:
            self._cut()  # the server was promised a text that does not come
            raise
        if code != 250:
            self._refuse(server, TalkStage.END, code, text)

    def _envelope(self, server: smtplib.SMTP, envelope: Envelope, plain: bool) -> None:
        """Send the envelope, up to the server's "go on".
        After a Refusal the connection is ready for another message, or cut."""
        sender, address = envelope
        eight = not plain and server.has_extn("8bitmime")
        mail = f"mail FROM:<{sender}>" + (" BODY=8BITMIME" if eight else "")
        if not address.isascii():
            name, _, domain = address.partition("@")
            if name.isascii() and (known := ascii_domain(domain)):
                address = f"{name}@{known}"
            elif server.has_extn("smtputf8"):
                mail += " SMTPUTF8"
                server.command_encoding = "utf-8"
            else:
                raise SmtpRefusal(TalkStage.RECIPIENT, 553, Failure.PERMANENT)
        words = (mail, f"rcpt TO:<{address}>", "data")
        if server.has_extn("pipelining"):
            server.send("".join(f"{word}\r\n" for word in words))
            answers = [_reply(server) for _ in words]
        else:
            answers = []
            for word, wanted in zip(words, (2, 2, 3), strict=True):
                answers.append(server.docmd(word))
                if answers[-1][0] // 100 != wanted:
                    break
        server.command_encoding = "ascii"
        self._judge(server, answers)

    def _judge(self, server: smtplib.SMTP, answers: list[tuple[int, bytes]]) -> None:
        stages = (TalkStage.SENDER, TalkStage.RECIPIENT, TalkStage.DATA)
        for stage, wanted, (code, text) in zip(stages, (2, 2, 3), answers, strict=False):
            if code // 100 == wanted:
                continue
            if code == -1:
                raise smtplib.SMTPServerDisconnected("the connection was cut")
            if len(answers) == 3 and answers[2][0] == 354 and stage != TalkStage.DATA:
                server.docmd(".")  # it refused the envelope and still waits for a text: end it with none
            self._refuse(server, stage, code, text)

    def _refuse(self, server: smtplib.SMTP, stage: TalkStage, code: int, text: bytes) -> None:
        """Raise the error that an answer means.
        The next message finds the server ready, or a new connection."""
        if code == 421 or code == -1:
            self._cut()
        elif stage != TalkStage.END:
            try:
                server.rset()
            except (OSError, smtplib.SMTPException):
                self._cut()
        if code == -1:
            raise SmtpRefusal(stage, None, judged(stage, None))
        if code == 421 and stage != TalkStage.END:
            raise Unreachable(stage, code, Failure.TEMPORARY)
        raise SmtpRefusal(stage, code, judged(stage, code, text.decode("ascii", "replace")))


def _may_follow(server: smtplib.SMTP, envelope: Envelope) -> bool:
    """Whether an envelope can be pipelined: the server offers it, and the address needs no extension."""
    return (
        server.has_extn("pipelining")
        and envelope[1].isascii()
        and _ADDRESS.fullmatch(envelope[1]) is not None
    )


def _spoken(envelope: Envelope) -> bytes:
    return f"mail FROM:<{envelope[0]}>\r\nrcpt TO:<{envelope[1]}>\r\ndata\r\n".encode("ascii")


def _reply(server: smtplib.SMTP) -> tuple[int, bytes]:
    """Read one answer. Does what `getreply` of the standard library does, faster for answers
    of one line, which nearly all are."""
    if server.file is None:
        server.file = server.sock.makefile("rb")  # type: ignore[union-attr]  # it is connected
    line = server.file.readline(_LONGEST)
    if line[3:4] in (b" ", b"\r", b"\n") and line.endswith(b"\n") and line[:3].isdigit():
        return int(line[:3]), line[4:].strip()
    if not line:
        raise smtplib.SMTPServerDisconnected("the connection was cut")
    return _longer(server, line)


def _longer(server: smtplib.SMTP, line: bytes) -> tuple[int, bytes]:
    """Read the rest of an answer of several lines that begins with `line`;
    the code is -1 if it is not valid."""
    words = [line[4:].strip()]
    while line[3:4] == b"-" and line.endswith(b"\n"):
        line = server.file.readline(_LONGEST)  # type: ignore[union-attr]  # it was read from
        words.append(line[4:].strip())
    good = line[:3].isdigit() and line[3:4] in (b" ", b"\r", b"\n") and line.endswith(b"\n")
    return (int(line[:3]) if good else -1), b"\n".join(words)


@cache
def _safe() -> ssl.SSLContext:
    return ssl.create_default_context()


def _wait(server: smtplib.SMTP, seconds: float) -> None:
    if server.sock is not None:
        server.sock.settimeout(seconds)


def ended(data: bytes) -> bytes:
    """Return the bytes as they are sent (RFC 5321, 4.5.2):
    a line that begins with a dot gets another dot, and a line with one dot ends the text."""
    return (_DOT.sub(b"..", data) if b"\n." in data or data[:1] == b"." else data) + (
        b".\r\n" if data.endswith(b"\r\n") else b"\r\n.\r\n"
    )


def _unreachable(stage: TalkStage, error: Exception) -> Unreachable:
    code = getattr(error, "smtp_code", None)
    return Unreachable(stage, code if code and code > 0 else None, Failure.TEMPORARY)

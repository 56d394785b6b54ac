"""A mail server that keeps nothing: it counts what it is given, and answers, or not, as it is told.

It is written on the bare event loop, so that an answer costs it less than any sender's work: it measures
senders and not itself. It offers PIPELINING (RFC 2920), and only CRLF ends a line (RFC 5321, 2.3.8).
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from bench.servers import ROOT

Stage = Literal["connected", "recipient", "data", "end", "answered"]
Answer = Literal["250", "421", "451", "hang", "cut"]
# Seconds for which a sink that says nothing keeps its sender waiting.
HANGS = 1.5
_END = b"\r\n.\r\n"
_NAMED = re.compile(rb"^Message-ID: <([^>]+)>", re.M)
_WORDS = {b"MAIL": b"250 ok\r\n", b"RSET": b"250 ok\r\n", b"NOOP": b"250 ok\r\n"}


@dataclass
class Tally:
    """The messages that came, by Message-ID, and their recipients."""

    taken: Counter[str] = field(default_factory=Counter)
    order: list[str] = field(default_factory=list)
    # Messages taken of which nobody can say whether the sender knew: no answer left, or the sender broke off.
    doubtful: Counter[str] = field(default_factory=Counter)
    recipients: Counter[str] = field(default_factory=Counter)
    connections: int = 0
    size: int = 0


class Conduct:
    """How a sink behaves; the methods are called on its own thread, at each stage of each message."""

    def stage(self, stage: Stage, number: int) -> None:
        """Called when the talk reaches a stage; `number` is how many messages were taken before."""

    def knows(self, address: str) -> bool:
        """Whether there is such a mailbox."""
        return True

    def answer(self, name: str, number: int) -> Answer:
        """The answer to a whole message."""
        return "250"


class _Talk(asyncio.Protocol):
    def __init__(self, tally: Tally, conduct: Conduct | None) -> None:
        self.tally, self.conduct = tally, conduct
        self.held = self.said = b""
        self.reading = False
        self.recipient = ""
        self.last: str | None = None
        self.searched = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.tally.connections += 1
        self._say(b"220 sink ESMTP\r\n")
        self._flush()
        self._reached("connected")

    def connection_lost(self, _error: Exception | None) -> None:
        if self.last is not None:  # without a QUIT
            self.tally.doubtful[self.last] += 1

    def data_received(self, data: bytes) -> None:
        self.held += data
        while self._step():
            continue
        self._flush()

    def _say(self, words: bytes) -> None:
        self.said += words

    def _flush(self) -> None:
        """Send the answers that have gathered: commands that came together are answered together."""
        if self.said and not self.transport.is_closing():
            self.transport.write(self.said)  # type: ignore[attr-defined]
        self.said = b""

    def _reached(self, stage: Stage) -> None:
        if self.conduct is not None:
            self.conduct.stage(stage, len(self.tally.order))

    def _step(self) -> bool:
        if self.reading:
            end = self.held.find(_END, self.searched)
            if end < 0:
                self.searched = max(0, len(self.held) - len(_END))
                return False
            mail, self.held = self.held[: end + 2], self.held[end + len(_END) :]
            self.reading = False
            return self._took(mail)
        line, found, rest = self.held.partition(b"\r\n")
        if found:
            self.held = rest
            self._obey(line)
        return bool(found)

    def _obey(self, line: bytes) -> None:
        word = line[:4].upper()
        if word == b"DATA" and not self.recipient:
            self._say(b"554 5.5.1 nobody to take it\r\n")
        elif word == b"DATA":
            self.reading, self.searched = True, 0
            self._reached("data")
            self._say(b"354 go on\r\n")
        elif word == b"RCPT":
            self._named(line.partition(b"<")[2].rstrip(b">").decode("ascii", "replace"))
        elif word in _WORDS:
            self.recipient = ""
            self._say(_WORDS[word])
        elif word in (b"EHLO", b"HELO"):
            self._say(b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
        elif word == b"QUIT":
            self.last = None
            self._say(b"221 bye\r\n")
            self._flush()
            self.transport.close()
        elif word == b"STAT":
            self._say(b"250 %d %d\r\n" % (len(self.tally.order), self.tally.size))
        else:
            self._say(b"500 what\r\n")

    def _named(self, address: str) -> None:
        if self.conduct is not None and not self.conduct.knows(address):
            self._say(b"550 5.1.1 nobody of that name\r\n")
            return
        self.recipient = address
        self._say(b"250 ok\r\n")
        self._reached("recipient")

    def _took(self, mail: bytes) -> bool:
        named = _NAMED.search(mail)
        name = named[1].decode() if named else "?"
        number = len(self.tally.order)
        said = self.conduct.answer(name, number) if self.conduct else "250"
        if said in ("421", "451"):
            self._say(said.encode() + b" later\r\n")
            return True
        self.tally.taken[name] += 1
        self.tally.order.append(name)
        self.tally.recipients[self.recipient] += 1
        self.tally.size += len(mail)
        self.last = name
        self._reached("end")
        if said == "cut":
            self.transport.abort()  # type: ignore[attr-defined]
            return False
        if said == "hang":  # no word for a while, then the connection ends
            asyncio.get_running_loop().call_later(HANGS, self.transport.abort)  # type: ignore[attr-defined]
            return False
        self._say(b"250 taken\r\n")
        if self.conduct is not None:
            self._flush()
            self._reached("answered")
        return True


async def _serve(port: int, tally: Tally, conduct: Conduct | None) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: _Talk(tally, conduct), "127.0.0.1", port)


@contextmanager
def listening(port: int, conduct: Conduct | None = None) -> Iterator[Tally]:
    """Run a sink in a thread of this process, at a port of the loopback."""
    tally, loop, ready = Tally(), asyncio.new_event_loop(), threading.Event()

    def work() -> None:
        asyncio.set_event_loop(loop)
        server = loop.run_until_complete(_serve(port, tally, conduct))
        ready.set()
        loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    if not ready.wait(10):
        raise RuntimeError("the sink did not start")
    try:
        yield tally
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


@contextmanager
def sink_process(port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run a sink in a process of its own, so that its work is not counted as its sender's."""
    process = subprocess.Popen([sys.executable, "-m", "bench.sink", str(port)], cwd=ROOT)
    try:
        end = time.monotonic() + 10
        while counted_at(port) is None:
            if time.monotonic() > end:
                raise RuntimeError("the sink did not start")
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        process.wait(10)


def counted_at(port: int) -> tuple[int, int] | None:
    """(messages, bytes) that a sink has taken; None if nobody listens."""
    import smtplib

    try:
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as server:
            _, words = server.docmd("STAT")
    except OSError:
        return None
    count, size = words.split()
    return int(count), int(size)


async def _alone(port: int) -> None:
    await (await _serve(port, Tally(), None)).serve_forever()


if __name__ == "__main__":
    asyncio.run(_alone(int(sys.argv[1])))

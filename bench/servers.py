"""Start and stop gunicorn servers, send them requests, and read their CPU time from the kernel."""

from __future__ import annotations

import http.client
import os
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parents[1]


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Answer:
    """The answer to a request."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def shipped() -> tuple[int, int]:
    """How many workers, and threads of each, the Procfile starts the web with."""
    lines = (ROOT / "Procfile").read_text(encoding="utf-8").splitlines()
    words = shlex.split(next(line for line in lines if line.startswith("web:")))
    workers, threads = (int(words[words.index(name) + 1]) for name in ("--workers", "--threads"))
    return workers, threads


class Server:
    """A gunicorn for `module:app`, with one worker of one thread unless told otherwise."""

    def __init__(
        self, target: str, environment: Mapping[str, str], workers: int = 1, threads: int = 1
    ) -> None:
        self.port = free_port()
        command = [sys.executable, "-m", "gunicorn", target, "--bind", f"127.0.0.1:{self.port}"]
        command += ["--workers", str(workers), "--threads", str(threads), "--worker-class", "gthread"]
        command += ["--log-level", "warning", "--no-control-socket"]
        self.process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment})

    def __enter__(self) -> Self:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1):
                    return self
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("the server did not start")

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(20)

    def request(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, body or None, dict(headers or {}))
        answer = connection.getresponse()
        found = Answer(answer.status, dict(answer.getheaders()), answer.read())
        connection.close()
        return found

    def cpu_ms(self) -> float:
        """CPU of the worker process so far, user and system, in ms."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return sum(self._spent(int(child)) for child in children)

    def resident_mb(self) -> float:
        """The memory that the worker processes hold, in MB of 2**20 bytes."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        pages = (int(Path(f"/proc/{child}/statm").read_text().split()[1]) for child in children)
        return sum(pages) * os.sysconf("SC_PAGESIZE") / 2**20

    @staticmethod
    def _spent(pid: int) -> float:
        # Linux's clock of another process, clock_getcpuclockid(3): /proc counts in ticks of 10 ms, too coarse here.
        return time.clock_gettime((~pid << 3) | 2) * 1000


def cost(server: Server, path: str, times: int, headers: Mapping[str, str] | None = None) -> float:
    """Mean CPU ms of the server for one GET of `path`, over `times` requests, after ten to warm it up."""
    for _ in range(10):
        answer = server.request("GET", path, headers=headers)
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}")
    before = server.cpu_ms()
    for _ in range(times):
        server.request("GET", path, headers=headers)
    return (server.cpu_ms() - before) / times

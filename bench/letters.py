"""`python -m bench.letters`: compare the worker emptying the outbox with a mere sending of the same bytes.

The floor is the standard library's client: it holds the finished bytes of each message and does nothing but
send them to a sink, one after the other, over one connection. For each message, before the next one, the
worker claims it, opens it, asks by which way it goes, renders it with its HTML, composes it, hands it over
and notes it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bench.figures import Figure
from bench.installation import Installation, installed
from bench.servers import ROOT, free_port
from bench.sink import counted_at, sink_process
from bench.statements import counted
from cohortmgr.accounts.models import Person
from cohortmgr.base import clock
from cohortmgr.base.db import append, db, writing
from cohortmgr.base.text import new_reference
from cohortmgr.outbox import hooks
from cohortmgr.outbox.actions import Letter, send_all
from cohortmgr.outbox.channels.actions.mail import compose, return_path
from cohortmgr.outbox.delivery.tasks.handing_over import Ready, mail_of
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.queries import opened
from cohortmgr.outbox.texts.display.rendering import render_all
from cohortmgr.programmes.queries import intake_of

KEY = "application_received"
LANGUAGES = ("fr", "ar", "fr", "en")
CHUNK = 500
MOST = 2.0
# As many as docker-compose.yml runs.
WORKERS = 2


@dataclass(frozen=True)
class Run:
    """One sending: messages, bytes, wall and CPU seconds, and resident kB at a tenth of it and at the end."""

    messages: int
    size: int
    wall: float
    cpu: float
    early: int = 0
    late: int = 0


@dataclass(frozen=True)
class Writing:
    """What writing the messages took: seconds, statements and wakes."""

    seconds: float
    statements: int
    wakes: int


def written(made: Installation, count: int) -> Writing:
    """Write `count` messages, each to a person of its own, in one transaction."""
    woken: list[str] = []
    with made.system.app_context():
        kept = made.system.extensions["cohortmgr-wake"]
        made.system.extensions["cohortmgr-wake"] = woken.append
        try:
            host = intake_of("mdia", "2027").institution_id
            with writing():  # earlier messages are no part of this measurement
                waiting = sa.update(Message).where(Message.state == "waiting")
                db.session.execute(waiting.values(state="dropped"))
            people = _people(count)
            letters = [_letter(number, *each, host) for number, each in enumerate(people)]
            began = time.monotonic()
            with counted() as sql, writing():
                send_all(letters)
            return Writing(time.monotonic() - began, len(sql), len(woken))
        finally:
            made.system.extensions["cohortmgr-wake"] = kept


def _people(count: int) -> Sequence[tuple[int, str]]:
    rows = [
        {"reference": new_reference(), "email": f"lettre{number}@exemple.ma", "created_at": clock.now(),
         "given_name": "Salma", "family_name": "Bennis", "given_name_ar": "", "family_name_ar": "",
         "search_name": "", "language": "fr", "version": 1}
        for number in range(count)
    ]  # fmt: skip
    with writing() as session:
        append(session, Person, rows)
    chosen = sa.select(Person.id, Person.reference).where(Person.email.like("lettre%")).order_by(Person.id)
    found = [(row.id, row.reference) for row in db.session.execute(chosen)]
    db.session.rollback()
    return found[-count:]


def _letter(number: int, person: int, reference: str, host: int) -> Letter:
    variables = {
        "name": "Salma Bennis",
        "programme": {
            "fr": "Master Data et IA",
            "ar": "ماستر البيانات والذكاء الاصطناعي",
            "en": "MSc Data and AI",
        },
        "intake": {"fr": "Rentrée 2027", "ar": "دخول 2027", "en": "Intake of 2027"},
        "number": f"MDIA-{number:06d}",
        "decision_by": date(2027, 5, 12),
        "reference": reference,
    }
    language = LANGUAGES[number % len(LANGUAGES)]
    return Letter(KEY, reference, f"lettre{number}@exemple.ma", language, variables, host, person)


def composed(made: Installation, file: Path) -> int:
    """Write to a file what the worker will send, each a line of JSON and its bytes; returns how many."""
    done = 0
    with made.system.app_context(), file.open("wb") as out:
        last = 0
        while True:
            chosen = sa.select(Message).where(
                Message.id > last, Message.key == KEY, Message.state == "waiting"
            )
            messages = db.session.scalars(chosen.order_by(Message.id).limit(CHUNK)).all()
            if not messages:
                return done
            for ready, words in _worded(messages):
                data = compose(mail_of([ready], words))
                head = [return_path(ready.message.reference), ready.address, len(data)]
                out.write(json.dumps(head).encode() + b"\n" + data)
                done += 1
            last = messages[-1].id
            db.session.rollback()
            db.session.expunge_all()


def _worded(messages: Sequence[Message]) -> Iterator[tuple[Ready, Any]]:
    contents = [content or {} for content in opened(messages)]
    ways = hooks.router(messages, contents)
    words = render_all(messages, contents, ["email"] * len(messages))
    for message, content, way, rendered in zip(messages, contents, ways, words, strict=True):
        if not isinstance(way, hooks.Route) or isinstance(rendered, Exception):
            raise RuntimeError(f"the message does not leave: {way} {rendered}")
        yield Ready(message, way.channel, way.address, content), rendered


FLOOR = """
import json, smtplib, sys, time
port, path, start, stop = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
spent = wall = 0.0
with open(path, "rb") as file, smtplib.SMTP("127.0.0.1", port) as server:
    server.ehlo()
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(stop):
        sender, address, size = json.loads(file.readline())
        data = file.read(size)
        if number >= start:
            began, cpu = time.perf_counter(), time.process_time()
            server.sendmail(sender, [address], data)
            wall, spent = wall + time.perf_counter() - began, spent + time.process_time() - cpu
print(json.dumps([0.0, wall, spent]))
"""
DRAIN = """
import json, sys, time
from cohortmgr.outbox.delivery.tasks.draining import drain
from worker.celery_app import flask_app
from cohortmgr.base.db import db
with flask_app.app_context():
    db.session.connection()
print("ready", flush=True)
sys.stdin.readline()
began, cpu = time.monotonic(), time.process_time()
with flask_app.app_context():
    drain()
print(json.dumps([began, time.monotonic(), time.process_time() - cpu]))
"""


def floor(port: int, file: Path, start: int, stop: int) -> Run:
    """Send messages `start` to `stop` of the file; reading the file is not counted."""
    return _run(port, [FLOOR, str(port), str(file), str(start), str(stop)], {}, stop - start)


def drained(made: Installation, port: int, count: int, workers: int) -> Run:
    """Send all that waits by the worker's own task, in `workers` processes at once."""
    environment = {**made.environment, "COHORTMGR_MAIL_URL": f"smtp://127.0.0.1:{port}"}
    return _run(port, [DRAIN], environment, count, workers)


def _run(port: int, words: list[str], environment: dict[str, str], count: int, processes: int = 1) -> Run:
    before = counted_at(port) or (0, 0)
    running = [
        subprocess.Popen(
            [sys.executable, "-c", *words],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for _ in range(processes)
    ]
    for each in running:
        _line(each)  # it is ready
    for each in running:
        _begin(each)
    with _watched(running[0], port, before[0] + count // 10) as seen:
        ended = [json.loads(each.communicate()[0].splitlines()[-1]) for each in running]
    if any(each.returncode for each in running):
        raise RuntimeError("the sender failed")
    after = counted_at(port) or (0, 0)
    wall, cpu = (
        max(end for _, end, _ in ended) - min(begin for begin, _, _ in ended),
        sum(e[2] for e in ended),
    )
    return Run(after[0] - before[0], after[1] - before[1], wall, cpu, *seen[:1], *seen[-1:])


def _line(process: subprocess.Popen[bytes]) -> None:
    if process.stdout is None or not process.stdout.readline():
        raise RuntimeError("the sender did not start")


def _begin(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.write(b"\n")
        process.stdin.flush()


@contextmanager
def _watched(process: subprocess.Popen[bytes], port: int, tenth: int) -> Iterator[list[int]]:
    """Note the resident kB of a process every half second, from when a tenth of the messages has left."""
    seen: list[int] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.5) and process.poll() is None:
            resident = _resident(process.pid)
            if resident and (counted_at(port) or (0, 0))[0] >= tenth:
                seen.append(resident)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def _resident(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def letters(made: Installation, count: int, workers: int = WORKERS) -> Iterator[Figure]:
    """Yield each figure of one run; the floor sends one half before the workers and the other half after."""
    wrote = written(made, count)
    file = made.settings.data / "letters"
    if composed(made, file) != count:
        raise RuntimeError("not every message was written")
    with sink_process(port := free_port()):
        first = floor(port, file, 0, count // 2)
        ours = drained(made, port, count, workers)
        second = floor(port, file, count // 2, count)
    file.unlink()
    wall, cpu, size = (getattr(first, name) + getattr(second, name) for name in ("wall", "cpu", "size"))
    if (ours.messages, ours.size) != (count, size):
        raise RuntimeError(
            f"the worker sent {ours.messages} of {ours.size} bytes, the floor {count} of {size}"
        )
    each = 1000 / count
    beside = f"{ours.wall * each:.3f} ms a message by {workers}, floor {wall * each:.3f} ms; {size // count} bytes each"
    yield Figure(f"{count} letters, time", ours.wall / wall, "×", MOST, beside)
    beside = f"{ours.cpu * each:.3f} ms CPU a message, floor {cpu * each:.3f} ms"
    yield Figure(f"{count} letters, CPU", ours.cpu / cpu, "×", 99, beside)
    if ours.early:
        beside = f"{ours.early} kB at a tenth, {ours.late} kB at the end"
        yield Figure(f"{count} letters, memory", ours.late / ours.early, "×", 1.1, beside)
    beside = f"written in {wrote.seconds:.1f} s by {wrote.statements} statements"
    yield Figure(f"{count} letters, wakes", wrote.wakes, "", 1, beside)


def main() -> int:
    """Measure and print; code 1 if a figure misses its target."""
    from bench.__main__ import line

    parser = argparse.ArgumentParser(prog="python -m bench.letters", description=__doc__)
    parser.add_argument("--postgres", metavar="URL", help="a superuser's URL; without it, SQLite")
    parser.add_argument("--messages", type=int, default=100_000, help="how many (default 100000)")
    parser.add_argument("--workers", type=int, default=WORKERS, help=f"processes (default {WORKERS})")
    chosen = parser.parse_args()
    with installed(chosen.postgres) as made:
        found = []
        for figure in letters(made, chosen.messages, chosen.workers):
            print(line(figure), flush=True)
            found.append(figure)
    return 0 if all(figure.passed for figure in found) else 1


if __name__ == "__main__":
    raise SystemExit(main())

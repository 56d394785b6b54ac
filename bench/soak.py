"""`python -m bench.soak`: candidates apply, staff read lists, the worker is killed; is all well then?"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from bench import faults
from bench.figures import sender
from bench.installation import Installation, installed
from bench.servers import ROOT, Server, shipped
from bench.visitors import Visitor, journey
from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.audit.queries import faults as trail_faults
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.work import works_of
from cohortmgr.jobs.rules import LEASE
from cohortmgr.reports.actions import ask_report

CELERY = [
    "-m",
    "celery",
    "-q",
    "-A",
    "worker.celery_app",
    "worker",
    "-Q",
    "jobs,outbox",
    "-P",
    "threads",
    "-c",
    "2",
]


@dataclass
class Life:
    """What happened: applications with a receipt, faults that people saw, how often each thing was done."""

    receipts: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)


class Worker:
    """The worker's process, killed without warning and started again."""

    def __init__(self, made: Installation) -> None:
        # In a container the worker often runs as root; its long warning about that would hide the figures.
        quiet = {"PYTHONWARNINGS": "ignore:You're running the worker with superuser"}
        self.environment = {**os.environ, **made.environment, **quiet}
        self.start()

    def start(self) -> None:
        """Start it in a process group of its own."""
        command = [sys.executable, *CELERY, "--loglevel", "error", "--without-gossip", "--without-mingle"]
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment, start_new_session=True)

    def kill(self) -> None:
        """Kill it (SIGKILL), as a machine that fails does."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Tell it to end (SIGTERM), and wait."""
        self.process.terminate()
        self.process.wait(60)


def repeat(stop: threading.Event, life: Life, name: str, act: Callable[[], None]) -> threading.Thread:
    """Start a person who repeats `act` until told to stop; faults are noted and the person goes on."""

    def live() -> None:
        while not stop.is_set():
            try:
                act()
                life.done[name] += 1
            except (RuntimeError, OSError) as error:
                life.faults.append(f"{name}: {error}")
                stop.wait(0.5)

    thread = threading.Thread(target=live)
    thread.start()
    return thread


def memory(server: Server) -> int:
    """Resident kB of the server's processes."""
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    return sum(
        int(line.split()[1])
        for child in children
        for line in Path(f"/proc/{child}/status").read_text().splitlines()
        if line.startswith("VmRSS")
    )


def lived(made: Installation, seconds: int, candidates: int) -> Life:
    """Let everybody act for some seconds; the worker is killed and started again in the middle."""
    life, stop = Life(), threading.Event()
    with Server("wsgi:app", made.environment, *shipped()) as server:
        send = sender(server)

        def apply() -> None:
            life.receipts.append(journey(send, made).place.split("/")[3])

        def read() -> None:
            staff = Visitor(send)
            staff.jar["session"] = made.administrator["Cookie"].partition("=")[2]
            staff.get(f"/staff/intakes/{made.listed}/applications?size=600")
            staff.get(f"/staff/intakes/{made.open_intake}/applications")

        worker = Worker(made)
        apply()
        before = memory(server)
        people = [repeat(stop, life, "application", apply) for _ in range(candidates)]
        people += [repeat(stop, life, "list", read) for _ in range(2)]
        time.sleep(seconds / 2)
        with made.system.app_context(), writing():
            ask_report(SYSTEM, made.listed, "fr")
        time.sleep(0.3)
        worker.kill()
        time.sleep(2)
        worker.start()
        time.sleep(seconds / 2)
        stop.set()
        for person in people:
            person.join()
        print(f"memory of the web's processes: {before} kB, then {memory(server)} kB", flush=True)
        worker.stop()
    return life


def settled(made: Installation) -> None:
    """Do what the sweeps of the next minutes do: the dead worker's leases end, its work is done again."""
    os.environ.update(made.environment)
    from worker import tasks  # imported now, since it makes its application from the environment

    with clock.at(clock.now() + LEASE + timedelta(minutes=1)):
        for work in works_of(tasks.flask_app):
            if work.at_start:
                tasks.do(work)


COUNTS = {
    "messages not sent": "SELECT count(*) FROM outbox WHERE state <> 'sent'",
    "sent applications without exactly one receipt": "SELECT count(*) FROM applications a WHERE a.source = 'online'"
    " AND a.state = 'submitted' AND 1 <> (SELECT count(*) FROM outbox o WHERE o.person_id = a.person_id"
    " AND o.key = 'application_received')",
    "sent applications without exactly one note": "SELECT count(*) FROM applications a WHERE a.source = 'online'"
    " AND a.state = 'submitted' AND 1 <> (SELECT count(*) FROM audit_events e WHERE e.object_reference = a.reference"
    " AND e.action = 'applications.submit')",
    "jobs not done": "SELECT count(*) FROM jobs WHERE state <> 'done'",
    "reports not ready": "SELECT count(*) FROM reports WHERE state <> 'ready'",
}


def broken_counts(made: Installation, receipts: Iterable[str], faults: Sequence[str]) -> dict[str, int]:
    """Each invariant that holds whether or not a worker ran, and how often it is broken."""
    wanted = [name for name in COUNTS if name.startswith("sent applications")]
    with made.system.app_context():
        found = {name: int(db.session.scalar(sa.text(COUNTS[name])) or 0) for name in wanted}
        sent = set(
            db.session.scalars(sa.text("SELECT reference FROM applications WHERE state = 'submitted'"))
        )
        found["links of the trail broken"] = len(trail_faults())
    found["applications lost after their receipt"] = len(set(receipts) - sent)
    found["faults that people saw"] = len(faults)
    return found


def broken(made: Installation, life: Life) -> dict[str, int]:
    """Each invariant, and how often it is broken."""
    with made.system.app_context():
        found = {name: int(db.session.scalar(sa.text(query)) or 0) for name, query in COUNTS.items()}
        messages = int(db.session.scalar(sa.text("SELECT count(*) FROM outbox")) or 0)
    letters = [path for path in (made.settings.data / "mail").rglob("*") if path.is_file()]
    found["letters too many or too few"] = abs(len(letters) - messages)
    return found | broken_counts(made, life.receipts, life.faults)


def main() -> int:
    """Let everybody act, settle, and print each invariant; code 1 if one is broken."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--postgres", metavar="URL", help="a superuser's URL; without it, SQLite")
    parser.add_argument("--seconds", type=int, default=60, help="how long (default 60)")
    parser.add_argument("--candidates", type=int, default=4, help="who apply at once (default 4)")
    parser.add_argument(
        "--trials", type=int, default=100, help="processes killed on each broker (default 100)"
    )
    chosen = parser.parse_args()
    with installed(chosen.postgres) as made:
        life = lived(made, chosen.seconds, chosen.candidates)
        settled(made)
        found = broken(made, life)
    print(f"{len(life.receipts)} applications sent, {life.done['list'] * 2} lists read, one worker killed")
    for fault, times in Counter(life.faults).most_common(5):
        print(f"  {times} × {fault}")
    for name, count in found.items():
        print(f"{'FAIL' if count else 'PASS'}  {name}: {count}")
    survived = [
        faults.told(chosen.postgres, chosen.trials, 1, redis=redis)
        for redis in (False, True)
        if chosen.trials
    ]
    return 1 if any(found.values()) or not all(survived) else 0


if __name__ == "__main__":
    raise SystemExit(main())

"""`python -m bench.stampede`: measure the last hour before the close, with and without staff at work.

People send their drafts at a steady rate, alone, then beside staff who reload lists. This last step is two
requests, reading the check page and sending it. Each is timed from the moment at which the person acts, not
from when a thread is free, so that waiting is counted. The drafts are copies, row by row, of one draft made
as people make it. Then come whole journeys, from account to receipt, by people who follow one another.
"""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median, quantiles

from bench.copying import copied_drafts
from bench.figures import sender
from bench.installation import Installation, installed
from bench.servers import Answer, Server, shipped
from bench.soak import broken_counts, memory
from bench.visitors import Send, Visitor, journey

# How many people may wait for an answer at once: at twenty a second, over six seconds' worth.
AT_ONCE = 128
STAFF = 3
ROWS = 250


@dataclass
class Hour:
    """What people met: seconds from their act to the answer, and what went wrong."""

    waits: list[float] = field(default_factory=list)
    reads: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    lists: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def said(self) -> str:
        """One line of figures."""
        cuts = quantiles(self.waits, n=20)
        sent, read = f"{len(self.waits)} sent, {len(self.waits) / self.seconds:.1f}/s", median(self.reads)
        half, most = cuts[9] * 1000, cuts[18] * 1000
        waited = f"sent p50 {half:.0f} ms, p95 {most:.0f} ms; read p50 {read * 1000:.0f} ms"
        lists = f"{len(self.lists)} lists"
        if self.lists:
            lists += f", p50 {median(self.lists) * 1000:.0f} ms"
        return f"{sent}; {waited}; {lists}; {len(self.faults)} faults"


@contextmanager
def staff_reloading(made: Installation, send: Send, hour: Hour, people: int) -> Iterator[None]:
    """Run `people` members of staff, in threads, who reload a list as soon as it has come."""
    stop = threading.Event()

    def reload() -> None:
        person = Visitor(send)
        person.jar["session"] = made.administrator["Cookie"].partition("=")[2]
        while not stop.is_set():
            asked = time.monotonic()
            try:
                _whole(person.get(f"/staff/intakes/{made.listed}/applications?size={ROWS}"))
                hour.lists.append(time.monotonic() - asked)
            except (RuntimeError, OSError) as fault:
                hour.faults.append(f"list: {fault}")
                stop.wait(0.5)

    threads = [threading.Thread(target=reload) for _ in range(people)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _whole(page: Answer) -> None:
    """RuntimeError unless the list has all its rows: one with fewer is a fault."""
    rows = page.body.count(b'<th scope="row">')
    if rows != ROWS:
        raise RuntimeError(f"the list has {rows} rows")


def at_rate(rate: float, acts: list[Callable[[float], None]]) -> float:
    """Begin `rate` acts a second, whatever became of those before; returns the seconds until all ended."""
    begun = time.monotonic() + 0.1
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for number, act in enumerate(acts):
            moment = begun + number / rate
            time.sleep(max(0.0, moment - time.monotonic()))
            pool.submit(act, moment)
    return time.monotonic() - begun


def last_steps(send: Send, drafts: list[tuple[str, str]], rate: float, hour: Hour) -> None:
    """Read each draft once more and send it, `rate` drafts a second; `hour` takes the figures."""

    def act(reference: str, cookie: str) -> Callable[[float], None]:
        def now(moment: float) -> None:
            person = Visitor(send)
            person.jar["session"] = cookie
            path = f"/my/applications/{reference}/check"
            try:
                page = person.get(path)
                seen = time.monotonic()
                person.post(page, path, {})
                if person.place == path:
                    raise RuntimeError("the file was not sent")
            except (RuntimeError, OSError) as fault:
                hour.faults.append(str(fault))
            else:
                hour.reads.append(seen - moment)
                hour.waits.append(time.monotonic() - moment)

        return now

    hour.seconds = at_rate(rate, [act(*draft) for draft in drafts])


def journeys_a_second(made: Installation, send: Send, seconds: float, people: int) -> float:
    """How many whole journeys end a second, with `people` at once who begin again at once."""
    until, done = time.monotonic() + seconds, 0
    lock = threading.Lock()

    def live() -> None:
        nonlocal done
        while time.monotonic() < until:
            journey(send, made)
            with lock:
                done += 1

    started = time.monotonic()
    threads = [threading.Thread(target=live) for _ in range(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done / (time.monotonic() - started)


def main() -> int:
    """Replay and print; code 1 if something was lost, came twice or was refused."""
    parser = argparse.ArgumentParser(prog="python -m bench.stampede", description=__doc__)
    parser.add_argument("--postgres", metavar="URL", help="a superuser's URL; without it, SQLite")
    parser.add_argument("--rate", type=float, default=20, help="last steps a second (default 20)")
    parser.add_argument("--seconds", type=int, default=600, help="of each of the two halves (default 600)")
    parser.add_argument("--journeys", type=int, default=20, help="seconds of whole journeys (default 20)")
    chosen = parser.parse_args()
    count = int(chosen.rate * chosen.seconds)
    alone, beside = Hour(), Hour()
    with installed(chosen.postgres) as made:
        drafts = copied_drafts(made, 2 * count)
        print(f"{len(drafts)} drafts are ready.", flush=True)
        with Server("wsgi:app", made.environment, *shipped()) as server:
            send = sender(server)
            for _ in range(5):
                journey(send, made)
            before = memory(server)
            last_steps(send, drafts[:count], chosen.rate, alone)
            print(f"alone               {alone.said()}", flush=True)
            with staff_reloading(made, send, beside, STAFF):
                last_steps(send, drafts[count:], chosen.rate, beside)
            print(f"beside {STAFF} staff      {beside.said()}", flush=True)
            after = memory(server)
            rate = journeys_a_second(made, send, chosen.journeys, 6)
            print(f"whole journeys      {rate:.1f}/s (peers 1.9/s; the aim is 7.6/s)")
            print(
                f"memory of the web   {before} kB before, {after} kB after the lists, {memory(server)} kB at the end"
            )
        sent = {reference for reference, _ in drafts}
        found = broken_counts(made, sent, [*alone.faults, *beside.faults])
    slower = median(beside.waits) / median(alone.waits)
    print(f"the median beside staff is {slower:.1f} times that without (the aim is 2)")
    for name, wrong in found.items():
        print(f"{'FAIL' if wrong else 'PASS'}  {name}: {wrong}")
    return 1 if any(found.values()) else 0


if __name__ == "__main__":
    raise SystemExit(main())

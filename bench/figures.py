"""Measure the figures of `python -m bench`, each beside its floor or its limit."""

from __future__ import annotations

import gzip
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

import sqlalchemy as sa

from bench.installation import Installation
from bench.servers import Answer, Server, cost, shipped
from bench.statements import counted
from bench.visitors import Send, Visitor, drafted, having_account, journey, paged, signed_up, within
from cohortmgr.accounts.actions.passwords import prepare_hash
from cohortmgr.base.db import db

ASSET = re.compile(r'(?:src|href)="(/assets/[^"]+)"')
BUDGETS = {"candidate": (50_000, 10_000, 6), "staff": (150_000, 45_000, 10)}
"""Bytes of the whole page and of its scripts, compressed, and requests (UX: first load)."""


@dataclass(frozen=True)
class Figure:
    """One measurement: its value, what stands beside it, and the most it may be (all of the same unit)."""

    name: str
    value: float
    unit: str
    most: float
    beside: str = ""

    @property
    def passed(self) -> bool:
        """Whether it keeps its limit."""
        return self.value <= self.most


def beside_floor(
    name: str,
    server: Server,
    path: str,
    headers: dict[str, str],
    floor: Server,
    bare: str,
    most: float,
    times: int,
) -> Figure:
    """CPU ms of a page as a multiple of a bare page's: the median of five rounds, each measuring both."""
    rounds = [(cost(server, path, times, headers), cost(floor, bare, times)) for _ in range(5)]
    ratio = median(ours / theirs for ours, theirs in rounds)
    ours, theirs = (median(pair[place] for pair in rounds) for place in (0, 1))
    return Figure(name, ratio, "×", most, f"{ours:.2f} ms CPU, floor {bare} {theirs:.2f} ms CPU")


def pages(made: Installation, times: int) -> Iterator[Figure]:
    """Yield the CPU of the programme page, the form and the list, each beside a page of the floor."""
    listed = f"/staff/intakes/{made.listed}/applications?size=600"
    bare = {"COHORTMGR_DATABASE_URL": made.settings.system_database_url}
    with Server("wsgi:app", made.environment) as server, Server("bench.floor:app", bare) as floor:
        visitor, form, _answers = signed_up(sender(server), made)
        cookie = {"Cookie": f"session={visitor.jar['session']}"}
        if b"</form>" not in form.body:
            raise RuntimeError("the draft has no form")
        yield beside_floor("programme page", server, "/programmes/mdia", {}, floor, "/page", 2, times)
        yield beside_floor("application form", server, visitor.place, cookie, floor, "/page", 4, times)
        few = max(10, times // 5)
        yield beside_floor("staff list, 600 rows", server, listed, made.administrator, floor, "/rows", 2, few)


def sender(server: Server) -> Send:
    """A `Send` to a server."""

    def send(method: str, path: str, body: bytes, headers: Any) -> Answer:
        return server.request(method, path, body, headers)

    return send


def statements(made: Installation) -> list[Figure]:
    """The SQL statements of the list with 50 rows and with 600, of one journey, and of one page by page."""
    send = within(made.web)
    seen: dict[int, int] = {}
    for size in (50, 600):
        path = f"/staff/intakes/{made.listed}/applications?size={size}"
        send("GET", path, b"", made.administrator)
        with counted() as sql:
            answer = send("GET", path, b"", made.administrator)
        rows = answer.body.count(b"/staff/applications/")
        if answer.status != 200 or rows < size:
            raise RuntimeError(f"the list of {size} answered {answer.status} with {rows} rows")
        seen[size] = len(sql)
    journey(send, made)
    ready = having_account(made)
    with counted() as sql:
        visitor = journey(send, made, ready)
    return [
        Figure(
            "staff list, statements",
            max(seen.values()),
            "",
            11,
            f"{seen[50]} with 50 rows, {seen[600]} with 600",
        ),
        Figure("staff list, statements that rows add", seen[600] - seen[50], "", 0, "600 rows less 50"),
        Figure("journey, statements", len(sql), "", 40, f"{visitor.requests} requests"),
        _page_by_page(send, made),
    ]


def _page_by_page(send: Send, made: Installation) -> Figure:
    """The statements of the costliest page of a journey page by page: saving it and showing the next one."""
    visitor, _form, answers = signed_up(send, made)
    dearest, pages = 0, 0
    steps = paged(visitor, visitor.place.removesuffix("/form"), answers)
    while True:
        with counted() as sql:
            here = next(steps, None)
        if here is None:
            break
        pages += 1
        dearest = max(dearest, len(sql) if pages > 1 else 0)  # the first also makes what is made only once
    return Figure(
        "journey page by page, statements a page", dearest, "", 11, f"{pages} pages, saved and drawn"
    )


def journeys(made: Installation, times: int) -> Figure:
    """CPU ms of a whole journey, beside one hash of a password."""
    with Server("wsgi:app", made.environment) as server:
        send = sender(server)
        for _ in range(3):
            journey(send, made)
        before = server.cpu_ms()
        for _ in range(times):
            visitor = journey(send, made)
        spent = (server.cpu_ms() - before) / times
    started = time.thread_time()
    for _ in range(10):
        prepare_hash("quatre mots faciles ensemble")
    hashed = (time.thread_time() - started) * 100
    return Figure(
        "journey", spent, "ms CPU", 180, f"{visitor.requests} requests; one argon2 hash {hashed:.0f} ms CPU"
    )


def twice_at_once(made: Installation, times: int = 5) -> Figure:
    """How much goes wrong when the last step is sent twice at the same time, over some tries. Nothing may."""
    wrong: list[str] = []
    with Server("wsgi:app", made.environment, *shipped()) as server:
        for _ in range(times):
            visitor, page = drafted(sender(server), made)
            wrong += _sent_together(visitor, page)
            wrong += _recorded_once(made, visitor.place.split("/")[3])
    return Figure("last step twice at once, faults", len(wrong), "", 0, "; ".join(wrong) or f"{times} tries")


def _sent_together(visitor: Visitor, page: Answer) -> list[str]:
    """The faults when two windows of one browser send at once."""
    wrong: list[str] = []
    line = threading.Barrier(2)

    def push() -> None:
        window = Visitor(visitor.send)
        window.jar = dict(visitor.jar)
        line.wait()
        try:
            window.post(page, visitor.place, {})
            if window.place.endswith("/check"):
                wrong.append("not sent")
        except (RuntimeError, OSError) as error:
            wrong.append(str(error))

    threads = [threading.Thread(target=push) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return wrong


def _recorded_once(made: Installation, reference: str) -> list[str]:
    counts = {
        "sent": "SELECT count(*) FROM applications WHERE reference = :r AND state = 'submitted'",
        "noted": "SELECT count(*) FROM audit_events WHERE object_reference = :r AND action = 'applications.submit'",
        "receipts": "SELECT count(*) FROM outbox o JOIN applications a ON a.person_id = o.person_id"
        " WHERE a.reference = :r AND o.key = 'application_received'",
    }
    with made.system.app_context():
        found = {
            name: db.session.scalar(sa.text(query).bindparams(r=reference)) for name, query in counts.items()
        }
    return [f"{name}: {count}" for name, count in found.items() if count != 1]


def weights(made: Installation) -> list[Figure]:
    """The compressed bytes of first loads, pages with what they load, and how many requests they take."""
    send = within(made.web)
    visitor, _form, _answers = signed_up(send, made)
    mine = {"Cookie": f"session={visitor.jar['session']}"}
    loads = (
        ("programme page", "candidate", "/programmes/mdia", {}),
        ("application form", "candidate", visitor.place, mine),
        ("staff list", "staff", f"/staff/intakes/{made.listed}/applications", made.administrator),
        (
            "staff list, 600 rows",
            "staff",
            f"/staff/intakes/{made.listed}/applications?size=600",
            made.administrator,
        ),
    )
    return [figure for load in loads for figure in _weight(send, *load)]


def _weight(send: Send, name: str, audience: str, path: str, headers: dict[str, str]) -> Iterator[Figure]:
    page = send("GET", path, b"", headers)
    assets = sorted(set(ASSET.findall(page.body.decode())))
    sizes = {asset: _sent(send("GET", asset, b"", {"Accept-Encoding": "gzip"})) for asset in assets}
    scripts = sum(size for asset, size in sizes.items() if ".js" in asset)
    whole = len(gzip.compress(page.body, 6)) + sum(sizes.values())
    most, most_scripts, requests = BUDGETS[audience]
    of_scripts = f"{scripts / 1000:.1f} of {most_scripts / 1000:.0f} kB JavaScript"
    beside = f"{of_scripts}, {len(assets) + 1} of {requests} requests"
    over = scripts > most_scripts or len(assets) + 1 > requests
    yield Figure(f"weight of {name}", whole / 1000, "kB", 0 if over else most / 1000, beside)


def _sent(answer: Answer) -> int:
    """The bytes of an answer as they travel, compressed."""
    packed = answer.headers.get("Content-Encoding") == "gzip"
    return len(answer.body) if packed else len(gzip.compress(answer.body, 6))

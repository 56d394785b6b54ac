"""`python -m bench.shortcuts`: measure what each short cut past a library saves of a page, one at a time.

A page is asked for by turns as it is, and with one short cut replaced by the library's ordinary way. The CPU
of this process and of the database processes that serve its connections is counted, since some short cuts
save there. A short cut stays while it saves a tenth of a page. "markup: globals" saves less of the form; it
stays so that the short cuts that were given up do not cost the form a tenth. "description" saves a thirtieth of a
page that loads a file, which a quiet machine alone shows; it stays since it is a cursor of its own that no other code
knows.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from statistics import median, quantiles
from typing import Any
from unittest.mock import patch

import psycopg
import sqlalchemy as sa
from flask import Flask
from flask.templating import Environment
from flask_sqlalchemy_lite._extension import _close_async_sessions
from jinja2.compiler import CodeGenerator
from markupsafe import Markup
from sqlalchemy.engine import make_url

from bench.installation import Installation, installed
from bench.letters import written
from bench.servers import free_port
from bench.sink import sink_process
from bench.visitors import drafted, signed_up, token_of, within
from cohortmgr.app import Site, create_app
from cohortmgr.applications.answers.display import typed
from cohortmgr.applications.form.forms.classes import form_class
from cohortmgr.applications.journey.views import whole_form as candidate_views
from cohortmgr.applications.lists import columns as lists_columns
from cohortmgr.applications.lists import display as cells
from cohortmgr.base.databases.cursors import LazyCursor
from cohortmgr.base.db import db
from cohortmgr.base.web.markup import House, Writer
from cohortmgr.outbox.delivery.tasks import recording
from cohortmgr.outbox.delivery.tasks.draining import drain

ENOUGH = 0.1
LETTERS = 100
WARM = 3
# A turn: the application to ask, for as long as the block lasts.
Turn = Callable[[], AbstractContextManager[Flask]]


@dataclass(frozen=True)
class Page:
    """A page to ask for: its address, the headers of who asks, and how many requests make a turn."""

    path: str
    headers: Mapping[str, str]
    times: int
    sent: Mapping[str, str] | None = None

    def ready(self, _app: Flask) -> None:
        """A page needs no preparation."""

    def act(self, app: Flask) -> None:
        """Run one turn. The client does not read what came: that would be counted as the page's."""
        client = app.test_client(use_cookies=False)
        for _ in range(self.times):
            method = "POST" if self.sent else "GET"
            answer = client.open(self.path, method=method, headers=self.headers, data=self.sent)
            if answer.status_code != 200:
                raise RuntimeError(f"{self.path} answered {answer.status_code}")
            answer.close()


@dataclass(frozen=True)
class Sending:
    """A batch of messages, each to a person of its own."""

    made: Installation
    times: int

    def ready(self, _app: Flask) -> None:
        """Write the messages that will leave."""
        written(self.made, self.times)

    def act(self, app: Flask) -> None:
        """Send the messages."""
        with app.app_context():
            if (sent := drain()) != self.times:
                raise RuntimeError(f"{sent} of {self.times} messages left")


def pages(made: Installation) -> dict[str, Page | Sending]:
    """The pages and the sending to measure, by name in the table."""
    send = within(made.web)
    empty, _page, _answers = signed_up(send, made)
    full, _page = drafted(send, made)
    wrong, page, answers = signed_up(send, made)
    sent = {**answers, "s1": "quinze", "csrf_token": token_of(page)}
    mine = [{"Cookie": f"session={visitor.jar['session']}"} for visitor in (empty, full, wrong)]
    listed = f"/staff/intakes/{made.listed}/applications?size=600"
    first = re.search(
        rb'href="(/staff/applications/[^"?]+)', send("GET", listed, b"", made.administrator).body
    )
    if first is None:
        raise RuntimeError("the list is empty")
    return {
        "programme": Page("/programmes/mdia", {}, 20),
        "form, empty": Page(empty.place, mine[0], 10),
        "form, filled": Page(full.place.replace("/check", "/form"), mine[1], 10),
        "form, faults": Page(wrong.place, mine[2], 3, sent),
        "staff, a file": Page(first[1].decode(), made.administrator, 10),
        "list of 600": Page(listed, made.administrator, 3),
        "a message": Sending(made, LETTERS),
    }


def plain_templates(made: Installation, **changes: Any) -> Turn:
    """A turn with our templates' environment, in which `changes` replace some of its parts."""
    with patch.object(Site, "jinja_environment", type("Templates", (House,), changes)):
        app = create_app(made.settings)
        _ = app.jinja_env  # made now
    return lambda: nullcontext(app)


def _writer(name: str) -> type:
    """Our code generator with one method as Jinja has it."""
    return type("Plainer", (Writer,), {name: getattr(CodeGenerator, name)})


def plain_texts(made: Installation) -> Turn:
    """Without the short cut for constant texts: by the call of `_` that Jinja makes of them."""
    return plain_templates(made, code_generator_class=_writer("visit_Call"))


def plain_globals(made: Installation) -> Turn:
    """Without the short cut for globals: each template has a map of its own above them."""
    return plain_templates(made, make_globals=Environment.make_globals)


def changed(app: Flask, target: Any, name: str, value: Any) -> Turn:
    """A turn during which something in a module or class is replaced."""

    @contextmanager
    def turn() -> Iterator[Flask]:
        with patch.object(target, name, value):
            yield app

    return turn


def plain_form(made: Installation) -> Turn:
    """Without drawn forms: WTForms and the macros draw the form, as they do one with errors."""
    ours = candidate_views._form_page

    def page(file: Any, given: Any) -> Any:
        kind = form_class(candidate_views.fingerprint_of(file), file.definition)
        return ours(file, given or kind(formdata=None, data=typed(file.definition, file.working)))

    return changed(made.web, candidate_views, "_form_page", page)


ROWS = """{% for row in rows %}
<tr>{% if boxes %}<td class="box"><input type="checkbox" form="ticked" name="files" value="{{ row.reference }}" \
aria-label="{{ row.name or unnamed }}"></td>{% endif %}
<th scope="row"><a href="{{ before }}{{ row.reference }}{{ after }}"><bdi>{{ row.name or unnamed }}</bdi></a></th>
{% for key, label in labels %}{% set value = row[loop.index + 1] %}
<td{% if key in figures %} class="num"{% endif %} data-label="{{ label }}">\
{% if key in words %}{% if key in tags %}{% if value is not none %}\
<span class="tag {{ tags[key].get(value, 'neutral') }}">{{ words[key][value] }}</span>{% endif %}\
{% else %}{{ words[key].get(value, value or "") }}{% endif %}\
{% elif key == "number" %}<bdi class="ref">{{ value }}</bdi>\
{% elif key == "phone" %}{% if value %}<bdi dir="ltr">•• {{ value }}</bdi>{% endif %}\
{% elif key == "email" %}<bdi dir="ltr">{{ value or "" }}</bdi>\
{% elif key == "average" %}{{ value|thousandths }}\
{% elif key in ("sent", "changed") %}{{ value|short_day }}{% else %}{{ value or "" }}{% endif %}</td>\
{% endfor %}</tr>{% endfor %}"""


def plain_rows(app: Flask) -> Turn:
    """Without the short cut for lists: a template writes the rows."""
    template = app.jinja_env.from_string(ROWS)

    def drawn(
        rows: Any, columns: Any, words: Any, before: str, after: str, *, boxes: bool, ticked: Any = ()
    ) -> Markup:
        labels = [(key, cells._(lists_columns.names()[key])) for key in columns]
        values = {"rows": rows, "boxes": boxes, "before": before, "after": after, "labels": labels}
        more = {"words": words, "tags": cells._TAGS, "figures": cells.figures()}
        return Markup(template.render(**values, **more, unnamed=cells._("Sans nom")))

    return changed(app, cells, "table_body", drawn)


def plain_rollback(made: Installation) -> Turn:
    """Without the short cut for transactions that only read: they end by ROLLBACK (PostgreSQL)."""
    with made.web.app_context():
        dialect = db.engine.dialect
    return changed(made.web, dialect, "do_rollback", partial(type(dialect).do_rollback, dialect))


def plain_description(made: Installation) -> Turn:
    """Without the short cut for columns: psycopg describes each of them after every statement (PostgreSQL)."""
    return changed(made.web, LazyCursor, "description", psycopg.Cursor.description)


def plain_ends(made: Installation) -> Turn:
    """Without the short cut at a request's end: asynchronous sessions are closed, though there are none."""
    ends = [*made.web.teardown_appcontext_funcs, _close_async_sessions]
    return changed(made.web, made.web, "teardown_appcontext_funcs", ends)


def plain_notes(made: Installation) -> Turn:
    """Without our own notes: SQLAlchemy writes what became of each message, from a statement that is kept."""
    kept: dict[tuple[str, ...], sa.Update] = {}

    def note(self: recording.Recorder, message: Any, values: Mapping[str, Any]) -> None:
        names = tuple(values)
        if names not in kept:
            new: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in names}
            kept[names] = sa.update(recording._OUTBOX).where(*recording._MINE).values(new)
        self._execute(kept[names], recording._given(message, values))

    return changed(made.system, recording.Recorder, "note", note)


OF_POSTGRESQL = ("do_rollback", "description")
EVERY = ("programme", "form, empty", "form, filled", "form, faults", "staff, a file", "list of 600")
WAYS: Mapping[str, tuple[Callable[[Installation], Turn], tuple[str, ...]]] = {
    "markup: texts": (plain_texts, EVERY),
    "markup: globals": (plain_globals, EVERY),
    "drawn": (plain_form, EVERY[1:3]),
    "cells": (lambda made: plain_rows(made.web), EVERY[-1:]),
    "do_rollback": (plain_rollback, EVERY),
    "description": (plain_description, EVERY),
    "teardown": (plain_ends, EVERY),
    "recording": (plain_notes, ("a message",)),
}


def clock_of(made: Installation, postgres: str | None) -> Callable[[], float]:
    """A clock of the CPU ms so far, of this process and of those that serve its connections now."""
    pids: list[int] = []
    if postgres:
        name = make_url(made.settings.database_url).database
        chosen = "SELECT pid FROM pg_stat_activity WHERE datname = :n AND backend_type = 'client backend'"
        with sa.create_engine(postgres, poolclass=sa.NullPool).connect() as connection:
            pids = list(connection.scalars(sa.text(chosen), {"n": name}))

    def read() -> float:
        # Another process's clock, as in bench.servers.
        return 1000 * (time.process_time() + sum(time.clock_gettime((~pid << 3) | 2) for pid in pids))

    return read


def compared(
    made: Installation, postgres: str | None, page: Page | Sending, ways: tuple[Turn, Turn], rounds: int
) -> list[tuple[float, float]]:
    """The ms of both ways in each round, by turns; which begins changes too. The first WARM do not count."""
    pairs, clock = [], time.process_time
    for number in range(rounds + WARM):
        if number == WARM:  # every connection is open now
            clock = clock_of(made, postgres)
        spent = [0.0, 0.0]
        for which in (0, 1) if number % 2 else (1, 0):
            with ways[which]() as app:
                page.ready(app)
                began = clock()
                page.act(app)
                spent[which] = (clock() - began) / page.times
        pairs.append((spent[0], spent[1]))
    return pairs[WARM:]


def line(name: str, page: str, pairs: list[tuple[float, float]]) -> str:
    """One row: ms with and without the short cut, and the gain as a share of the page without it.

    The gain is the median; half of the rounds lie between the two figures after it."""
    gains = [1 - ours / plain for ours, plain in pairs]
    low, middle, high = quantiles(gains, n=4)
    ours, plain = (median(each) for each in zip(*pairs, strict=True))
    share = f"{middle:7.1%} ({low:6.1%} to {high:6.1%})"
    return f"{name:16} {page:13} {ours:8.3f} {plain:8.3f} ms  {share}  {'' if middle >= ENOUGH else 'too little'}"


def measured(made: Installation, postgres: str | None, rounds: int, wanted: str) -> Iterator[str]:
    """Yield every row as soon as it is measured."""
    asked = pages(made)
    chosen = [name for name in WAYS if wanted in name and (postgres or name not in OF_POSTGRESQL)]
    plain = {name: WAYS[name][0](made) for name in chosen}  # kept: a connection that is closed has no clock
    for name in chosen:
        ours: Turn = partial(nullcontext, made.system if name == "recording" else made.web)
        for place in WAYS[name][1]:
            yield line(name, place, compared(made, postgres, asked[place], (ours, plain[name]), rounds))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.shortcuts", description=__doc__)
    parser.add_argument("--postgres", metavar="URL", help="a superuser's URL; without it, SQLite")
    parser.add_argument("--rounds", type=int, default=40, help="pairs of turns (default 40)")
    parser.add_argument("--only", default="", help="short cuts whose names hold this")
    chosen = parser.parse_args()
    with installed(chosen.postgres) as silent, sink_process(port := free_port()):
        mail = silent.settings.model_copy(update={"mail_url": f"smtp://127.0.0.1:{port}"})
        made = replace(silent, system=create_app(mail, "system"))
        for row in measured(made, chosen.postgres, chosen.rounds, chosen.only):
            print(row, flush=True)


if __name__ == "__main__":
    main()

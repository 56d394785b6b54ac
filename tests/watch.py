"""Checks on the application while a test runs: changes that were lost, and sessions that were shared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import Context
from typing import Any

import sqlalchemy as sa
from flask import Flask, g, has_app_context
from flask.ctx import AppContext
from flask.testing import FlaskClient
from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session

from cohortmgr.base.db import db

_lost: list[str] = []
commits = [0]
"""How often any session of this process has committed."""


def _open_sessions() -> list[Session]:
    """Return the sessions of the present context, without opening one."""
    opened: dict[str, Session] = g.get("_sqlalchemy_sessions", {})
    return list(opened.values())


def _unsaved(session: Session) -> list[str]:
    """Return what the session would lose if it ended now."""
    lost = [f"{kind} {row!r}" for kind in ("new", "deleted") for row in getattr(session, kind)]
    lost += [f"changed {row!r}" for row in session.dirty if session.is_modified(row)]
    if session.info.get("uncommitted") is not None and session.in_transaction():
        lost.append(f"flushed and not committed: {str(session.info['uncommitted'])[:120]}")
    return lost


@event.listens_for(Session, "after_flush")
def _flushed(session: Session, _context: Any) -> None:
    rows = [*session.new, *session.dirty, *session.deleted]
    if rows:
        session.info["uncommitted"] = ", ".join(sorted({type(row).__name__ for row in rows}))


@event.listens_for(Session, "do_orm_execute")
def _executed(state: ORMExecuteState) -> None:
    if state.is_insert or state.is_update or state.is_delete:
        # The statement is kept as an object: to write each out as text would be to compile it twice.
        state.session.info["uncommitted"] = state.statement


@event.listens_for(Session, "after_commit")
def _committed(session: Session) -> None:
    commits[0] += 1
    session.info.pop("uncommitted", None)


@event.listens_for(Session, "after_soft_rollback")
def _undone(session: Session, _previous: Any) -> None:
    if not session.in_nested_transaction():
        session.info.pop("uncommitted", None)


def _at_the_end_of_a_context(_error: BaseException | None) -> None:
    """Note what the sessions would lose. Called before they are closed; the test's own context is not checked."""
    if g.get("of_the_test"):
        return
    for session in _open_sessions():
        _lost.extend(_unsaved(session))


@contextmanager
def watched(*apps: Flask) -> Iterator[None]:
    """Fail the test if one of its requests, commands or tasks ended with changes that were not committed."""
    for app in apps:
        # What is registered last is called first, so the sessions are still open.
        if _at_the_end_of_a_context not in app.teardown_appcontext_funcs:
            app.teardown_appcontext_funcs.append(_at_the_end_of_a_context)
    _lost.clear()
    yield
    assert not _lost, "A request, command or task ended with changes not committed: " + "; ".join(_lost)


@contextmanager
def test_context(app: Flask) -> Iterator[AppContext]:
    """Open a context in which unsaved rows are not checked, since they are the test's own."""
    with app.app_context() as context:
        g.of_the_test = True
        yield context


test_context.__test__ = False  # type: ignore[attr-defined]


# What Python writes of a text in three languages, of any other mapping, and of objects: no person reads these.
_REPR = re.compile(
    r"\{(?:'|&#39;|&#34;|&quot;)\w+(?:'|&#39;|&#34;|&quot;): ?(?:'|&#39;|&#34;|&quot;|None|True|False|\{|\[|\d)"
    r"|\b(?:mappingproxy|Decimal|datetime\.\w+|Problem|immutabledict)\((?=[^)])"
    r"|(?:<|&lt;)[\w.]+ object at 0x"
)
# In scripts, in attributes for scripts and in hidden inputs, JSON has its place.
_FOR_SCRIPTS = re.compile(
    r"<input type=\"hidden\"[^>]*>"
    r"|<script\b.*?</script>|<textarea\b.*?</textarea>|\bdata-[\w-]+=(?:\"[^\"]*\"|'[^']*')",
    re.DOTALL,
)


def repr_in(response: Any) -> str | None:
    """Return the first repr of a value that a page shows, with what stands around it; None if it shows none."""
    if response.mimetype != "text/html":
        return None
    page = _FOR_SCRIPTS.sub("", response.get_data(as_text=True))
    found = _REPR.search(page)
    return page[max(0, found.start() - 60) : found.end() + 60] if found else None


def _read_within(context: Context, parts: Iterable[Any]) -> Iterator[Any]:
    """Give the parts of an answer as the context of its request goes on making them."""
    made = iter(parts)
    while (part := context.run(next, made, None)) is not None:
        yield part


class SeparateClient(FlaskClient):
    """A client whose requests have their own session and `g`, as on a server, and not those of the test's context."""

    def open(self, *arguments: Any, **values: Any) -> Any:
        """Send a request. What the test itself read before is read again afterwards."""
        if has_app_context():
            for session in _open_sessions():
                assert not _unsaved(session), f"commit before a request: {_unsaved(session)}"
                session.rollback()
                session.expire_all()
        # Within nobody's context, as on a server: what is read when the request has ended finds its session closed.
        apart = Context()
        response = apart.run(super().open, *arguments, **values)
        if response.is_streamed:
            response.response = _read_within(apart, response.response)
        shows = repr_in(response)
        assert shows is None, f"{response.request.path} shows people a value of the program: {shows}"
        return response


def rows_of(table: type[Any]) -> int:
    """Return how many rows a table has, as the present context sees it."""
    return int(db.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0)

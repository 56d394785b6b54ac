"""Sessions of the asynchronous kind are closed by nobody: there are none, as long as the library keeps both apart."""

from __future__ import annotations

from inspect import iscoroutinefunction
from pathlib import Path

import sqlalchemy as sa
from flask import Flask, g
from flask_sqlalchemy_lite import SQLAlchemy
from flask_sqlalchemy_lite import _extension as library

from cohortmgr.app import create_app
from cohortmgr.base.db import db
from cohortmgr.base.settings import Settings


def test_the_library_has_one_asynchronous_end_and_one_of_our_kind() -> None:
    app = Flask("page")
    app.config["SQLALCHEMY_ENGINES"] = {"default": "sqlite://"}
    SQLAlchemy(app)
    assert app.teardown_appcontext_funcs == [library._close_sessions, library._close_async_sessions]
    assert [iscoroutinefunction(each) for each in app.teardown_appcontext_funcs] == [False, True]


def test_our_sessions_are_closed_and_there_is_no_other(tmp_path: Path) -> None:
    app = create_app(Settings(data=tmp_path, database_url="sqlite://"))
    assert library._close_sessions in app.teardown_appcontext_funcs
    assert not any(map(iscoroutinefunction, app.teardown_appcontext_funcs))
    with app.app_context():
        assert dict(db.async_engines) == {}
        session = db.session
        session.execute(sa.text("SELECT 1"))
        assert session.in_transaction()
        assert "_sqlalchemy_async_sessions" not in g
    assert not session.in_transaction()
    for engine in db._app_state[app].engines.values():
        engine.dispose()

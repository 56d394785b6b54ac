"""A web process that stops asks the worker for what is done at a stop: its own role may not note the trail's ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from cohortmgr.base.settings import ROOT
from cohortmgr.base.work import Work, works_of
from cohortmgr.jobs.actions.broker import ask_at_stop, celery_for


def test_what_is_done_at_a_stop_is_asked_for_and_nothing_else(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    celery, sent = celery_for(app.extensions["cohortmgr-settings"]), []
    monkeypatch.setattr(celery, "send_task", lambda name, **more: sent.append((name, more["queue"])))
    ask_at_stop(celery, works_of(app))
    assert sent == [("note.trail", "jobs")]

    def unreachable(*_: Any, **__: Any) -> None:
        raise OSError("no broker")

    monkeypatch.setattr(celery, "send_task", unreachable)
    ask_at_stop(celery, [Work("note.trail", lambda _: None, at_stop=True)])
    assert "was not asked for note.trail" in caplog.text


@pytest.mark.sqlite_only
def test_a_web_process_asks_as_it_ends_and_a_command_does_not(app: Flask, tmp_path: Path) -> None:
    environment = {**os.environ, "COHORTMGR_DATA": str(tmp_path)}
    for name, number in (("gunicorn", 1), ("flask", 0)):
        code = f"import sys; sys.argv = [{name!r}]; import wsgi"
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True, timeout=60)
        found = [path for path in (tmp_path / "broker").rglob("*") if path.is_file()]
        asked = [path for path in found if b"note.trail" in path.read_bytes()]
        assert len(asked) == number, found
        for path in asked:
            path.unlink()

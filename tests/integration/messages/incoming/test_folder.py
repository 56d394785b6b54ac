"""The folder into which mail comes: read once each, nothing lost, and what nobody could use read in pages."""

from __future__ import annotations

import errno
import io
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy.exc import OperationalError

from cohortmgr.accounts.rules import Role
from cohortmgr.base.db import db
from cohortmgr.base.stores.store import StoreAway
from cohortmgr.messages.helpdesk.queries import questions as desk_queries
from cohortmgr.messages.incoming import tasks as incoming_tasks
from cohortmgr.messages.incoming.actions import receive, tag_of
from cohortmgr.messages.incoming.rules import IncomingMail, question_address
from tests.factories.choices import browser, decided, someone
from tests.integration.messages.helpdesk.test_desk import asked, questions
from tests.integration.messages.incoming.test_receiving import OURS, about, again, left, reply
from tests.unit.messages.incoming.test_rules import POSTFIX

pytestmark = pytest.mark.usefixtures("system_context")


def files(place: Path) -> set[str]:
    """What lies in the folder and below."""
    return {
        str(path.relative_to(place)) for path in place.rglob("*") if path.is_file() and path.name != ".lock"
    }


@pytest.fixture
def incoming() -> Path:
    """The folder of incoming mail, empty."""
    place = incoming_tasks.folder()
    for path in sorted(place.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    return place


def test_the_folder_is_read_and_what_is_unknown_is_kept(incoming: Path) -> None:
    _intake, message = left()
    (incoming / "a.eml").write_bytes(about(POSTFIX, message))
    (incoming / "b.eml").write_bytes(b"To: nobody\n\nhello")
    (incoming / ".draft").write_bytes(b"half")
    assert incoming_tasks.collect() == 2 and incoming_tasks.collect() == 0
    assert again(message).state == "returned"
    assert files(incoming) == {".draft", "unknown/b.eml"}


def test_what_nobody_could_use_is_read_in_pages_and_removed(app: Flask, incoming: Path) -> None:
    intake, _batch = decided(1, seats=1)
    (incoming / "b.eml").write_bytes(
        "From: Zineb <z@x.ma>\nTo: nobody\nSubject: Ma carte\n\n<b>Où est-elle ?</b>".encode()
    )
    incoming_tasks.collect()
    (incoming / "aside").mkdir()
    (incoming / "aside" / "dead.eml").write_bytes(b"x")
    manager = browser(app, someone(intake, Role.SELECTION_MANAGER, "mona"))
    assert manager.get("/staff/mail").status_code == 404, "it may concern any institution"
    client = browser(app, someone(intake, Role.SYSTEM_ADMINISTRATOR, "sami"))
    page = client.get("/staff/mail").text
    assert "Ma carte" in page and "&lt;b&gt;Où est-elle ?" in page and "dead.eml" in page
    for wrong in ("unknown/..%2Fa", "elsewhere/b.eml", "unknown/.lock", "unknown/gone.eml"):
        assert client.post(f"/staff/mail/{wrong}/remove").status_code == 404
    assert manager.post("/staff/mail/unknown/b.eml/remove").status_code == 404
    assert client.post("/staff/mail/unknown/b.eml/remove").status_code == 302
    assert files(incoming) == {"aside/dead.eml"}
    assert client.post("/staff/mail/aside/dead.eml/remove").status_code == 302
    assert "Tout est lu" in client.get("/staff/mail").text


@pytest.mark.parametrize(
    "subject",
    ["رد إلى رسالتكم", "Out of office hours call", "Auto : attestation de travail", "Vacation reply"],
)
def test_no_answer_to_us_is_lost_by_its_subject(incoming: Path, subject: str) -> None:
    _intake, message = left()
    headers = {"Subject": subject, "In_Reply_To": f"<{message.reference}@{OURS}>"}
    (incoming / "a.eml").write_bytes(reply("x@y.ma", "Je serai là.", **headers))
    incoming_tasks.collect()
    assert len(files(incoming)) + len(questions()) == 1, "staff read it in one place or the other"


def test_who_reads_a_mail_kept_for_its_subject_is_told_why(app: Flask, incoming: Path) -> None:
    intake, _batch = decided(1, seats=1)
    for name, subject in (("a.eml", "Auto-réponse : Offre"), ("b.eml", "Ma carte")):
        (incoming / name).write_bytes(f"From: z@x.ma\nTo: nobody\nSubject: {subject}\n\nBonjour".encode())
    incoming_tasks.collect()
    client = browser(app, someone(intake, Role.SYSTEM_ADMINISTRATOR, "sami"))
    assert client.get("/staff/mail").text.count("est celui d’une réponse automatique") == 1


def test_what_fails_three_times_is_laid_aside_and_stops_nobody(
    incoming: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fall(_viewer: Any, mail: IncomingMail) -> str:
        if "bad" in mail.sender:
            raise ValueError("what nobody foresaw")
        return "ignored"

    monkeypatch.setattr(incoming_tasks, "receive", fall)
    (incoming / "a.eml").write_bytes(b"From: bad@x.ma\n\n")
    (incoming / "b.eml").write_bytes(b"From: good@x.ma\n\n")
    for expected in ({"a.eml~1"}, {"a.eml~2"}, {"a.eml~3"}, {"aside/a.eml"}):
        incoming_tasks.collect()
        assert files(incoming) == expected


@pytest.mark.parametrize(
    "failure",
    [
        OperationalError("select", {}, Exception("gone")),
        OSError(errno.ENOSPC, "no room"),
        StoreAway("the bucket does not answer"),
    ],
    ids=["database away", "disk full", "files away"],
)
def test_a_machine_that_ails_is_not_the_mail_s_affair(
    incoming: Path, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    def away(*_: Any) -> str:
        raise failure

    (incoming / "a.eml").write_bytes(b"From: a@x.ma\n\n")
    with monkeypatch.context() as patch:
        patch.setattr(incoming_tasks, "receive", away)
        for _ in range(5):
            with pytest.raises(type(failure)):
                incoming_tasks.collect()
    assert files(incoming) == {"a.eml"}


def test_a_reader_that_dies_between_leaves_the_mail_to_the_next(
    incoming: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    intake, _batch = decided(1, seats=1)
    asked(intake, 1)
    question = questions()[0]
    (incoming / "a.eml").write_bytes(
        reply(question_address(question.reference, tag_of(question.reference), OURS))
    )

    def die(viewer: Any, mail: IncomingMail) -> str:
        receive(viewer, mail)
        db.session.commit()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(incoming_tasks, "receive", die)
        with pytest.raises(KeyboardInterrupt):
            incoming_tasks.collect()
    assert files(incoming) == {"a.eml~1"}
    assert incoming_tasks.collect() == 1 and files(incoming) == set()
    assert len(desk_queries.thread(question, whole=True)) == 2


def test_the_pipe_of_a_mail_server(
    incoming: Path, runner: FlaskCliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_for = ["messages", "receive", "--recipient", "bounces+x@cohortmgr.example"]
    assert runner.invoke(args=asked_for, input=b"From: a@b.ma\n\nbonjour").exit_code == 0
    [name] = files(incoming)
    assert (
        (incoming / name)
        .read_bytes()
        .startswith(b"X-Original-To: bounces+x@cohortmgr.example\r\nFrom: a@b.ma")
    )
    monkeypatch.setattr(incoming_tasks, "LIMIT", 10)
    assert runner.invoke(args=["messages", "receive"], input=b"x" * 11).exit_code == 65
    assert incoming_tasks.keep(io.BytesIO(b"x" * 10)) is True

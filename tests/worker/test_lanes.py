"""What takes long holds its own threads and no others: a letter leaves while a pile of papers is examined."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import sqlalchemy as sa
import yaml

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.applications.documents.actions import papers
from cohortmgr.applications.documents.actions.receiving import prepare_document
from cohortmgr.applications.file.models import Application, Document
from cohortmgr.base.db import db, writing
from cohortmgr.base.settings import ROOT
from cohortmgr.base.work import Work, works_of
from cohortmgr.jobs.models import Job
from cohortmgr.outbox.models import Message
from cohortmgr.programmes.queries import definition_of
from tests.factories.choices import sent
from tests.integration.applications.documents.photos import photo
from tests.worker.conftest import Worker
from tests.worker.test_worker import ask, command_of, send, states, tasks, until

PILE = 8
__all__ = ["tasks"]


def pile() -> None:
    """Papers of several files, each with a wake of its own, as they come on the last day."""
    intake = sent(PILE)
    question = definition_of(intake).form.question("transcripts")
    for file in db.session.scalars(sa.select(Application.id)).all():
        parts = [prepare_document(question, "un.jpg", photo(size=(600, 800))).part for _page in range(2)]
        with writing() as session:
            papers.join(SYSTEM, session.get_one(Application, file), None, "transcripts", parts)


def papers_left() -> int:
    left = sa.select(sa.func.count()).where(Document.state == "received")
    return int(db.session.scalar(left) or 0)


@pytest.mark.usefixtures("system_context")
def test_letters_and_jobs_go_on_while_papers_are_examined(worker: Worker) -> None:
    pile()
    until(lambda: papers_left() < PILE, worker)
    send()
    ask()
    until(lambda: states(Message) == ["sent"] and states(Job) == ["done"], worker)
    db.session.rollback()
    assert papers_left() > 0, "they waited until the last paper was examined"
    busy = sa.select(sa.func.count()).where(Document.lease_until.is_not(None))
    assert (db.session.scalar(busy) or 0) <= 1, "one paper at a time"
    assert "Traceback" not in worker.said(), worker.said()


def test_threads_are_left_for_letters_and_for_what_is_short_while_everything_else_is_at_work(
    tasks: Any,
) -> None:
    """The long works, each with as many threads as it may have, leave two; the outbox keeps itself to one."""
    composed = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    repeated = [work for work in works_of(tasks.flask_app) if work.repeated]
    assert {work.name for work in repeated} >= {"drain.jobs", "drain.documents"}
    assert not [work.name for work in repeated if work.at_once is None], "it would hold every thread"
    for words in (command_of("worker"), composed["services"]["worker"]["command"]):
        assert int(words[words.index("-c") + 1]) >= 2 + sum(work.at_once or 0 for work in repeated)


def test_a_work_holds_no_more_threads_than_it_says_and_looks_once_more(tasks: Any) -> None:
    begun, go_on, acts = threading.Event(), threading.Event(), []

    def slow(_stopping: object) -> bool:
        acts.append(threading.get_ident())
        begun.set()
        assert go_on.wait(10)
        return False

    work = Work("tests.slow", slow, repeated=True, at_once=1)
    first = threading.Thread(target=tasks.do, args=(work,))
    first.start()
    assert begun.wait(10)
    for _wake in range(3):
        tasks.do(work)  # returns at once: the other is at it
    assert len(acts) == 1
    go_on.set()
    first.join(10)
    assert acts == [acts[0]] * 2, "what came meanwhile is looked for once, by the thread that was there"


def test_a_work_that_fails_leaves_its_place(tasks: Any) -> None:
    def bad(_stopping: object) -> bool:
        raise ValueError("no")

    work = Work("tests.bad", bad, at_once=1)
    for _try in range(2):
        with pytest.raises(ValueError, match="no"):
            tasks.do(work)

"""A list of 20,000 files leaves in little memory, and a campaign to all of them is counted once."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from bench.statements import explained
from cohortmgr.applications.lists import tasks
from cohortmgr.applications.lists.models import ListExport
from cohortmgr.base import storage
from cohortmgr.base.db import db, writing
from cohortmgr.base.paging import ListPlace
from cohortmgr.base.sheets.tables import read_table
from cohortmgr.jobs.models import Job
from cohortmgr.messages.campaigns import actions as campaigns
from cohortmgr.messages.campaigns.models import Campaign
from cohortmgr.messages.campaigns.queries import recipients
from cohortmgr.messages.campaigns.rules import CampaignDraft, CampaignText
from tests.integration.accounts.test_roles import cookie
from tests.many.conftest import FILES, Many
from tests.watch import test_context

pytestmark = pytest.mark.services
MOST_HELD = 15_000_000
TEXTS = {code: CampaignText("Bonjour", "Bonjour {name}", "Bonjour") for code in ("fr", "ar", "en")}


@contextmanager
def held(most: int) -> Iterator[None]:
    """Fail if Python holds more bytes at once than that."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < most
    finally:
        tracemalloc.stop()


def post(many: Many, address: str, kind: str) -> tuple[int, str, int, int]:
    """Status, location, bytes and lines of an answer that is read as it comes."""
    many.database.app.config["WTF_CSRF_ENABLED"] = False
    headers = cookie(many.database, many.tokens["m"])
    answer = many.client.post(address, data={"kind": kind}, headers=headers, buffered=False)
    size = lines = 0
    for part in answer.iter_encoded():
        size, lines = size + len(part), lines + part.count(b"\r\n")
    answer.close()
    return answer.status_code, answer.location or "", size, lines


def test_a_csv_of_all_files_is_never_held_whole(many: Many) -> None:
    path = "/staff/intakes/{intake}/applications/export?state=all".format(**many.references)
    with held(MOST_HELD):
        status, _, size, lines = post(many, path, "csv")
    assert status == 200 and lines > FILES and size > FILES * 50


def test_a_workbook_of_all_files_is_written_by_the_worker_in_little_memory(many: Many) -> None:
    path = "/staff/intakes/{intake}/applications/export?state=all".format(**many.references)
    status, place, _, _ = post(many, path, "xlsx")
    assert status == 302
    with test_context(many.database.system_app):
        with held(MOST_HELD):
            tasks.export({"export": place.rpartition("/")[2]}, lambda done, total: None)
        wanted = sa.select(ListExport).where(ListExport.reference == place[-26:])
        row = db.session.scalars(wanted.execution_options(populate_existing=True)).one()
        assert row.rows is not None and row.rows > FILES
        data = storage.load(row.storage_key or "")
        with writing() as session:
            session.execute(sa.update(Job).where(Job.reference == row.job_reference).values(state="done"))
            session.execute(sa.delete(ListExport).where(ListExport.id == row.id))
        storage.delete(row.storage_key or "")
    assert len(read_table(data).rows) == row.rows


def test_people_of_a_campaign_are_joined_once_and_read_in_pages(many: Many) -> None:
    with test_context(many.database.system_app):
        manager = many.year.viewer("selection_manager")
        with writing():
            made = campaigns.create(
                manager, many.references["intake"], CampaignDraft(title="À tous", texts=TEXTS), "L" * 26
            )
        campaign = db.session.scalars(sa.select(Campaign).where(Campaign.reference == made.reference)).one()
        with explained(db.engine) as read:
            counts = recipients.counts(campaign)
            page = recipients.told(campaign, ListPlace(), 50, TEXTS)
            recipients.told(campaign, ListPlace(2, after=page.after or ""), 50, TEXTS)
        with writing():
            campaigns.cancel(manager, made.reference, "0")
    assert counts.total > FILES // 2 and page.is_more and len(page.rows) == 50
    # Files and persons are read by their whole tables: a few blocks for each hundred people, and not some for each box.
    assert max(each.blocks for each in read) < FILES

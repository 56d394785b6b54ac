"""The whole telephone and address of a person, which staff ask for before they call."""

from __future__ import annotations

from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.applications.file import queries as file_queries
from cohortmgr.applications.file.actions import about_file
from cohortmgr.applications.file.queries import File
from cohortmgr.applications.file.rules import ApplicationState
from cohortmgr.audit.actions import record
from cohortmgr.base.errors import NotPermitted


def read_contacts(viewer: Viewer, reference: str) -> File:
    """Note that staff who manage a file read how its person is reached; returns the file. A draft is for its person
    alone."""
    file = file_queries.read_by_staff(viewer, reference)
    require(viewer, file_queries.MANAGE, file.intake.path)
    if file.application.state == ApplicationState.DRAFT:
        raise NotPermitted(reference)
    record(viewer, "applications.read_contacts", about_file(viewer, file.application))
    return file

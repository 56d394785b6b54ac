"""The list of all tables: importing this module gives Alembic, the worker and the tests the whole metadata."""

from cohortmgr.accounts import models as accounts
from cohortmgr.accounts.roles import models as roles
from cohortmgr.applications.deadlines import models as deadlines
from cohortmgr.applications.desk import models as desk
from cohortmgr.applications.documents import models as documents
from cohortmgr.applications.duplicates import models as duplicates
from cohortmgr.applications.eligibility import models as eligibility
from cohortmgr.applications.file import models as files
from cohortmgr.applications.guardians import models as guardians
from cohortmgr.applications.importing import models as importing
from cohortmgr.applications.invitees import models as invitees
from cohortmgr.applications.lists import models as lists
from cohortmgr.applications.searching import models as searching
from cohortmgr.audit import models as audit
from cohortmgr.base.db import Model
from cohortmgr.cohorts import models as cohorts
from cohortmgr.jobs import models as jobs
from cohortmgr.messages.campaigns import models as campaigns
from cohortmgr.messages.helpdesk import models as helpdesk
from cohortmgr.messages.letters import models as letters
from cohortmgr.messages.preferences import models as preferences
from cohortmgr.messages.undelivered import models as undelivered
from cohortmgr.organisations import models as organisations
from cohortmgr.organisations.letterheads import models as letterheads
from cohortmgr.outbox import models as outbox
from cohortmgr.placements import models as placements
from cohortmgr.programmes import models as programmes
from cohortmgr.reports import models as reports
from cohortmgr.reviews import models as reviews
from cohortmgr.reviews.assignment import models as assignment
from cohortmgr.reviews.gaps import models as gaps
from cohortmgr.reviews.harmonising import models as harmonising
from cohortmgr.reviews.interviews import models as interviews
from cohortmgr.reviews.marksheets import models as marksheets
from cohortmgr.reviews.phases import models as phases
from cohortmgr.selection import models as selection
from cohortmgr.selection.moves import models as moves
from cohortmgr.selection.scenarios import models as scenarios
from cohortmgr.selection.sealing import models as sealing
from cohortmgr.selection.standings import models as standings
from cohortmgr.stipends import models as stipends

__all__ = [
    "accounts",
    "assignment",
    "audit",
    "campaigns",
    "cohorts",
    "deadlines",
    "desk",
    "documents",
    "duplicates",
    "eligibility",
    "files",
    "gaps",
    "guardians",
    "harmonising",
    "helpdesk",
    "importing",
    "interviews",
    "invitees",
    "jobs",
    "letterheads",
    "letters",
    "lists",
    "marksheets",
    "metadata",
    "organisations",
    "moves",
    "outbox",
    "phases",
    "placements",
    "preferences",
    "programmes",
    "reports",
    "reviews",
    "sealing",
    "roles",
    "scenarios",
    "searching",
    "selection",
    "standings",
    "stipends",
    "undelivered",
]

metadata = Model.metadata

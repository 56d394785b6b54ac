"""The demonstration's beginning: the programme, the people who run it, and the 600 files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta

from cohortmgr.accounts.actions import people as accounts
from cohortmgr.accounts.queries import viewers as account_queries
from cohortmgr.accounts.rules import COMPANY_ROLES, SYSTEM, Role, Viewer
from cohortmgr.applications.file import queries as file_queries
from cohortmgr.applications.importing.actions import invitations
from cohortmgr.applications.importing.actions import runs as import_runs
from cohortmgr.base import clock
from cohortmgr.base.db import writing
from cohortmgr.base.settings import ROOT
from cohortmgr.base.text import following
from cohortmgr.demo.letterheads import LETTERHEADS, drawn_mark
from cohortmgr.demo.people import COMPANIES, PASSWORD, STAFF, Colleague
from cohortmgr.organisations import queries as organisations
from cohortmgr.organisations.letterheads import actions as letterhead_actions
from cohortmgr.organisations.letterheads import queries as letterheads
from cohortmgr.organisations.letterheads.rules import INSTALLATION, LetterheadDraft
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes import queries as programme_queries
from cohortmgr.programmes.definition.toml import read_known

PROGRAMME, INTAKE, OPEN_INTAKE = "mdia", "2025", "2027"
# The programmes that take applications beside it: whoever was refused may go on there.
BESIDE = ("ai-master-junior", "jobintech")
CHILDREN_OF = ("ai-master-junior", "2027")
# The children of the colleague who is a guardian, as their school sends them.
_CHILDREN = """\
Nom,Prénom,Date de naissance,Sexe,Code Massar,École,Tuteur,Qualité,E-mail du tuteur
El Idrissi,Adam,03/04/2014,M,J130000021,École Ibn Battouta (Rabat),Naïma El Idrissi,Mère,parent@example.org
El Idrissi,Hiba,12/09/2017,F,J130000022,École Ibn Battouta (Rabat),Naïma El Idrissi,Mère,parent@example.org
"""
SHEET = ROOT / "tests" / "data" / "mdia-2025-applications.csv"


def viewer(email: str) -> Viewer:
    """Return the viewer who signs in with this address."""
    found = account_queries.viewer_of_email(email)
    if found is None:
        raise LookupError(f"{email} has no account: is the demonstration loaded?")
    return found


def by_role(role: Role) -> list[Viewer]:
    """Return the staff of the demonstration who hold a role."""
    return [viewer(each.email) for each in STAFF if each.role is role]


def file_of(manager: Viewer, reference: str) -> tuple[int, str]:
    """Return the person's id and the address of a file, as its manager may read them."""
    application = file_queries.read_by_staff(manager, reference).application
    if application.email is None:
        raise LookupError(f"{application.number} has no address")
    return application.person_id, application.email


def alike(what: str, is_new: bool = True) -> AbstractContextManager[None]:
    """Let what is made now bear the same references at every load, for lots are drawn by them: who reads what, in which
    order, and who of equals is chosen. What was made before an interruption took them already; the rest is drawn."""
    return following(f"demonstration {what}") if is_new else nullcontext()


def is_empty(intake_id: int) -> bool:
    """Whether nobody has a file in an intake yet."""
    return not any(file_queries.counts([intake_id])[intake_id].values())


def put_programme() -> None:
    """Load the definition of the programme, which brings its host and companies along; and say who they are."""
    with alike(PROGRAMME, programme_queries.programme_by_key(PROGRAMME) is None), writing():
        programmes.load_definition(SYSTEM, read_known(PROGRAMME))
    picture = letterhead_actions.prepare_mark(drawn_mark())
    for key, draft in LETTERHEADS.items():
        with writing():
            _put_letterhead(key, draft, picture if key == "inpt" else None)


def _put_letterhead(key: str, draft: LetterheadDraft, picture: bytes | None) -> None:
    organisation = None if key == INSTALLATION else organisations.by_key(key)
    if key != INSTALLATION and organisation is None:
        raise LookupError(f"the organisation {key} is not there")
    reference = organisation.reference if organisation else INSTALLATION
    if letterheads.get_for(SYSTEM, reference).row is None:
        row = letterhead_actions.save(SYSTEM, reference, draft, 0)
        if picture is not None:
            letterhead_actions.put_mark(SYSTEM, reference, picture, row.version)


def put_children() -> None:
    """Load the programmes that are open beside, and enrol two children with their school: their mother, who has an
    account, is asked for her agreement."""
    for name in BESIDE:
        with alike(name, programme_queries.programme_by_key(name) is None), writing():
            programmes.load_definition(SYSTEM, read_known(name))
    intake = programme_queries.intake_of(*CHILDREN_OF)
    prepared = import_runs.prepare_import(
        _CHILDREN.encode(), "ecole.csv", programme_queries.definition_of(intake)
    )
    with writing():
        import_runs.load(SYSTEM, intake.reference, prepared)


def put_people() -> Iterator[float]:
    """Create an account with its role for each colleague. Yields the progress, from 0 to 1."""
    hashed = accounts.prepare_password(PASSWORD, "")
    people = STAFF + COMPANIES
    for number, colleague in enumerate(people, start=1):
        if account_queries.account_by_email(colleague.email) is None:
            with alike(colleague.email), writing():
                _put(colleague, hashed)
        yield number / len(people)


def _put(colleague: Colleague, hashed: str) -> None:
    names = {
        "given_name": colleague.given_name,
        "family_name": colleague.family_name,
        "language": colleague.language,
    }
    account = accounts.new_account(SYSTEM, colleague.email, hashed, names)
    programme = programme_queries.programme_by_key(PROGRAMME)
    if programme is None:
        raise LookupError(f"the programme {PROGRAMME} is not loaded")
    institutions = (programme.institution_id,)
    if colleague.role in COMPANY_ROLES:
        company = organisations.by_key(str(colleague.company))
        if company is None:
            raise LookupError(f"the company {colleague.company} is not there")
        accounts.grant(
            SYSTEM, account, colleague.role, "organisation", company.reference, company.path, institutions
        )
        return
    path = "" if colleague.role is Role.SYSTEM_ADMINISTRATOR else programme.path
    accounts.grant(SYSTEM, account, colleague.role, "programme", programme.reference, path, institutions)


def import_applications() -> str:
    """Import the institution's file as its manager would. Returns the counts as the command prints them."""
    intake = programme_queries.intake_of(PROGRAMME, INTAKE)
    definition = programme_queries.definition_of(intake)
    prepared = import_runs.prepare_import(SHEET.read_bytes(), SHEET.name, definition)
    manager = by_role(Role.SELECTION_MANAGER)[0]
    with alike(SHEET.name, is_empty(intake.id)), writing():
        counts = import_runs.load(manager, intake.reference, prepared)
    with clock.at(clock.now() + timedelta(hours=2)), writing():
        invitations.invite(manager, intake.reference)
    return f"{counts.loaded} loaded, {counts.replaced} replaced, {counts.rejected} rejected"

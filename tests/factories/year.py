"""Makes a whole small year of mdia, as people would: twelve files of 2025 up to paid apprentices, a draft in 2027.

The role × route table and the browser's journeys use it."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from datetime import date, timedelta

import sqlalchemy as sa

from cohortmgr.accounts.actions import claims, links
from cohortmgr.accounts.actions import people as accounts
from cohortmgr.accounts.models import Account, Person
from cohortmgr.accounts.queries import viewers as account_queries
from cohortmgr.accounts.rules import SYSTEM, Role, Viewer
from cohortmgr.applications.documents.actions import papers, uploads
from cohortmgr.applications.documents.actions.receiving import prepare_document
from cohortmgr.applications.documents.tasks import examine_next
from cohortmgr.applications.file.models import Application, Document
from cohortmgr.applications.file.queries import definition_of
from cohortmgr.applications.importing.actions import runs as import_runs
from cohortmgr.applications.importing.models import ImportRun, TrayRow
from cohortmgr.applications.importing.rules import GivenMapping
from cohortmgr.applications.journey.actions import sending
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.settings import ROOT
from cohortmgr.cohorts import actions as cohorts
from cohortmgr.cohorts.models import Enrolment
from cohortmgr.messages.preferences.actions.unsubscribe_links import token_for
from cohortmgr.organisations.queries import by_key, by_keys
from cohortmgr.placements.actions import positions as placements
from cohortmgr.placements.actions import runs
from cohortmgr.placements.models import Placement
from cohortmgr.placements.queries import placements as placement_queries
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes import queries
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.watches import actions as watches
from cohortmgr.reports import actions as reports
from cohortmgr.reports.tasks import compute
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.reading import actions as reading
from cohortmgr.reviews.rules import bounds_of
from cohortmgr.selection.actions import decisions, offers
from cohortmgr.selection.models import Decision, Offer
from cohortmgr.stipends.actions import runs as stipends
from cohortmgr.stipends.models import StipendLine
from tests.factories.choices import kept_scenario
from tests.factories.conflicts import shared_out
from tests.factories.desk import at_desk, late_start, put_aside
from tests.factories.guarded import guarded
from tests.factories.invited import invited
from tests.factories.joined import joined
from tests.factories.mailings import mailings, posted
from tests.factories.papers import proved
from tests.factories.questions import brought

FILE = ROOT / "tests" / "data" / "mdia-2025-applications.csv"
FILES = 12
PASSWORD = "une phrase de passe"
PHOTO = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R>>endobj\n"
    b"4 0 obj<</Length 16>>stream\n10 10 50 50 re f\nendstream endobj\ntrailer<</Size 5/Root 1 0 R>>\n%%EOF\n"
)
"""A PDF whose page shows a black square."""

# One person for each column of the role × route table; the year itself makes those who are not named here.
COMPANY_OF = {
    "company": "attijariwafa-bank",
    "other_company": "managem",
    "tutor": "attijariwafa-bank",
}
ROLE_OF = {
    "guardian": Role.GUARDIAN,
    "company": Role.COMPANY_CONTACT,
    "other_company": Role.COMPANY_CONTACT,
    "tutor": Role.TUTOR,
    "reviewer": Role.REVIEWER,
    "other_reviewer": Role.REVIEWER,
    "idle_reviewer": Role.REVIEWER,
    "selection_manager": Role.SELECTION_MANAGER,
    "programme_administrator": Role.PROGRAMME_ADMINISTRATOR,
    "centre_manager": Role.CENTRE_MANAGER,
    "trainer": Role.TRAINER,
    "finance": Role.FINANCE,
    "group_enroller": Role.GROUP_ENROLLER,
    "observer": Role.OBSERVER,
    "auditor": Role.AUDITOR,
    "system_administrator": Role.SYSTEM_ADMINISTRATOR,
}
# All roles that a programme's staff may hold; one person holds them in a sister programme of the institution.
ELSEWHERE = frozenset(Role) - {
    Role.CANDIDATE,
    Role.GUARDIAN,
    Role.COMPANY_CONTACT,
    Role.TUTOR,
    Role.SYSTEM_ADMINISTRATOR,
}


@dataclass
class Year:
    """What was made: `references` fills the addresses; `accounts` and `emails` say who signs in how."""

    intake: Intake
    accounts: dict[str, int] = field(default_factory=dict)
    emails: dict[str, str] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)

    def viewer(self, name: str) -> Viewer:
        """Return the viewer of a column of the table."""
        found = account_queries.viewer_of_email(self.emails[name])
        assert found is not None
        return found

    def add(self, name: str, account: Account) -> None:
        """Remember an account under a column's name."""
        self.accounts[name], self.emails[name] = account.id, account.email or ""


def read(password: str = "") -> Year:
    """Make the year up to the last reading, in a system context. With `password`, people can sign in by the form."""
    hashed = accounts.prepare_password(password, "") if password else "no hash"
    with clock.at(clock.instant(date(2025, 5, 20), 10)):
        with writing():
            programmes.load_definition(SYSTEM, read_known("mdia"))
        year = Year(queries.intake_of("mdia", "2025"))
        year.references["intake"] = year.intake.reference
        _people(year, hashed)
    with clock.at(clock.instant(date(2025, 7, 16), 10)):
        _files(year)
    with clock.at(clock.instant(date(2025, 7, 17), 10)):
        _read(year)
    return year


def lived(password: str = "") -> Year:
    """Make the whole year."""
    year = read(password)
    hashed = accounts.prepare_password(password, "") if password else "no hash"
    with clock.at(clock.instant(date(2025, 7, 29), 10)):
        _choose(year, hashed)
    with clock.at(clock.instant(date(2025, 9, 22), 10)):
        _enrol_and_place(year)
    with clock.at(clock.instant(date(2026, 2, 2), 10)):
        _pay(year)
    _now(year)
    year.references |= invited(year.viewer("programme_administrator"), year.viewer("reviewer"))
    year.references["host"] = by_keys(["inpt"])["inpt"].reference
    db.session.rollback()
    return year


def _people(year: Year, hashed: str) -> None:
    intake = year.intake
    institutions = [intake.institution_id]
    with writing():
        for name, role in ROLE_OF.items():
            account = accounts.new_account(
                SYSTEM, f"{name}@exemple.ma", hashed, {"given_name": "Une", "family_name": name}
            )
            if name in COMPANY_OF:
                company = by_key(COMPANY_OF[name])
                assert company is not None
                scope = ("organisation", company.reference, company.path)
            else:
                path = "" if role is Role.SYSTEM_ADMINISTRATOR else intake.path
                scope = ("programme", intake.reference, path)
            accounts.grant(SYSTEM, account, role, *scope, institutions)
            year.add(name, account)
        account = accounts.new_account(
            SYSTEM, "elsewhere@exemple.ma", hashed, {"given_name": "Une", "family_name": "Voisine"}
        )
        sister = intake.path.rstrip(".").rpartition(".")[0] + ".voisin."
        for role in sorted(ELSEWHERE):
            accounts.grant(SYSTEM, account, role, "programme", "sister", sister, institutions)
        year.add("elsewhere", account)


def _files(year: Year) -> None:
    """Import twelve eligible files, and one row with an impossible date of birth."""
    header, *rows = csv.reader(FILE.read_text("utf-8-sig").splitlines())
    able = [row for row in rows if len(row) == len(header) and row[13] == "Informatique"]
    bad = [*able[FILES]]
    bad[6] = "31/02/2002"
    written = io.StringIO()
    csv.writer(written).writerows([header, *able[:FILES], bad])
    definition = definition_of(year.intake)
    prepared = import_runs.prepare_import(written.getvalue().encode(), "candidatures.csv", definition)
    with writing():
        import_runs.load(year.viewer("selection_manager"), year.intake.reference, prepared)
    row = db.session.scalars(sa.select(TrayRow)).one()
    loaded = db.session.scalars(sa.select(ImportRun)).one()
    year.references |= {"row": row.reference, "loaded": loaded.reference}


def _read(year: Year) -> None:
    year.references["conflict"] = shared_out(year)
    bounds = bounds_of(definition_of(year.intake).rubric)
    by_person = {year.viewer(name).person_id: year.viewer(name) for name in ROLE_OF if "reviewer" in name}
    # Two reviewers read the one file that the table asks for; the third, who reads others, is "idle" for it.
    with writing():
        for number, row in enumerate(db.session.scalars(sa.select(Review).order_by(Review.id)).all()):
            scores = {key: low + (number * 3) % (high - low + 1) for key, (low, high) in bounds.items()}
            reading.score(by_person[row.reviewer_id], row.reference, scores, version=row.version)
            year.references.setdefault(f"review of {row.application_id}", row.reference)


def _choose(year: Year, hashed: str) -> None:
    with writing():
        batch = decisions.propose(year.viewer("selection_manager"), year.intake.reference)
    decided = db.session.scalars(
        sa.select(Decision).where(Decision.outcome == "offer").order_by(Decision.rank)
    ).all()
    with writing():
        decisions.approve(year.viewer("programme_administrator"), batch.reference, str(len(decided)))
    year.references |= {"batch": batch.reference, "reader": year.viewer("reviewer").person_reference or ""}
    year.references |= kept_scenario(year.viewer("selection_manager"), year.intake.reference, len(decided))
    for place, decision in enumerate(decided):
        application = db.session.get_one(Application, decision.application_id)
        offer = db.session.scalars(sa.select(Offer).where(Offer.application_id == application.id)).one()
        with writing():
            claim = links.create(
                "claim", db.session.get_one(Person, application.person_id).reference, timedelta(days=30)
            )
            account_id = claims.take_up_link(claim, hashed)
        candidate = account_queries.viewer_of_email(application.email or "")
        assert candidate is not None
        # One has not answered yet, and is the stranger to everybody else's pages.
        if place == len(decided) - 1:
            year.accounts["stranger"], year.emails["stranger"] = account_id, candidate.email
            year.references["open_offer"] = offer.reference
            continue
        with writing():
            offers.answer_offer(candidate, offer.reference, True)
        if place == 0:
            year.accounts["candidate"], year.emails["candidate"] = account_id, candidate.email
            year.references |= {"application": application.reference, "offer": offer.reference}


def _enrol_and_place(year: Year) -> None:
    manager, administrator = year.viewer("centre_manager"), year.viewer("programme_administrator")
    form = definition_of(year.intake).form
    seated = sa.select(Offer.application_id).where(Offer.state == "accepted")
    proved(year.viewer("selection_manager"), form, list(db.session.scalars(seated)), PHOTO)
    with writing():
        cohort = cohorts.open_cohort(manager, year.intake.reference)
        cohorts.confirm(manager, cohort.reference)
        placements.open_positions(manager, cohort.reference)
    positions = placement_queries.positions_of(cohort.id)
    first = next(
        row.Position for row in positions if row.Position.company_id == _company_id("attijariwafa-bank")
    )
    order = [first.reference, *(row.Position.reference for row in positions if row.Position.id != first.id)]
    owner = year.viewer("candidate")
    with writing():
        for enrolment in db.session.scalars(sa.select(Enrolment).order_by(Enrolment.id)).all():
            mine = enrolment.person_id == owner.person_id
            person = Viewer("candidate", enrolment.person_id, "person")
            placements.state_wishes(person, enrolment.reference, order if mine else order[::-1])
            if mine:
                year.references["enrolment"] = enrolment.reference
    for row in placement_queries.company_positions(SYSTEM):
        typed = {each.reference: "15" for each in placement_queries.candidates_of(row.Position.id)}
        with writing():
            placements.give_scores(SYSTEM, row.Position.reference, typed, row.Position.version)
    with writing():
        run = runs.run_matching(manager, cohort.reference)
    with writing():
        runs.approve_matching(administrator, run.reference, str(len(run.certificate["assignment"])))
    placement = db.session.scalars(sa.select(Placement).where(Placement.person_id == owner.person_id)).one()
    year.references |= {
        "cohort": cohort.reference,
        "matching": run.reference,
        "placement": placement.reference,
        "position": first.reference,
    }


def _company_id(key: str) -> int:
    company = by_key(key)
    assert company is not None
    return company.id


def _pay(year: Year) -> None:
    """Approve January's stipends, and compute February's, which then wait."""
    finance, cohort = year.viewer("finance"), year.references["cohort"]
    with writing():
        run = stipends.compute(finance, stipends.open_run(finance, cohort, date(2026, 1, 1)).reference)
    with writing():
        stipends.approve(year.viewer("programme_administrator"), run.reference, str(run.lines), run.version)
    owner = year.viewer("candidate")
    line = db.session.scalars(
        sa.select(StipendLine).where(StipendLine.run_id == run.id, StipendLine.person_id == owner.person_id)
    ).one()
    with writing():
        waiting = stipends.compute(finance, stipends.open_run(finance, cohort, date(2026, 2, 1)).reference)
    other = db.session.scalars(sa.select(StipendLine).where(StipendLine.run_id == waiting.id)).first()
    assert other is not None
    year.references |= {
        "paid_run": run.reference,
        "line": line.reference,
        "waiting_run": waiting.reference,
        "waiting_line": other.reference,
    }


def _now(year: Year) -> None:
    """Make what is current: a report, a draft with a paper, an import that waits, and a link of each purpose."""
    manager, owner = year.viewer("selection_manager"), year.viewer("candidate")
    with writing():
        report = reports.ask_report(manager, year.intake.reference).reference
    compute({"report": report}, lambda done, total: None)
    opened = queries.intake_of("mdia", "2027")
    question = next(each for each in definition_of(opened).form.questions if each.key == "transcripts")
    prepared = prepare_document(question, "relevés.pdf", PHOTO)
    key = import_runs.prepare_upload(FILE.read_bytes()[:4000].rpartition(b"\n")[0])
    other = prepare_document(question, "licence.pdf", PHOTO)
    application = db.session.scalars(
        sa.select(Application).where(Application.reference == year.references["application"])
    ).one()
    with writing():
        draft = sending.start(owner, opened.reference)
        db.session.flush()
        document = papers.attach(owner, draft.reference, prepared)
        read = sa.select(Document).where(
            Document.application_id == application.id, Document.replaced_at.is_(None)
        )
        before = db.session.scalars(read).one()
        paper = papers.join(SYSTEM, application, before, "transcripts", [other.part])  # sent again, on paper
        run = import_runs.begin(manager, opened.reference, "2027.csv", key, GivenMapping())
        upload = uploads.begin(owner.person_id or 0, draft.reference, "transcripts", "photo.jpg", 1000)
        link = links.create(links.CLAIM, owner.person_reference or "", timedelta(hours=2))
        repair = links.create(
            "repair", year.references["row"], timedelta(days=30), year.intake.institution_id
        )
    while examine_next():
        continue
    with writing() as session:  # it was there when the file was read
        session.get_one(Document, paper.id).uploaded_at = clock.instant(date(2025, 7, 16), 9)
    reviews_of = db.session.scalars(
        sa.select(Review).where(Review.application_id == application.id).order_by(Review.id)
    ).all()
    year.references |= {
        "intake": year.intake.reference,
        "open_intake": opened.reference,
        "draft": draft.reference,
        "document": document.reference,
        "upload": upload.reference,
        "paper": paper.reference,
        "import": run,
        "report": report,
        "link": link,
        "repair": repair,
        "late": late_start(manager, opened),
        "unsubscribe": token_for(owner.person_reference or ""),
        "watch": watches.token_for("W" * 26),
        "review": reviews_of[0].reference,
    }
    year.references |= guarded(year.viewer("group_enroller"))
    _name_readers(year, [row.reviewer_id for row in reviews_of])
    names = ("intake", "application", "open_offer")
    year.references |= at_desk(manager, *(year.references[name] for name in names))
    year.references |= put_aside(manager, opened.reference, year.viewer("trainer"), year.viewer("finance"))
    year.references |= joined(owner)
    year.references |= posted(year.accounts["candidate"])
    administrator, number = year.viewer("programme_administrator"), application.number
    year.references |= mailings(manager, administrator, year.intake.reference, number)
    line = year.references["line"]
    year.references |= brought(owner, manager, application.reference, line, year.intake.reference)


def _name_readers(year: Year, readers: list[int]) -> None:
    """Rename the reviewers: `reviewer` reads the table's file, `other_reviewer` reads others and never this one."""
    names = [name for name in ROLE_OF if "reviewer" in name]
    by_person = {year.viewer(name).person_id: name for name in names}
    other = next(name for person, name in by_person.items() if person not in readers)
    people = {"reviewer": by_person[readers[0]], "other_reviewer": other}
    found = {new: (year.accounts[old], year.emails[old]) for new, old in people.items()}
    for name in names:
        del year.accounts[name], year.emails[name]
    for new, (account, email) in found.items():
        year.accounts[new], year.emails[new] = account, email

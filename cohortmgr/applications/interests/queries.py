"""Find who has an interest in an intake: its candidates, whoever answers for one, and companies that take apprentices.

Somebody may stand in several rows of persons, since each address or number made one. What is decided here is about
the human being: rows with the same address or number, or whose files staff united, are one. An identity number is one
row's alone (`identifiers` says so), so that it leads there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.contacts import known_email
from cohortmgr.accounts.models import Account, Person
from cohortmgr.accounts.queries.viewers import company_roles_of
from cohortmgr.accounts.roles.rules import RoleScope
from cohortmgr.accounts.rules import COMPANY_ROLES, Role, Scope, Viewer, covers
from cohortmgr.applications.duplicates.models import Merge
from cohortmgr.applications.file.models import Application, Extension
from cohortmgr.applications.file.queries import sealed_answers
from cohortmgr.applications.file.rules import ApplicationState
from cohortmgr.applications.guardians.models import Guardianship
from cohortmgr.applications.interests import hooks
from cohortmgr.applications.interests.rules import CHOOSING, Interest, InterestKind, reason_of
from cohortmgr.base import clock, crypto
from cohortmgr.base.db import db, transaction_cache
from cohortmgr.base.errors import Problem
from cohortmgr.organisations.models import Organisation
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.definition.rules import Form
from cohortmgr.programmes.models import Intake

_STANDING = tuple(
    state.value
    for state in ApplicationState
    if state not in (ApplicationState.DRAFT, ApplicationState.WITHDRAWN)
)


# Made once: whoever reads is asked for at each mark, and a new alias is adapted column by column.
_OWN = sa.orm.aliased(Application)
_ADDRESSES, _NUMBERS = ("person.email", "guardian.email"), ("person.phone", "guardian.phone")


def _stands() -> sa.ColumnElement[bool]:
    """Whether a file of an intake makes its person a candidate: it was sent, or may be sent yet."""
    longer = sa.select(Extension.id).where(
        Extension.application_id == Application.id,
        Extension.revoked_at.is_(None),
        Extension.until > clock.now(),
    )
    open_yet = sa.or_(Intake.closes_at > clock.now(), longer.exists())
    unsent = sa.and_(Application.state == ApplicationState.DRAFT.value, open_yet)
    return sa.or_(Application.state.in_(_STANDING), unsent)


def own_files(intake: Intake, people: Sequence[Any]) -> set[tuple[str, str]]:
    """Return (person's reference, number) of each file that is somebody's own, whatever row of a person it hangs on.

    `people` have `person_id`, `reference`, and the addresses and numbers that are theirs (`email`, `phone_blind`,
    `entering_email`, `entering_phone`). A file is theirs by its person, by an address or telephone number of theirs,
    or if staff recorded that it is of the same person as a file of theirs."""
    return _own_files(intake, people, same_people(bearers_of(people)), sa.true())


def concerned_in(intake: Intake, people: Sequence[Any]) -> set[str]:
    """Return the references of those who have an interest in an intake, and get none of its files.
    `people` are as for `own_files`."""
    references = {row.person_id: row.reference for row in people}
    same = same_people(bearers_of(people))
    theirs = {reference for reference, _number in _own_files(intake, people, same, _stands())}
    rows = [*_guarded(same, {intake.id}), *_companies([intake], same)]
    return theirs | {references[number] for number, _interest in rows}


def _own_files(
    intake: Intake, people: Sequence[Any], same: Mapping[int, set[int]], chosen: sa.ColumnElement[bool]
) -> set[tuple[str, str]]:
    theirs: Mapping[int, str] = {row.person_id: row.reference for row in people}
    contacts: dict[str, set[int]] = defaultdict(set)
    for number, known in bearers_of(people).items():
        for contact in known:
            contacts[contact].add(number)
    owners, addresses = _owners(same), sorted(contacts)
    ways = [Application.person_id.in_(sorted(owners))]
    if addresses:
        ways += [column.in_(addresses) for column in (Person.email, Application.email, Person.phone_blind)]
    rows = sa.select(
        Application.number,
        Application.person_id,
        Application.email,
        Person.email.label("address"),
        Person.phone_blind,
    )
    rows = rows.join(Person, Person.id == Application.person_id)
    rows = rows.join(Intake, Intake.id == Application.intake_id)
    rows = rows.where(Application.intake_id == intake.id, chosen)
    found: set[tuple[str, str]] = set()
    # Each way is a statement of its own below the union, so that an index answers it.
    for row in db.session.execute(sa.union_all(*(rows.where(each) for each in ways))):
        said = {known_email(row.email or ""), known_email(row.address or ""), row.phone_blind or ""} - {""}
        numbers = owners.get(row.person_id, set()).union(*(contacts.get(each, ()) for each in said))
        found |= {(theirs[number], row.number) for number in numbers}
    return found


def stands_in(file: Application, form: Form, people: Sequence[Any]) -> bool:
    """Whether a file's own answers bear an address or number of these people, who are as for `own_files`: as its
    person's or as its guardian's. It unseals them, so that it is asked of one file and not of an intake."""
    known = set().union(*bearers_of(people).values())
    answers = {**file.answers, **sealed_answers(file)}
    told = [(each.target, str(answers[each.key])) for each in form.questions if answers.get(each.key)]
    said = {known_email(text) for target, text in told if target in _ADDRESSES}
    said |= {crypto.blind_index("phone", text) for target, text in told if target in _NUMBERS}
    return not known.isdisjoint(said)


def bearers_of(people: Sequence[Any]) -> dict[int, set[str]]:
    """Return the addresses and numbers of people, which are as for `own_files`, by their ids."""
    found: dict[int, set[str]] = {}
    for row in people:
        emails = {known_email(each) for each in (row.email, row.entering_email) if each}
        found[row.person_id] = emails | {each for each in (row.phone_blind, row.entering_phone) if each}
    return found


def barred_to(viewer: Viewer, read_in: sa.Select[int]) -> frozenset[int]:
    """Return the ids of the intakes whose files the viewer does not read, for they have an interest there. Looked up
    once a transaction, in one statement for almost everybody, whom no file can concern; else in seven, and more for who
    has a role in a company. `read_in` selects the intakes in which files were given to the viewer: in these alone it is
    asked whether a file bears an address of theirs that no row of a person bears, since each of their files is looked
    at for that."""
    if viewer.person_id is None:
        return frozenset()
    held = transaction_cache(db.session, "interests")
    if viewer.reference not in held and not _may_concern(viewer, read_in):
        held[viewer.reference] = frozenset()
    if viewer.reference not in held:
        contacts = contacts_of([viewer.person_id])
        same = same_people(contacts)
        rows = [*_candidatures(same), *_files_with_address(contacts, read_in), *_guarded(same)]
        found = {interest.intake_id for _person, interest in rows}
        if viewer.roles & COMPANY_ROLES:
            found |= {each.intake_id for _person, each in _companies(programmes.all_intakes(), same)}
        held[viewer.reference] = frozenset(found)
    barred: frozenset[int] = held[viewer.reference]
    return barred


def _may_concern(viewer: Viewer, read_in: sa.Select[int]) -> bool:
    """Whether any file, child or company might be the viewer's at all: one statement, which asks no more than whether
    a row is there."""
    if viewer.roles & COMPANY_ROLES:
        return True
    emails, rows = _known_by(viewer.person_id or 0)
    own = sa.select(Application.id).where(Application.person_id.in_(rows))
    wards = sa.select(Guardianship.id).where(Guardianship.guardian_id.in_(rows))
    bearing = sa.select(Application.id).where(
        Application.intake_id.in_(read_in), Application.email.in_(emails)
    )
    found = sa.or_(own.exists(), wards.exists(), bearing.exists())
    return bool(db.session.scalar(sa.select(found)))


def has_file_in(person_id: int, intake_id: sa.SQLColumnExpression[int]) -> sa.ColumnElement[bool]:
    """Whether a person, or a child of theirs, has a file in the intake of the statement that was not withdrawn, by the
    rows of persons with an address or a number of theirs: for a figure beside an intake."""
    _emails, rows = _known_by(person_id)
    wards = sa.select(Guardianship.child_id).where(
        Guardianship.guardian_id.in_(rows),
        Guardianship.ended_at.is_(None),
        Guardianship.until > clock.today(),
    )
    # One list of people: by either of two the database would look at every file of the country.
    same = rows.subquery()
    theirs = Application.person_id.in_(sa.union_all(sa.select(*same.c), wards))
    file = sa.select(Application.intake_id).where(
        theirs, Application.state != ApplicationState.WITHDRAWN.value
    )
    return intake_id.in_(file.correlate(None))


def _known_by(person_id: int) -> tuple[sa.CompoundSelect[Any], sa.CompoundSelect[Any]]:
    """Select a person's addresses, and the rows of persons that have one of these or a number of theirs."""
    emails, phones = (
        sa.union_all(
            sa.select(of_person).where(Person.id == person_id),
            sa.select(of_account).where(Account.person_id == person_id),
        )
        for of_person, of_account in (
            (Person.email, Account.email),
            (Person.phone_blind, Account.phone_blind),
        )
    )
    rows = sa.union_all(
        sa.select(sa.literal(person_id)),
        sa.select(Person.id).where(Person.email.in_(emails)),
        sa.select(Person.id).where(Person.phone_blind.in_(phones)),
        sa.select(Account.person_id).where(Account.email.in_(emails)),
        sa.select(Account.person_id).where(Account.phone_blind.in_(phones)),
    )
    return emails, rows


def why_not(role: Role, place: RoleScope, person_ids: Collection[int]) -> dict[int, Problem]:
    """Return why some of these persons may not hold a role in a place, by their ids: they have an interest in an
    intake there, about which it would read, or decide. A candidate whose file is decided has none in what is to come.
    A constant number of statements."""
    if role not in CHOOSING or not person_ids:
        return {}
    intakes = programmes.intakes_below([Scope(place.path)])
    if place.alone:
        intakes = [each for each in intakes if each.institution_id in place.institutions]
    found = interests_in(intakes, person_ids)
    files = {each.file for many in found.values() for each in many if each.file is not None}
    past = {number for done in hooks.decided for number in done(files)} if files else set()
    left = {
        number: [each for each in many if each.file not in past or each.file is None]
        for number, many in found.items()
    }
    return {number: reason_of(many[0]) for number, many in left.items() if many}


def interests_in(intakes: Sequence[Intake], person_ids: Collection[int]) -> dict[int, list[Interest]]:
    """Return the interests that some persons have in some intakes, by the person's id. Eight statements at most."""
    contacts, wanted = contacts_of(person_ids), {intake.id for intake in intakes}
    same = same_people(contacts)
    found: dict[int, list[Interest]] = defaultdict(list)
    rows = [
        *_candidatures(same, wanted),
        *_files_with_address(contacts, sorted(wanted)),
        *_guarded(same, wanted),
        *_companies(intakes, same),
    ]
    for person_id, interest in rows:
        found[person_id].append(interest)
    return found


def contacts_of(person_ids: Collection[int]) -> dict[int, set[str]]:
    """Return the addresses and the blind indexes of numbers by which some persons are known or enter, by their ids."""
    wanted = sorted(set(person_ids))
    found: dict[int, set[str]] = {number: set() for number in wanted}
    for number, contact in _contacts([Person.id.in_(wanted)], [Account.person_id.in_(wanted)]):
        found[number].add(contact)
    return found


def same_people(contacts: Mapping[int, set[str]]) -> dict[int, set[int]]:
    """Return, for each of some persons, whose addresses and numbers are given, the rows of persons by which the same
    human being is known: theirs, those that have an address or number of theirs, and those of files that staff united
    with theirs. Two statements."""
    wanted = sorted(contacts)
    bearers: dict[str, set[int]] = defaultdict(set)
    for number, each in contacts.items():
        for contact in each:
            bearers[contact].add(number)
    same = {number: {number} for number in wanted}
    known = sorted(bearers)
    persons = [Person.email.in_(known), Person.phone_blind.in_(known)]
    accounts = [Account.email.in_(known), Account.phone_blind.in_(known)]
    for other, contact in _contacts(persons, accounts) if known else ():
        for number in bearers.get(contact, ()):
            same[number].add(other)
    united = sa.select(_OWN.person_id, Application.person_id).select_from(Merge)
    united = united.join(_OWN, _OWN.id.in_([Merge.kept_id, Merge.aside_id]))
    united = united.join(Application, Application.id.in_([Merge.kept_id, Merge.aside_id]))
    for number, other in db.session.execute(
        united.where(_OWN.person_id.in_(wanted), Merge.undone_at.is_(None))
    ):
        same[number].add(other)
    return same


def _contacts(
    persons: Iterable[sa.ColumnElement[bool]], accounts: Iterable[sa.ColumnElement[bool]]
) -> Iterator[tuple[int, str]]:
    """(person's id, address in the form in which it is known, or blind index of a number) of persons and of accounts.
    Each condition is a statement of its own below the union, so that an index answers it."""
    parts = [sa.select(Person.id, Person.email, Person.phone_blind).where(each) for each in persons]
    parts += [
        sa.select(Account.person_id, Account.email, Account.phone_blind).where(each) for each in accounts
    ]
    for number, email, phone in db.session.execute(sa.union_all(*parts)):
        if email:
            yield number, known_email(email)
        if phone:
            yield number, phone


def _owners(same: Mapping[int, Iterable[int]]) -> dict[int, set[int]]:
    """Whose row each row of a person is, by the id of the row."""
    owners: dict[int, set[int]] = defaultdict(set)
    for number, rows in same.items():
        for row in rows:
            owners[row].add(number)
    return owners


def _candidatures(
    same: Mapping[int, Iterable[int]], intakes: Collection[int] | None = None
) -> Iterator[tuple[int, Interest]]:
    owners = _owners(same)
    rows = _files().add_columns(Application.person_id).where(Application.person_id.in_(sorted(owners)))
    yield from _told(InterestKind.CANDIDATE, rows, owners, intakes)


def _files_with_address(
    contacts: Mapping[int, set[str]], intakes: Sequence[int] | sa.Select[int]
) -> Iterator[tuple[int, Interest]]:
    """The files of some intakes in which an address of theirs stands, whoever's row they hang on. A number that
    stands in a file alone is sealed there: `stands_in` finds it once the file is opened."""
    bearers: dict[str, set[int]] = defaultdict(set)
    for number, known in contacts.items():
        for address in known:
            bearers[address].add(number)
    if not bearers:
        return
    rows = _files().add_columns(Application.email).where(Application.intake_id.in_(intakes))
    rows = rows.where(Application.email.in_(sorted(bearers)))
    for file, intake_id, title, address in db.session.execute(rows):
        for number in sorted(bearers.get(known_email(address), ())):
            yield number, Interest(InterestKind.CANDIDATE, intake_id, title, file)


def _guarded(
    same: Mapping[int, Iterable[int]], intakes: Collection[int] | None = None
) -> Iterator[tuple[int, Interest]]:
    owners = _owners(same)
    rows = _files().add_columns(Guardianship.guardian_id)
    rows = rows.join(Guardianship, Guardianship.child_id == Application.person_id)
    live = (Guardianship.ended_at.is_(None), Guardianship.until > clock.today())
    rows = rows.where(Guardianship.guardian_id.in_(sorted(owners)), *live)
    yield from _told(InterestKind.GUARDIAN, rows, owners, intakes)


def _files() -> sa.Select[Any]:
    rows = sa.select(Application.id, Application.intake_id, Intake.title)
    return rows.join(Intake, Intake.id == Application.intake_id).where(_stands()).order_by(Application.id)


def _told(
    kind: InterestKind,
    rows: sa.Select[Any],
    owners: Mapping[int, set[int]],
    intakes: Collection[int] | None,
) -> Iterator[tuple[int, Interest]]:
    if intakes is not None:
        rows = rows.where(Application.intake_id.in_(sorted(intakes)))
    for file, intake_id, title, row in db.session.execute(rows):
        for number in sorted(owners[row]):
            yield number, Interest(kind, intake_id, title, file)


def _companies(
    intakes: Sequence[Intake], same: Mapping[int, Iterable[int]]
) -> Iterator[tuple[int, Interest]]:
    """The interests of those who have a role in a company that the programmes of these intakes place people in."""
    owners = _owners(same)
    hats = company_roles_of(owners)
    if not hats:
        return
    partners = programmes.partners_of({intake.programme_id for intake in intakes})
    keys = {key for many in partners.values() for key in many}
    rows = sa.select(Organisation.key, Organisation.path, Organisation.name).where(
        Organisation.key.in_(sorted(keys))
    )
    companies = db.session.execute(rows).all()
    for intake in intakes:
        for key, path, name in companies:
            for person, at in hats if key in partners[intake.programme_id] else ():
                if at and covers(at, path):
                    for number in sorted(owners[person]):
                        yield number, Interest(InterestKind.COMPANY, intake.id, name)

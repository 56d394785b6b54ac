"""Reads programmes and their intakes; a definition is kept in memory after its first reading."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.queries.viewers import below, within
from cohortmgr.accounts.roles.queries.held_roles import WHOLE
from cohortmgr.accounts.roles.rules import RoleScope
from cohortmgr.accounts.rules import PERMISSIONS, Scope, Viewer
from cohortmgr.base import clock
from cohortmgr.base.caching import Kept
from cohortmgr.base.db import db, table_of
from cohortmgr.base.errors import NotFound
from cohortmgr.base.i18n import in_each_language
from cohortmgr.base.registries.waiting import same_for_all
from cohortmgr.organisations import queries as organisations
from cohortmgr.organisations.hooks import HostedProgramme
from cohortmgr.organisations.models import Organisation
from cohortmgr.organisations.rules import HOSTS, OrganisationKind
from cohortmgr.programmes.definition.rules import Definition, IntakeState, Rubric, Text, Window, window_of
from cohortmgr.programmes.definition.toml import from_json
from cohortmgr.programmes.models import DefinitionVersion, Intake, Offering, Programme

# The scope of a role in the whole tree: its kind, which is also its reference.
WHOLE_KIND = "installation"
# Known by the fingerprint of their content, which never changes: nothing makes one wrong.
_definitions: Kept[str, Definition] = Kept(64)


def definition_of(row: Intake | DefinitionVersion | sa.Row[Any]) -> Definition:
    """The definition of a version, or of an intake, whose offerings its form then ranks. An intake whose readings have
    begun keeps the rubric by which they began.

    Versions never change and are known by the fingerprint of their content, so the latest ones stay in
    memory.
    """
    found = _definitions.get(row.fingerprint, _read, row.fingerprint)
    if (read_by := getattr(row, "read_by", None)) and read_by != row.fingerprint:
        found = _definitions.get(f"{row.fingerprint} {read_by}", _with_rubric_of, row.fingerprint, read_by)
    return found.of_intake(row.key) if isinstance(row, Intake) else found


def rubric_of(fingerprint: str) -> Rubric:
    """The rubric of the version with this fingerprint."""
    return _definitions.get(fingerprint, _read, fingerprint).rubric


def _with_rubric_of(fingerprint: str, read_by: str) -> Definition:
    found, earlier = (_definitions.get(each, _read, each) for each in (fingerprint, read_by))
    return replace(found, rubric=earlier.rubric)


def _read(fingerprint: str) -> Definition:
    document = db.session.scalar(
        sa.select(DefinitionVersion.document).where(DefinitionVersion.fingerprint == fingerprint).limit(1)
    )
    if document is None:
        raise NotFound(fingerprint)
    return from_json(document)


def visible(viewer: Viewer) -> sa.Select[Intake]:
    """The intakes that are published or were, before they were archived, and all intakes of programmes that the viewer
    manages, newest first."""
    managed = within(viewer, "programmes.manage", Intake.path)
    shown = Intake.state != IntakeState.DRAFT
    return sa.select(Intake).where(sa.or_(shown, managed)).order_by(Intake.opens_at.desc(), Intake.id.desc())


def get_intake(reference: str) -> Intake:
    """The intake with a public reference, in whatever state, for actions; NotFound if there is none."""
    found = db.session.scalar(sa.select(Intake).where(Intake.reference == reference))
    if found is None:
        raise NotFound(reference)
    return found


def get_for(viewer: Viewer, reference: str) -> Intake:
    """The intake with a public reference, if the viewer may see it; NotFound otherwise."""
    found = db.session.scalar(visible(viewer).where(Intake.reference == reference))
    if found is None:
        raise NotFound(reference)
    return found


def intake_of(programme_key: str, intake_key: str | None = None) -> Intake:
    """The intake with these keys; without `intake_key`, the one that opens last. NotFound if there is none."""
    wanted = sa.select(Intake).join(Programme, Programme.id == Intake.programme_id)
    wanted = wanted.where(Programme.key == programme_key)
    if intake_key is not None:
        wanted = wanted.where(Intake.key == intake_key)
    found = db.session.scalar(wanted.order_by(Intake.opens_at.desc()).limit(1))
    if found is None:
        raise NotFound(f"{programme_key} {intake_key or ''}".strip())
    return found


def programme_by_key(key: str) -> Programme | None:
    """The programme with that key, or None."""
    return db.session.scalar(sa.select(Programme).where(Programme.key == key))


def is_programme(path: str) -> bool:
    """Whether a programme stands at a path of the tree."""
    return bool(db.session.scalar(sa.select(sa.exists().where(Programme.path == path))))


def offerings_of(intake: Intake) -> Sequence[Offering]:
    """The offerings of an intake, in the order in which they were entered."""
    return db.session.scalars(
        sa.select(Offering).where(Offering.intake_id == intake.id).order_by(Offering.id)
    ).all()


def intakes_below(scopes: Sequence[Scope]) -> Sequence[Intake]:
    """The intakes of programmes in these parts of the tree, newest first."""
    if not scopes:
        return []
    return db.session.scalars(
        sa.select(Intake).where(below(Intake.path, scopes)).order_by(Intake.opens_at.desc(), Intake.id.desc())
    ).all()


def titles_of(intakes: Sequence[Intake]) -> Mapping[int, Text]:
    """Return the title of each intake's programme, by the programme's id."""
    numbers = {intake.programme_id for intake in intakes}
    rows = db.session.execute(
        sa.select(Programme.id, Programme.title).where(Programme.id.in_(sorted(numbers)))
    )
    return {row.id: row.title for row in rows} if numbers else {}


@same_for_all
def seats_taken(intake_id: sa.SQLColumnExpression[int]) -> sa.ColumnElement[int]:
    """How many seats of an intake are taken, for who reads its selection."""
    taken = sa.select(sa.func.coalesce(sa.func.sum(_OFFERINGS.taken), 0))
    return taken.where(_OFFERINGS.intake_id == intake_id).scalar_subquery()


def framed(
    scopes: Sequence[Scope],
    here: sa.ScalarSelect[int] | None,
    of_here: Mapping[str, sa.ColumnElement[Any]],
    of_all: Mapping[str, sa.ColumnElement[Any]],
    most: int,
) -> Sequence[sa.Row[Any]]:
    """The intakes in these parts of the tree for the frame around a page, in one statement: so many at most, first the
    one whose id `here` is, then the newest.

    `of_here` are expressions about Intake.id that are worked out for that one alone and are NULL in the other rows, and
    are not there without it; `of_all` are about no intake. Both are labelled by their names."""
    is_here = sa.literal(False) if here is None else Intake.id == here
    asked = {} if here is None else of_here
    columns = [sa.case((is_here, expression)).label(name) for name, expression in asked.items()]
    columns += [expression.label(name) for name, expression in of_all.items()]
    shown = (
        Intake.id,
        Intake.reference,
        Intake.key,
        Intake.title,
        Intake.path,
        Intake.fingerprint,
        Intake.read_by,
    )
    return db.session.execute(
        sa.select(*shown, Programme.title.label("programme"), is_here.label("is_here"), *columns)
        .join(Programme, Programme.id == Intake.programme_id)
        .where(below(Intake.path, scopes))
        .order_by(sa.literal_column("is_here").desc(), Intake.opens_at.desc(), Intake.id.desc())
        .limit(most)
    ).all()


def all_intakes() -> Sequence[Intake]:
    """Every intake that may be seen here, newest first."""
    return intakes_below([Scope("")])


# Tables and not models: nothing of these rows is changed, and the mapper's part costs as much as the statement.
_INTAKES, _PROGRAMMES, _OFFERINGS = (table_of(each).c for each in (Intake, Programme, Offering))
_HOSTS = table_of(Organisation).c
_SEATS = sa.select(sa.func.sum(_OFFERINGS.seats)).where(_OFFERINGS.intake_id == _INTAKES.id).scalar_subquery()
_FREE = (
    sa.select(sa.func.sum(_OFFERINGS.seats - _OFFERINGS.taken))
    .where(_OFFERINGS.intake_id == _INTAKES.id)
    .scalar_subquery()
)

# The intakes as public pages show them, in one statement, newest opening first. It is made once, because building a
# statement costs more than running it.
SHOWN: sa.Select[Any] = (
    sa.select(
        _INTAKES.reference,
        _INTAKES.version,
        _INTAKES.fingerprint,
        _INTAKES.read_by,
        _INTAKES.key,
        _INTAKES.title,
        _INTAKES.opens_at,
        _INTAKES.closes_at,
        _INTAKES.decision_by,
        _INTAKES.starts_on,
        _PROGRAMMES.key.label("programme_key"),
        _PROGRAMMES.version.label("programme_version"),
        _PROGRAMMES.title.label("programme_title"),
        _PROGRAMMES.summary.label("programme_summary"),
        _PROGRAMMES.picture_digest.label("programme_picture"),
        _HOSTS.name.label("host_name"),
        _HOSTS.version.label("host_version"),
        _SEATS.label("seats"),
        _FREE.label("free"),
    )
    .join_from(table_of(Intake), table_of(Programme), _PROGRAMMES.id == _INTAKES.programme_id)
    .join(table_of(Organisation), _HOSTS.id == _PROGRAMMES.institution_id)
    .order_by(_INTAKES.opens_at.desc(), _INTAKES.id.desc())
)
_PUBLIC = SHOWN.where(_INTAKES.state == IntakeState.PUBLISHED.value)
_NEWEST = _PUBLIC.limit(100)
OF_PROGRAMME = _PUBLIC.where(_PROGRAMMES.key == sa.bindparam("programme_key"))
_OF_REFERENCE = _PUBLIC.where(_INTAKES.reference == sa.bindparam("intake_reference"))


def public_intakes() -> Sequence[sa.Row[Any]]:
    """The newest hundred published intakes of every programme, with their seats."""
    return db.session.execute(_NEWEST).all()


def open_intakes() -> list[sa.Row[Any]]:
    """Those of the newest published intakes that take applications now and whose form asks something, the one that
    closes first before the others."""
    moment = clock.now()
    found = [
        row
        for row in public_intakes()
        if window_of(row.opens_at, row.closes_at, moment, row.free) is Window.OPEN
        and any(each.asked_at_application for each in definition_of(row).form.questions)
    ]
    return sorted(found, key=lambda row: row.closes_at)


def public_intakes_of(programme_key: str) -> Sequence[sa.Row[Any]]:
    """The published intakes of a programme, newest first; NotFound if it has none."""
    found = db.session.execute(OF_PROGRAMME, {"programme_key": programme_key}).all()
    if not found:
        raise NotFound(programme_key)
    return found


def programme_titles() -> dict[str, Text]:
    """Return key to title of the programmes that have a published intake, in the order of their keys."""
    shown = sa.select(Intake.programme_id).where(Intake.state == IntakeState.PUBLISHED.value)
    chosen = sa.select(Programme.key, Programme.title).where(Programme.id.in_(shown)).order_by(Programme.key)
    return {row.key: row.title for row in db.session.execute(chosen)}


def public_intake(reference: str) -> sa.Row[Any]:
    """One published intake; NotFound if there is none."""
    found = db.session.execute(_OF_REFERENCE, {"intake_reference": reference}).first()
    if found is None:
        raise NotFound(reference)
    return found


def scopes_for(viewer: Viewer) -> list[RoleScope]:
    """The places where a viewer may give roles: the whole tree, organisations, programmes, and the companies that
    take apprentices of these programmes. An organisation with institutions below it stands there with them and alone;
    who holds it alone gives it alone. Four statements."""
    scopes = viewer.scopes("people.manage")
    tree = [row for row in db.session.scalars(organisations.visible(viewer)) if row.closed_at is None]
    hosts = [row for row in tree if row.kind in {kind.value for kind in HOSTS}]
    found = []
    if any(scope.path == "" for scope in scopes):
        everything = tuple(sorted(row.id for row in hosts))
        found.append(RoleScope(WHOLE_KIND, WHOLE_KIND, "", in_each_language(WHOLE), everything))
    for row in tree:
        if row.kind != OrganisationKind.COMPANY and any(scope.holds(row.path) for scope in scopes):
            alone = _only_alone(viewer, row.path)
            found.append(_at_organisation(row, hosts, alone))
            if not alone and any(each.path != row.path and each.path.startswith(row.path) for each in hosts):
                found.append(replace(_at_organisation(row, hosts, alone=True), beside=True))
    programmes = _programmes_below(scopes)
    found += [
        RoleScope("programme", row.reference, row.path, row.title, (row.institution_id,))
        for row in programmes
    ]
    found.sort(key=lambda scope: scope.path)
    hosts_of = _hosts_by_partner(programmes)
    for row in tree:
        if row.kind == OrganisationKind.COMPANY and row.key in hosts_of:
            opened = tuple(sorted(hosts_of[row.key]))
            found.append(
                RoleScope("organisation", row.reference, row.path, row.name, opened, is_company=True)
            )
    return found


def _at_organisation(row: Organisation, hosts: Sequence[Organisation], alone: bool) -> RoleScope:
    host = () if row.institution_id is None else (row.institution_id,)
    below_it = tuple(sorted(each.id for each in hosts if each.path.startswith(row.path)))
    opened = host if alone else below_it or host
    return RoleScope("organisation", row.reference, row.path, row.name, opened, alone=alone)


def _only_alone(viewer: Viewer, path: str) -> bool:
    """Whether the viewer manages people at an organisation without those below it, and may give it no further."""
    wanted = PERMISSIONS["people.manage"]
    mine = [grant for grant in viewer.grants if grant.role in wanted and grant.scope.holds(path)]
    return bool(mine) and all(grant.alone and grant.path == path for grant in mine)


def names_at(paths: Collection[str]) -> dict[str, Mapping[str, str]]:
    """The names of the organisations and programmes at these paths; two statements."""
    wanted = [path for path in paths if path]
    if not wanted:
        return {}
    found: dict[str, Mapping[str, str]] = {}
    for path, title in db.session.execute(
        sa.select(Programme.path, Programme.title).where(Programme.path.in_(wanted))
    ):
        found[path] = title
    return found | organisations.names_at(wanted)


def _programmes_below(scopes: Sequence[Scope]) -> Sequence[Programme]:
    return db.session.scalars(sa.select(Programme).where(below(Programme.path, scopes))).all()


def _hosts_by_partner(programmes: Sequence[Programme]) -> dict[str, set[int]]:
    """By the key of each company: the institutions of the programmes that place people there."""
    hosts = {row.id: row.institution_id for row in programmes}
    found: dict[str, set[int]] = {}
    for programme_id, keys in partners_of(hosts).items():
        for key in keys:
            found.setdefault(key, set()).add(hosts[programme_id])
    return found


def partners_of(programme_ids: Collection[int]) -> dict[int, set[str]]:
    """By the id of each programme: the keys of the companies where it places people, as its newest definition says."""
    found: dict[int, set[str]] = {number: set() for number in programme_ids}
    for number, definition in _newest_definitions(programme_ids):
        found[number] = {partner.key for partner in definition.partners}
    return found


def _seats_by_programme(programme_ids: Collection[int], company: str) -> dict[int, int]:
    """By the id of each programme that names this company: its seats there."""
    return {
        number: partner.seats
        for number, definition in _newest_definitions(programme_ids)
        for partner in definition.partners
        if partner.key == company
    }


def _newest_definitions(programme_ids: Collection[int]) -> list[tuple[int, Definition]]:
    newest = (
        sa.select(DefinitionVersion.programme_id, sa.func.max(DefinitionVersion.number).label("number"))
        .where(DefinitionVersion.programme_id.in_(sorted(programme_ids)))
        .group_by(DefinitionVersion.programme_id)
        .subquery()
    )
    rows = sa.select(DefinitionVersion).join(
        newest,
        sa.and_(
            newest.c.programme_id == DefinitionVersion.programme_id,
            newest.c.number == DefinitionVersion.number,
        ),
    )
    return [(row.programme_id, definition_of(row)) for row in db.session.scalars(rows).all()]


def programmes_at(organisation: Organisation) -> list[HostedProgramme]:
    """The programmes that an organisation hosts, or in which it takes apprentices by their newest definitions. People
    depend on it as long as a campaign of the programme is not archived."""
    alive = sa.select(Intake.programme_id).where(Intake.state != IntakeState.ARCHIVED.value)
    rows = db.session.execute(
        sa.select(Programme, Programme.id.in_(alive).label("is_running")).order_by(Programme.key)
    ).all()
    if organisation.kind != OrganisationKind.COMPANY:
        mine = [row for row in rows if row[0].institution_id == organisation.id]
        return [HostedProgramme(row[0].title, row[0].key, None, row.is_running) for row in mine]
    named = _seats_by_programme([row[0].id for row in rows], organisation.key)
    return [
        HostedProgramme(row[0].title, row[0].key, named[row[0].id], row.is_running)
        for row in rows
        if row[0].id in named
    ]

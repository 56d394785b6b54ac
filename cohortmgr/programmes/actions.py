"""Loads definitions of programmes, with their versions, intakes and seats, and extends an intake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer, require, require_second_person
from cohortmgr.audit.actions import About, about, record
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, NN_, NotFound, Problem, Quantity, Refused
from cohortmgr.base.hooks import Hook
from cohortmgr.organisations import queries as organisations
from cohortmgr.organisations.actions import ensure_companies, ensure_host
from cohortmgr.organisations.models import Organisation
from cohortmgr.organisations.rules import path_of
from cohortmgr.programmes import queries
from cohortmgr.programmes.definition.rules import (
    INTAKE_STATES,
    Definition,
    IntakeDefinition,
    IntakeState,
    OfferingDefinition,
    Rubric,
)
from cohortmgr.programmes.definition.toml import as_json, fingerprint
from cohortmgr.programmes.models import DefinitionVersion, Intake, Offering, Programme
from cohortmgr.programmes.rules import require_published, require_unarchived

_PLACES = NN_("%(num)s place", "%(num)s places")
_WHY = N_("Dites pourquoi : la raison reste au journal.")
# Higher rooms register here what changes in them when an intake gets a new definition; it runs in the same
# transaction, once the definition is in force.
on_amended: Hook[[Viewer, Intake], object] = Hook()
# And here what rests on how an intake is marked, with the rubric that it had, where it is another now.
on_regraded: Hook[[Viewer, Intake, Rubric], object] = Hook()
# And here what waited for an intake to be published; in the same transaction, once it is.
on_published: Hook[[Viewer, Intake], object] = Hook()
# The same for each offering that has more seats than before, once all is written.
on_more_seats: Hook[[Viewer, Offering], object] = Hook()
# And here until when somebody was given time in an intake, beyond its close; None where nobody was.
runs_until: Hook[[Intake], datetime | None] = Hook()


def draw_anew(viewer: Viewer, intake: Intake) -> None:
    """Let the public pages of an intake be drawn again, for what a room above says there has changed: they are kept as
    long as its version stands."""
    rises = {"version": Intake.version + 1}
    db.session.execute(sa.update(Intake).where(Intake.id == intake.id).values(rises))


@dataclass(frozen=True)
class LoadedDefinition:
    """What loading did: the programme, the version in force, whether anything changed, and whether it was published."""

    programme: Programme
    version: DefinitionVersion
    changed: bool
    published: bool = False


def load_definition(viewer: Viewer, definition: Definition, *, publish: bool = True) -> LoadedDefinition:
    """Put a definition in force; its host and partners are made if they do not exist.

    Without `publish` a programme that is not published stays in preparation, and a new one begins so; one that
    is published shows the new definition at once. Loading the one in force again changes nothing. An intake
    that the new definition leaves out stays as it was. Raises Refused when the programme has another host, or
    when an offering would have fewer seats than are taken.
    """
    host = ensure_host(viewer, definition.host)
    require(viewer, "programmes.manage", path_of(host.path, definition.key))
    programme = _programme(host, definition)
    mark = fingerprint(definition)
    version = _version_of(programme, definition, mark)
    if version is not None:
        mark = version.fingerprint
    if version is not None and _in_force(programme, definition, mark):
        shown = publish and _show(viewer, programme)
        return LoadedDefinition(programme, version, changed=False, published=shown)
    ensure_companies(viewer, {partner.key: partner.name for partner in definition.partners})
    version = version or _new_version(programme, definition, mark)
    programme.title, programme.summary = dict(definition.title), dict(definition.summary)
    before = _running(programme)
    seats = _seats_of(programme)
    for each in definition.intakes:
        _put_intake(programme, version, each)
    db.session.flush()
    for row in _intakes(programme).values():
        if before.get(row.key, mark) != row.fingerprint:
            for follow in on_amended:
                follow(viewer, row)
            _tell_of_rubric(viewer, row, before[row.key])
    after = {"version": version.number, "fingerprint": mark, "intakes": _running(programme)}
    record(
        viewer,
        "programmes.load",
        About("programme", programme.reference, host.id),
        before={"intakes": before} if before else None,
        after=after,
    )
    if programme.published_at is None:
        programme.prepared_by = viewer.reference
    shown = publish and _show(viewer, programme)
    _tell_of_seats(viewer, programme, seats)
    return LoadedDefinition(programme, version, changed=True, published=shown)


def publish(viewer: Viewer, key: str) -> Programme:
    """Publish a programme in preparation; nothing happens if it is published. Refused for who prepared it: that
    takes a second person, or the command. Its intakes are public from then on, and what waited for that leaves."""
    row = queries.programme_by_key(key)
    if row is None:
        raise NotFound(key)
    require(viewer, "programmes.manage", row.path)
    if row.published_at is None:
        if not viewer.is_system:
            require_second_person(row.prepared_by or "", viewer.reference)
        _show(viewer, row)
    return row


def _show(viewer: Viewer, programme: Programme) -> bool:
    """Publish the programme with its versions, intakes and offerings. Returns False if all of it was published."""
    shown = [row for row in _intakes(programme).values() if row.state == IntakeState.DRAFT]
    if programme.published_at is not None and not shown:
        return False
    moment = clock.now()
    programme.published_at = programme.published_at or moment
    for intake in shown:
        INTAKE_STATES.move(intake.state, IntakeState.PUBLISHED)
        intake.state, intake.published_at = IntakeState.PUBLISHED.value, moment
    for table, here in (
        (DefinitionVersion, DefinitionVersion.programme_id == programme.id),
        (Offering, Offering.intake_id.in_([intake.id for intake in shown])),
    ):
        told = sa.update(table).where(here, table.published_at.is_(None)).values(published_at=moment)
        db.session.execute(told)
    db.session.flush()
    what = About("programme", programme.reference, programme.institution_id)
    after = {"intakes": sorted(intake.key for intake in shown), "prepared_by": programme.prepared_by}
    record(viewer, "programmes.publish", what, after=after)
    for intake in shown:
        for follow in on_published:
            follow(viewer, intake)
    return True


def _tell_of_rubric(viewer: Viewer, intake: Intake, before: str) -> None:
    db.session.refresh(intake, ["read_by"])  # a reading may be handed in meanwhile
    was = queries.rubric_of(before)
    if intake.read_by is None and was != queries.definition_of(intake).rubric:
        for follow in on_regraded:
            follow(viewer, intake, was)


def _tell_of_seats(viewer: Viewer, programme: Programme, before: Mapping[int, int]) -> None:
    for offering in _offerings(programme) if before else ():
        if offering.seats > before.get(offering.id, offering.seats):
            for tell in on_more_seats:
                tell(viewer, offering)


def _offerings(programme: Programme) -> Sequence[Offering]:
    rows = sa.select(Offering).join(Intake, Intake.id == Offering.intake_id)
    return db.session.scalars(rows.where(Intake.programme_id == programme.id).order_by(Offering.id)).all()


def _seats_of(programme: Programme) -> dict[int, int]:
    return {offering.id: offering.seats for offering in _offerings(programme)}


def _programme(host: Organisation, definition: Definition) -> Programme:
    row = queries.programme_by_key(definition.key)
    if row is not None:
        if row.institution_id != host.id:
            what = N_("Le programme « %(key)s » est déjà celui d’un autre établissement.")
            raise Refused(Problem(what, {"key": definition.key}, "host"))
        return row
    path = path_of(host.path, definition.key)
    if organisations.stands_at(path):  # roles are given for both by their paths
        what = N_("La clé « %(key)s » est déjà utilisée.")
        raise Refused(Problem(what, {"key": definition.key}, "programme_key"))
    row = Programme(
        institution_id=host.id,
        key=definition.key,
        path=path,
        title=dict(definition.title),
        summary=dict(definition.summary),
    )
    db.session.add(row)
    db.session.flush()
    return row


def _version_of(programme: Programme, definition: Definition, mark: str) -> DefinitionVersion | None:
    """Return the version that says this, by its fingerprint; or the last one, whose fingerprint may be that of a
    document with the keys of its day."""
    versions = sa.select(DefinitionVersion).where(DefinitionVersion.programme_id == programme.id)
    found = db.session.scalar(versions.where(DefinitionVersion.fingerprint == mark))
    if found is not None:
        return found
    last = db.session.scalar(versions.order_by(DefinitionVersion.number.desc()).limit(1))
    return last if last is not None and queries.definition_of(last) == definition else None


def _new_version(programme: Programme, definition: Definition, mark: str) -> DefinitionVersion:
    last = sa.select(sa.func.max(DefinitionVersion.number)).where(
        DefinitionVersion.programme_id == programme.id
    )
    row = DefinitionVersion(
        institution_id=programme.institution_id,
        programme_id=programme.id,
        number=(db.session.scalar(last) or 0) + 1,
        fingerprint=mark,
        document=as_json(definition),
        published_at=_since(programme),
    )
    db.session.add(row)
    db.session.flush()
    return row


def _intakes(programme: Programme) -> dict[str, Intake]:
    rows = db.session.scalars(sa.select(Intake).where(Intake.programme_id == programme.id))
    return {row.key: row for row in rows}


def _in_force(programme: Programme, definition: Definition, mark: str) -> bool:
    running = _intakes(programme)
    return all(each.key in running and running[each.key].fingerprint == mark for each in definition.intakes)


def _running(programme: Programme) -> dict[str, str]:
    return {key: row.fingerprint for key, row in sorted(_intakes(programme).items())}


def _put_intake(programme: Programme, version: DefinitionVersion, definition: IntakeDefinition) -> None:
    values: dict[str, Any] = {
        "definition_version_id": version.id,
        "fingerprint": version.fingerprint,
        "title": dict(definition.title),
        "opens_at": definition.opens_at,
        "closes_at": definition.closes_at,
        "decision_by": definition.decision_by,
        "starts_on": definition.starts_on,
    }
    row = _intakes(programme).get(definition.key)
    if row is None:
        row = Intake(
            institution_id=programme.institution_id,
            programme_id=programme.id,
            key=definition.key,
            path=programme.path,
            state=(IntakeState.PUBLISHED if programme.published_at else IntakeState.DRAFT).value,
            published_at=_since(programme),
            **values,
        )
        db.session.add(row)
        db.session.flush()
    else:
        values["closes_at"] = max(definition.closes_at, row.extended_to or definition.closes_at)
        _require_same_window(row, values)
        for name, value in values.items():
            setattr(row, name, value)
    known = {offering.key: offering for offering in queries.offerings_of(row)}
    for each in definition.offerings:
        _put_offering(row, known.get(each.key), each)


def _require_same_window(row: Intake, values: Mapping[str, Any]) -> None:
    """Raise Refused if an archived intake would open or close at another moment: that is for one on public pages."""
    if row.state == IntakeState.ARCHIVED and any(
        getattr(row, name) != values[name] for name in ("opens_at", "closes_at")
    ):
        what = N_("« %(intake)s » est archivée : ses dates d’ouverture et de clôture ne changent plus.")
        raise Refused(Problem(what, {"intake": dict(row.title)}, f"intakes {row.key}"))


def _since(shown: Programme | Intake) -> datetime | None:
    """When a new part of it is published: now, or with the rest of a programme in preparation."""
    return clock.now() if shown.published_at else None


def _put_offering(intake: Intake, row: Offering | None, definition: OfferingDefinition) -> None:
    if row is None:
        row = Offering(institution_id=intake.institution_id, intake_id=intake.id, key=definition.key)
        row.published_at = _since(intake)
        db.session.add(row)
    elif row.taken > definition.seats:
        what = N_("« %(offering)s » a déjà donné %(taken)s : elle ne peut pas en offrir %(seats)s.")
        values = {
            "offering": definition.title,
            "taken": Quantity(*_PLACES, row.taken),
            "seats": definition.seats,
        }
        raise Refused(Problem(what, values, f"intakes {intake.key}"))
    row.title, row.seats = dict(definition.title), definition.seats


def extend(viewer: Viewer, reference: str, until: datetime, reason: str) -> Intake:
    """Move the close of an intake to a later moment, for everybody; the reason goes into the trail. If that
    was done already, nothing happens.

    Raises Refused without a reason, for a moment that is past or not after the present close, and for one on
    or after the day on which answers are due.
    """
    row = queries.get_intake(reference)
    require(viewer, "programmes.manage", row.path)
    require_published(row.state, row.path)
    if row.closes_at == until:
        return row
    require_unarchived(row.state)
    if not reason:
        raise Refused(Problem(_WHY, {}, "reason"))
    if until <= max(row.closes_at, clock.now()):
        what = N_("Choisissez un moment à venir, après la clôture actuelle.")
        raise Refused(Problem(what, {}, "until"))
    if clock.local(until).date() >= row.decision_by:
        what = N_("La réponse est promise pour le %(day)s : la clôture doit venir avant.")
        raise Refused(Problem(what, {"day": row.decision_by}, "until"))
    before, row.closes_at, row.extended_to = row.closes_at, until, until
    after = {"closes_at": until.isoformat(), "reason": reason}
    record(viewer, "programmes.extend", about(row), before={"closes_at": before.isoformat()}, after=after)
    return row


def archive(viewer: Viewer, reference: str, reason: str) -> Intake:
    """Take a closed intake off the public pages; its files, its people's pages and what is due to them stay. If that
    was done already, nothing happens.

    Refused without a reason, before the close or somebody's own later end, and in preparation."""
    row = _held(viewer, reference)
    if row.state == IntakeState.ARCHIVED:
        return row
    require_published(row.state, row.path)
    if not reason:
        raise Refused(Problem(_WHY, {}, "reason"))
    still_open = keeps_open(viewer, row)
    if still_open is not None:
        raise Refused(still_open)
    _turn(viewer, row, IntakeState.ARCHIVED, "programmes.archive", {"reason": reason})
    return row


def keep_rubric(viewer: Viewer, intake: Intake) -> None:
    """Let the files of an intake be read from now on by the rubric that its caller has judged by, whatever is published
    later or meanwhile: a first reading is handed in. Nothing happens if they are already."""
    if intake.read_by is None:
        kept = sa.update(Intake).where(Intake.id == intake.id, Intake.read_by.is_(None))
        db.session.execute(
            kept.values(read_by=intake.fingerprint), execution_options={"synchronize_session": False}
        )
        db.session.expire(intake, ["read_by"])


def keeps_open(viewer: Viewer, row: Intake) -> Problem | None:
    """Return what keeps an intake from being archived today: people may still send a file there. None if nothing."""
    require(viewer, "programmes.manage", row.path)
    if row.closes_at > clock.now():
        what = N_("Cette campagne prend encore des candidatures, jusqu’au %(end)s : elle s’archive après.")
        return Problem(what, {"end": row.closes_at})
    ends = [end for end in runs_until(row) if end is not None]
    if ends:
        what = N_("Un délai accordé dans cette campagne court jusqu’au %(end)s : elle s’archive après.")
        return Problem(what, {"end": max(ends)})
    return None


def restore(viewer: Viewer, reference: str) -> Intake:
    """Put an archived intake back on the public pages, among those that are closed; nothing happens to any other."""
    row = _held(viewer, reference)
    if row.state == IntakeState.ARCHIVED:
        _turn(viewer, row, IntakeState.PUBLISHED, "programmes.restore", {})
    return row


def _held(viewer: Viewer, reference: str) -> Intake:
    held = sa.select(Intake).where(Intake.reference == reference).with_for_update()
    row = db.session.scalar(held.execution_options(populate_existing=True))
    if row is None:
        raise NotFound(reference)
    require(viewer, "programmes.manage", row.path)
    return row


def _turn(viewer: Viewer, row: Intake, state: IntakeState, act: str, said: Mapping[str, str]) -> None:
    before = row.state
    INTAKE_STATES.move(before, state)
    row.state = state.value
    record(viewer, act, about(row), before={"state": before}, after={"state": state.value, **said})

"""Adding organisations to the tree, renaming and closing them."""

from __future__ import annotations

from collections.abc import Mapping

from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, Problem, Refused, Stale
from cohortmgr.organisations import queries
from cohortmgr.organisations.hooks import depending_on, is_programme, programmes_at
from cohortmgr.organisations.models import Organisation
from cohortmgr.organisations.rules import (
    HOSTS,
    MOST_FORMER,
    ROOT,
    OrganisationKind,
    closing_problems,
    known,
    path_of,
    place_problems,
    problems_of,
)

MANAGE = "installation.manage"
_BY_COMMAND = N_(
    "Un établissement qui accueille des programmes s’ajoute par la commande « flask organisations add »."
)
# A company is of no institution, and a host is its own once its number is known.
_APART = HOSTS | {OrganisationKind.COMPANY}
_CLOSED = N_("« %(name)s » est fermée : rouvrez-la d’abord.")


def add(
    viewer: Viewer, kind: OrganisationKind, key: str, name: Mapping[str, str], parent: str, region: str | None
) -> Organisation:
    """Add an organisation that hosts nothing to the tree in a page, for who manages the installation. `parent` is the
    key of the one above it.

    Refused if it hosts or cannot stand there, or for the reasons of `create`."""
    require(viewer, MANAGE, "")
    if kind in HOSTS:  # every role above it reaches it from then on, which no session of the web may give
        raise Refused(Problem(_BY_COMMAND, {}, "kind"))
    above = queries.by_key(parent)
    if above is None or above.closed_at is not None:
        raise Refused(Problem(N_("Choisissez à quelle organisation elle est rattachée."), {}, "parent"))
    problems = place_problems(kind, OrganisationKind(above.kind))
    if problems:
        raise Refused(*problems)
    return create(viewer, kind, key, name, above, region)


def rename(
    viewer: Viewer, reference: str, name: Mapping[str, str], region: str | None, version: int | None
) -> Organisation:
    """Give an organisation another name and region; the earlier name is kept with the day. Nothing happens if both are
    the same. Raises Stale if it was changed since `version`."""
    require(viewer, MANAGE, "")
    row = queries.held_for(reference)
    if dict(row.name) == dict(name) and row.region == region:
        return row
    _require_unchanged(row, version)
    problems = problems_of(row.key, name, row.path, region)
    if problems:
        raise Refused(*problems)
    before = {"name": row.name, "region": row.region}
    if dict(row.name) != dict(name):
        former = {"name": dict(row.name), "until": clock.today().isoformat()}
        row.former_names = [former, *row.former_names][:MOST_FORMER]
    row.name, row.region = dict(name), region
    after = {"name": row.name, "region": region}
    record(viewer, "organisations.rename", about(row), before=before, after=after)
    return row


def close(viewer: Viewer, reference: str, reason: str, version: int | None) -> Organisation:
    """Close an organisation to whatever is new; nothing happens if it is closed. Refused without a reason, while
    programmes run there or people depend on it, and while an open one stands below it. Raises Stale if it was changed
    since `version`."""
    require(viewer, MANAGE, "")
    row = queries.held_for(reference)
    if row.closed_at is not None:
        return row
    _require_unchanged(row, version)
    running = [each.title for told in programmes_at(row) for each in told if each.is_running]
    depending = [each for told in depending_on(row) for each in told]
    problems = closing_problems(running, depending, queries.open_below(row), reason)
    if problems:
        raise Refused(*problems)
    row.closed_at = clock.now()
    record(viewer, "organisations.close", about(row), before={"state": "open"}, after={"reason": reason})
    return row


def _require_unchanged(row: Organisation, version: int | None) -> None:
    if row.version != version:
        raise Stale(row.reference)


def reopen(viewer: Viewer, reference: str) -> Organisation:
    """Open a closed organisation again; nothing happens if it is open."""
    require(viewer, MANAGE, "")
    row = queries.held_for(reference)
    if row.closed_at is not None:
        row.closed_at = None
        record(viewer, "organisations.reopen", about(row), after={"key": row.key})
    return row


def create(
    viewer: Viewer,
    kind: OrganisationKind,
    key: str,
    name: Mapping[str, str],
    parent: Organisation | None,
    region: str | None = None,
) -> Organisation:
    """Create an organisation below `parent` (None: the root). Refused if the key is taken or malformed, or is that of a
    programme there."""
    require(viewer, "programmes.manage", path_of(parent.path if parent else "", key))
    return _make(viewer, kind, key, name, parent, region)


def _make(
    viewer: Viewer,
    kind: OrganisationKind,
    key: str,
    name: Mapping[str, str],
    parent: Organisation | None,
    region: str | None = None,
) -> Organisation:
    path = path_of(parent.path if parent else "", key)
    problems = problems_of(key, name, path, region)
    if not problems and (queries.by_key(key) is not None or is_programme(path)):
        problems = [Problem(N_("La clé « %(key)s » est déjà utilisée."), {"key": key}, "key")]
    if problems:
        raise Refused(*problems)
    row = Organisation(
        kind=kind.value,
        key=key,
        name=dict(name),
        parent_id=parent.id if parent else None,
        path=path,
        region=region,
        institution_id=parent.institution_id if parent and kind not in _APART else None,
    )
    db.session.add(row)
    db.session.flush()
    if kind in HOSTS:
        row.institution_id = row.id
        db.session.flush()
    after = {"kind": kind.value, "key": key, "path": path}
    record(viewer, "organisations.create", about(row), after=after)
    return row


def ensure_host(viewer: Viewer, key: str) -> Organisation:
    """Return the organisation with this key, making sure that it may host programmes.

    If it is in `rules.KNOWN`, it is created with the organisations above it. Refused if it is unknown, or if
    its kind hosts nothing.
    """
    row = queries.by_key(key)
    if row is None:
        origin = known(key)
        if origin is None:
            what = N_(
                "L’organisation « %(key)s » n’existe pas. Créez-la : flask --app wsgi organisations add %(key)s "
                "--fr NOM --ar NOM --en NOM, puis reprenez."
            )
            raise Refused(Problem(what, {"key": key}, "host"))
        parent = ensure_host(viewer, origin.parent) if origin.parent else None
        row = create(viewer, origin.kind, key, origin.name, parent, origin.region)
    if row.closed_at is not None:
        raise Refused(Problem(_CLOSED, {"name": row.name}, "host"))
    if OrganisationKind(row.kind) not in HOSTS:
        what = N_("L’organisation « %(key)s » ne peut pas accueillir de programme.")
        raise Refused(Problem(what, {"key": key}, "host"))
    return row


def ensure_companies(viewer: Viewer, names: Mapping[str, Mapping[str, str]]) -> dict[str, Organisation]:
    """Return the companies with these keys. Missing ones are created below the root; known ones keep their
    name. Whoever writes a programme names its companies: the caller has asked whether they may.

    Refused if a key belongs to an organisation of another kind.
    """
    found = queries.by_keys(names)
    others = [key for key, row in found.items() if row.kind != OrganisationKind.COMPANY]
    if others:
        what = N_("« %(key)s » est le nom d’une organisation qui n’est pas une entreprise.")
        raise Refused(*(Problem(what, {"key": key}, "partners") for key in others))
    closed = [row for row in found.values() if row.closed_at is not None]
    if closed:
        raise Refused(*(Problem(_CLOSED, {"name": row.name}, "partners") for row in closed))
    absent = [key for key in names if key not in found]
    if absent:
        root = ensure_host(viewer, ROOT)
        for key in absent:
            found[key] = _make(viewer, OrganisationKind.COMPANY, key, names[key], root)
    return found

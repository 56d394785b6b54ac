"""Adding organisations to the tree."""

from __future__ import annotations

from collections.abc import Mapping

from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.audit.actions import about, record
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.organisations import queries
from cohortmgr.organisations.models import Organisation
from cohortmgr.organisations.rules import HOSTS, ROOT, OrganisationKind, known, path_of, problems_of


def create(
    viewer: Viewer,
    kind: OrganisationKind,
    key: str,
    name: Mapping[str, str],
    parent: Organisation | None,
    region: str | None = None,
) -> Organisation:
    """Create an organisation below `parent` (None: the root). Refused if the key is taken or malformed."""
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
    if not problems and queries.by_key(key) is not None:
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
        institution_id=parent.institution_id if parent and kind is not OrganisationKind.COMPANY else None,
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
    absent = [key for key in names if key not in found]
    if absent:
        root = ensure_host(viewer, ROOT)
        for key in absent:
            found[key] = _make(viewer, OrganisationKind.COMPANY, key, names[key], root)
    return found

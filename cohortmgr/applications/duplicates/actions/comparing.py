"""Compares the files of which something changed with those that share a trait, and keeps the pairs that look alike.

Triggers note what is to be compared with the change itself, so that no act forgets to. The worker compares it, as the
system: a pair may lie in two institutions, of which whoever sends a file sees neither. However files came and changed,
what is kept is what a comparison of all of them would find.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.duplicates.models import DuplicatePair, FileToCompare, FileTrait, TraitCrowd
from cohortmgr.applications.duplicates.queries.known import AT_ONCE, KnownFile, known_files, united_pairs
from cohortmgr.applications.duplicates.rules import CROWD, is_shown, keys_of, likeness
from cohortmgr.base.databases.parts import in_parts
from cohortmgr.base.db import db, is_postgresql, table_of, within_writing
from cohortmgr.base.errors import NotPermitted
from cohortmgr.base.text import new_reference

# How many changes one transaction takes: a tenth of a second on SQLite, where others wait for it.
CHUNK = 200
_WAITING, _TRAITS = table_of(FileToCompare), table_of(FileTrait)
_CROWDS, _PAIRS = table_of(TraitCrowd), table_of(DuplicatePair)
# Who compares is alone: two files that are compared at once would not find each other.
_ALONE = sa.text("SELECT pg_advisory_xact_lock(7311)")


def compare_waiting(viewer: Viewer) -> int:
    """Compare the files that have waited longest. Returns how many changes were taken; 0 when none waits."""
    _require_alone(viewer)
    chosen = sa.select(_WAITING.c.id, _WAITING.c.application_id).order_by(_WAITING.c.id).limit(CHUNK)
    rows = db.session.execute(chosen).all()
    if rows:
        # A change that comes from here on adds another row, and this one alone is taken away.
        _compare({row.application_id for row in rows})
        db.session.execute(sa.delete(_WAITING).where(_WAITING.c.id.in_([row.id for row in rows])))
    return len(rows)


def compare(viewer: Viewer, files: Collection[int]) -> int:
    """Compare some files, given by their numbers, whether they wait or not. Returns how many rows were wrong."""
    _require_alone(viewer)
    return _compare(set(files))


def _require_alone(viewer: Viewer) -> None:
    if not viewer.is_system:
        raise NotPermitted("files are compared by the worker or an operator")
    within_writing("comparing")
    if is_postgresql():
        db.session.execute(_ALONE)


def _compare(files: set[int]) -> int:
    known = known_files(files)
    changed, traits = _keep_traits(files, known)
    turned, crowds = _keep_crowds(changed)
    # What became a crowd, or is one no more, changes what its other files are compared with.
    wider = files | set(_those_with(turned))
    return traits + crowds + _keep_pairs(wider)


def _keep_traits(files: Collection[int], known: Mapping[int, KnownFile]) -> tuple[set[int], int]:
    """Bring the traits of files to what is known of them; returns those that changed, and how many rows did."""
    columns = ("key", "application_id", "person_id", "intake_id", "institution_id", "kind")
    stored = {
        tuple(row) for row in _all(sa.select(*(_TRAITS.c[name] for name in columns)), "application_id", files)
    }
    wanted = {
        (key, each.id, each.person_id, each.intake_id, each.institution_id, kind.value)
        for each in known.values()
        for key, kind in keys_of(each.traits).items()
    }
    gone, fresh = sorted(stored - wanted), sorted(wanted - stored)
    if gone:
        this = (_TRAITS.c.key == sa.bindparam("of_key"), _TRAITS.c.application_id == sa.bindparam("of_file"))
        db.session.connection().execute(
            sa.delete(_TRAITS).where(*this), [{"of_key": row[0], "of_file": row[1]} for row in gone]
        )
    _insert(_TRAITS, [dict(zip(columns, row, strict=True)) for row in fresh])
    return {row[0] for row in (*gone, *fresh)}, len(gone) + len(fresh)


def _keep_crowds(keys: Collection[int]) -> tuple[set[int], int]:
    """Bring the crowds of some traits to what the files say; returns the traits that became a crowd's or are one's no
    more, and how many rows changed."""
    names = ("key", "intake_id", "institution_id", "kind", "files", "sample_id")
    stored = {tuple(row) for row in _all(sa.select(*(_CROWDS.c[name] for name in names)), "key", keys)}
    crowded = sa.select(_TRAITS.c.key).group_by(_TRAITS.c.key)
    crowded = crowded.having(sa.func.count(_TRAITS.c.person_id.distinct()) > CROWD)
    many = [row.key for row in _all(crowded, "key", keys)]
    t = _TRAITS.c
    counted = sa.select(
        t.key,
        t.intake_id,
        sa.func.min(t.institution_id),
        sa.func.min(t.kind),
        sa.func.count(),
        sa.func.min(t.application_id),
    ).group_by(t.key, t.intake_id)
    wanted = {tuple(row) for row in _all(counted, "key", many)}
    gone, fresh = stored - wanted, sorted(wanted - stored)
    if gone:
        this = (_CROWDS.c.key == sa.bindparam("of_key"), _CROWDS.c.intake_id == sa.bindparam("of_intake"))
        db.session.connection().execute(
            sa.delete(_CROWDS).where(*this), [{"of_key": row[0], "of_intake": row[1]} for row in sorted(gone)]
        )
    _insert(_CROWDS, [dict(zip(names, row, strict=True)) for row in fresh])
    return {row[0] for row in stored} ^ set(many), len(gone) + len(fresh)


def _keep_pairs(files: set[int]) -> int:
    """Bring the pairs of files to what a comparison with those that share a trait finds; returns how many rows
    changed."""
    wanted = {(row["file_id"], row["beside_id"]): row for row in _alike(files)}
    stored = {
        (row["file_id"], row["beside_id"]): dict(row)
        for name in ("file_id", "beside_id")
        for row in _all(sa.select(_PAIRS), name, files, mapped=True)
    }
    changed = 0
    gone = [row["id"] for pair, row in stored.items() if pair not in wanted]
    for part in in_parts(gone):
        db.session.execute(sa.delete(_PAIRS).where(_PAIRS.c.id.in_(part)))
    for pair, row in wanted.items():
        if pair in stored and any(stored[pair][name] != value for name, value in row.items()):
            db.session.execute(sa.update(_PAIRS).where(_PAIRS.c.id == stored[pair]["id"]).values(row))
            changed += 1
    fresh = [row | {"reference": new_reference()} for pair, row in wanted.items() if pair not in stored]
    _insert(_PAIRS, fresh)
    return len(gone) + changed + len(fresh)


def _alike(files: set[int]) -> Iterator[dict[str, Any]]:
    """The rows of the pairs that a file of `files` is part of."""
    candidates = _candidates(files)
    known = known_files({number for pair in candidates for number in pair})
    united = united_pairs(files)
    for one, other in sorted(candidates):
        if one not in known or other not in known or frozenset((one, other)) in united:
            continue
        found = likeness(known[one].traits, known[other].traits)
        if found.is_told:
            signs = [sign.value for sign in found.signs]
            yield from _told(known[one], known[other], {"score": found.score, "signs": signs})


def _told(one: KnownFile, other: KnownFile, what: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A row for each intake whose staff are told."""
    same = one.intake_id == other.intake_id
    for here, beside in ((one, other),) if same else ((one, other), (other, one)):
        if is_shown(here.state, beside.state, same_intake=same):
            yield {
                "institution_id": here.institution_id,
                "intake_id": here.intake_id,
                "file_id": here.id,
                "beside_institution_id": beside.institution_id,
                "beside_intake_id": beside.intake_id,
                "beside_id": beside.id,
                "across": not same,
                **what,
            }


def _candidates(files: set[int]) -> set[tuple[int, int]]:
    """The pairs, the smaller number first, of a file of `files` and another person's that share what is no crowd's."""
    mine = {row.key for row in _all(sa.select(_TRAITS.c.key), "application_id", files)}
    crowded = {row.key for row in _all(sa.select(_CROWDS.c.key), "key", mine)}
    groups: dict[int, list[tuple[int, int]]] = defaultdict(list)
    chosen = sa.select(_TRAITS.c.key, _TRAITS.c.application_id, _TRAITS.c.person_id)
    for key, number, person in _all(chosen, "key", mine - crowded):
        groups[key].append((number, person))
    return {
        (min(one, other), max(one, other))
        for group in groups.values()
        for one, person in group
        if one in files
        for other, another in group
        if person != another
    }


def _those_with(keys: Collection[int]) -> list[int]:
    return [row.application_id for row in _all(sa.select(_TRAITS.c.application_id), "key", keys)]


def _all(
    query: sa.Select[Any], column: str, values: Collection[int], *, mapped: bool = False
) -> Iterator[Any]:
    """The rows of a query on one table whose column has one of these values, in parts that a statement takes."""
    table = query.get_final_froms()[0]
    for part in in_parts(values, AT_ONCE):
        found = db.session.execute(query.where(table.c[column].in_(part)))
        yield from found.mappings() if mapped else found


def _insert(table: sa.Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        db.session.connection().execute(sa.insert(table).inline(), rows)

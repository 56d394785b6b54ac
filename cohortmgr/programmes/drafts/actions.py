"""Changes a definition by pages: begins, changes, publishes and discards its draft.

One person or several may change a draft.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, TypeVar

from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, NotFound, Problem, Refused, Stale
from cohortmgr.organisations import queries as organisations
from cohortmgr.organisations.rules import path_of
from cohortmgr.programmes import queries
from cohortmgr.programmes.actions import LoadedDefinition, load_definition
from cohortmgr.programmes.actions import publish as publish_programme
from cohortmgr.programmes.definition.binding import Fault
from cohortmgr.programmes.definition.cloning import ClonedIntake, clone_intake, copy_programme
from cohortmgr.programmes.definition.rules import Definition, Text
from cohortmgr.programmes.definition.toml import as_json, from_json, judged
from cohortmgr.programmes.drafts.queries import MANAGE, Writing, get_writing_locked, running
from cohortmgr.programmes.models import DefinitionDraft

Result = TypeVar("Result")
# The fields of the page on which a programme begins, by the part of a definition in which a fault is found.
_BEGUN = {
    "key": "programme_key",
    "closes_at": "closes_on",
    "decision_by": "decision_by",
    "starts_on": "starts_on",
    "seats": "seats",
}
_TOO_LARGE = 1024 * 1024
_FAR = N_("Avec ce premier jour, d’autres dates sortent du calendrier : choisissez-en un plus proche.")
_UNSHOWN = N_("Ainsi, les pages de ce programme ne se montreraient plus : rien n’est enregistré.")


def change(
    viewer: Viewer, key: str, act: Callable[[dict[str, Any]], Result], version: int | None = None
) -> Result:
    """Change a programme's draft by `act`, and return what `act` returns. The first change begins the draft.

    Raises Stale when `version` is not that of the draft (0: there was none). Pass None if the act itself
    checks that what it changes is as the page showed it.
    """
    writing = get_writing_locked(viewer, key)
    if version is not None and version != writing.version:
        raise Stale(key)
    document = copy.deepcopy(writing.document)
    done = act(document)
    if document != writing.document:
        _keep(viewer, writing, document)
    return done


def take_in(viewer: Viewer, key: str, document: dict[str, Any], version: int) -> None:
    """Replace the draft by a whole document, such as one from a file. Refused if it is another programme's."""
    writing = get_writing_locked(viewer, key)
    if version != writing.version:
        raise Stale(key)
    for name, mine in (("key", writing.programme.key), ("host", writing.published.host)):
        if document.get(name) != mine:
            what = N_("Ce fichier décrit « %(other)s » et non « %(mine)s ».")
            raise Refused(Problem(what, {"other": str(document.get(name))[:80], "mine": mine}, "file"))
    _keep(viewer, writing, document)
    record(viewer, "programmes.take_in_draft", about(writing.programme), after={"key": writing.programme.key})


def add_intake(viewer: Viewer, key: str, source: str, wanted: ClonedIntake, version: int) -> None:
    """Add to the draft a campaign like the one with the key `source`, with its dates moved. Refused if the draft or the
    programme has one with that key, or none to copy; Stale as `change`."""

    def act(document: dict[str, Any]) -> None:
        writing = get_writing_locked(viewer, key)
        known = {each["key"] for each in document["intakes"]}
        if wanted.key in known | set(running(writing.programme)):
            what = N_("La clé « %(key)s » est déjà utilisée.")
            raise Refused(Problem(what, {"key": wanted.key}, "key"))
        if source not in known:
            raise Refused(Problem(N_("Choisissez la campagne à reprendre."), {}, "source"))
        clone_intake(document, source, wanted)
        if judged(document).definition is None:
            raise Refused(Problem(_FAR, {}, "starts_on"))

    change(viewer, key, act, version)


def drop_intake(viewer: Viewer, key: str, intake: str, version: int) -> None:
    """Take a campaign out of the draft; Refused once it is in force, or if it is the only one. Stale as `change`."""

    def act(document: dict[str, Any]) -> None:
        writing = get_writing_locked(viewer, key)
        left = [each for each in document["intakes"] if each["key"] != intake]
        if intake in running(writing.programme) or not left:
            raise Refused(N_("Cette campagne est enregistrée : elle s’archive après sa clôture."))
        document["intakes"] = left
        for section in document["form"]["sections"]:
            for question in section["questions"]:
                _forget_intake(question, "application_intakes", intake)
        bounds = document.get("selection", {}).get("bound", [])
        bounds[:] = [bound for bound in bounds if bound.get("intakes") != [intake]]
        for bound in bounds:
            _forget_intake(bound, "intakes", intake)

    change(viewer, key, act, version)


def _forget_intake(table: dict[str, Any], name: str, intake: str) -> None:
    named = table.get(name, [])
    if intake in named and len(named) > 1:
        named.remove(intake)


def begin_new(viewer: Viewer, definition: Definition) -> LoadedDefinition:
    """Make a programme in preparation from nothing; somebody else publishes it. Refused if its key is taken, or with
    what is wrong with its dates and seats."""
    require(viewer, MANAGE, path_of(_path_of_host(definition.host), definition.key))
    if queries.programme_by_key(definition.key) is not None:
        what = N_("La clé « %(key)s » est déjà utilisée.")
        raise Refused(Problem(what, {"key": definition.key}, "programme_key"))
    faults = judged(as_json(definition)).faults
    if faults:
        raise Refused(*map(_at_its_field, faults))
    loaded = load_definition(viewer, definition, publish=False)
    record(viewer, "programmes.begin", about(loaded.programme), after={"key": definition.key})
    return loaded


def _at_its_field(fault: Fault) -> Problem:
    return Problem(fault.what, fault.values, _BEGUN.get(str(fault.path[-1])))


def _path_of_host(key: str) -> str:
    host = organisations.by_key(key)
    if host is None:
        raise NotFound(key)
    return host.path


def begin_copy(viewer: Viewer, source: str, key: str, title: Text, intake: ClonedIntake) -> LoadedDefinition:
    """Make a programme in preparation like another of the same host, as its version in force is; somebody else
    publishes it. Refused if the key is taken, or if what is copied cannot be checked through."""
    writing = get_writing_locked(viewer, source)
    if queries.programme_by_key(key) is not None:
        raise Refused(Problem(N_("La clé « %(key)s » est déjà utilisée."), {"key": key}, "programme_key"))
    made = copy_programme(writing.published, key, title, intake)
    found = judged(as_json(made))
    if found.definition is None:
        raise Refused(Problem(_FAR, {}, "starts_on"))
    if found.faults:
        raise Refused(*map(_at_its_field, found.faults))
    loaded = load_definition(viewer, made, publish=False)
    after = {"key": key, "source": source}
    record(viewer, "programmes.copy", about(loaded.programme), after=after)
    return loaded


def discard(viewer: Viewer, key: str, version: int) -> None:
    """Discard a draft; nothing happens if there is none."""
    writing = get_writing_locked(viewer, key)
    if writing.draft is None:
        return
    if version != writing.version:
        raise Stale(key)
    db.session.delete(writing.draft)
    record(viewer, "programmes.discard_draft", about(writing.programme), after={"key": writing.programme.key})


def publish(viewer: Viewer, key: str, version: int, over: int) -> LoadedDefinition | None:
    """Put a draft in force, in place of the version with the number `over`; drafts of files move with it.
    Returns None if there is no draft. A programme in preparation stays so, and somebody else may then show it.

    Raises Refused with all faults if there are any, and Stale when the draft or the version in force is not
    the one that was shown.
    """
    writing = get_writing_locked(viewer, key)
    if writing.draft is None:
        return None
    if version != writing.version or over != writing.in_force.number:
        raise Stale(key)
    found = judged(writing.document)
    if not found.sound:
        raise Refused(*(Problem(fault.what, fault.values) for fault in found.faults))
    loaded = load_definition(viewer, from_json(writing.document), publish=False)
    db.session.delete(writing.draft)
    before, after = {"version": over}, {"version": loaded.version.number}
    record(viewer, "programmes.publish_draft", about(writing.programme), before=before, after=after)
    return loaded


def show(viewer: Viewer, key: str, over: int) -> None:
    """Publish a programme in preparation as the version with the number `over`; nothing happens if it is published.

    Raises Stale if another version was put in force meanwhile, and Refused while a draft waits, or for who
    prepared that version."""
    writing = get_writing_locked(viewer, key)
    if over != writing.in_force.number:
        raise Stale(key)
    if writing.draft is not None:
        raise Refused(
            N_("Un brouillon attend : enregistrez-le dans la préparation, ou abandonnez-le, puis publiez.")
        )
    publish_programme(viewer, key)


def _keep(viewer: Viewer, writing: Writing, document: dict[str, Any]) -> None:
    """Keep a document as the draft. Refused if it is too long, or if no page could show it: nobody could mend it."""
    if len(str(document)) > _TOO_LARGE:
        raise Refused(N_("Ce programme est devenu trop long : raccourcissez ses textes."))
    if judged(document).definition is None:
        raise Refused(_UNSHOWN)
    if writing.draft is None:
        db.session.add(
            DefinitionDraft(
                institution_id=writing.programme.institution_id,
                programme_id=writing.programme.id,
                based_on=writing.in_force.number,
                document=document,
                written_by=viewer.reference,
                updated_at=clock.now(),
            )
        )
        db.session.flush()
        record(
            viewer, "programmes.begin_draft", about(writing.programme), after={"key": writing.programme.key}
        )
        return
    writing.draft.document = document
    writing.draft.written_by, writing.draft.updated_at = viewer.reference, clock.now()

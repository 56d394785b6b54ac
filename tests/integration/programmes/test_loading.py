"""Definitions in the database: loaded once, versioned, refused whole."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask.ctx import AppContext
from flask.testing import FlaskCliRunner

from cohortmgr.accounts.rules import ANONYMOUS, SYSTEM, Scope
from cohortmgr.audit.models import Event
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotFound, NotPermitted, Refused
from cohortmgr.organisations import actions as tree
from cohortmgr.organisations.models import Organisation
from cohortmgr.organisations.queries import by_key
from cohortmgr.organisations.rules import OrganisationKind
from cohortmgr.programmes import actions, queries
from cohortmgr.programmes.definition import toml
from cohortmgr.programmes.definition.rules import Definition, IntakeState
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.programmes.models import DefinitionVersion, Intake, Offering, Programme


def load(definition: Definition | None = None) -> actions.LoadedDefinition:
    with writing():
        return actions.load_definition(SYSTEM, definition or read_known("mdia"))


def count(model: type) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def test_mdia_brings_its_host_its_companies_its_intakes_and_seats(system_context: AppContext) -> None:
    loaded = load()
    assert loaded.changed
    assert loaded.programme.path == "ma.inpt.mdia."
    keys = set(db.session.scalars(sa.select(Organisation.key)))
    assert keys == {"ma", "inpt", "attijariwafa-bank", "inwi", "managem", "nareva"}
    first = queries.intake_of("mdia", "2025")
    assert first.institution_id == loaded.programme.institution_id
    assert [(o.key, o.seats, o.taken) for o in queries.offerings_of(first)] == [("data-ia", 30, 0)]
    assert queries.intake_of("mdia").key == "2027"
    assert queries.definition_of(first) == read_known("mdia")
    assert queries.get_intake(first.reference).id == first.id
    assert [row.key for row in queries.intakes_below([Scope("ma.inpt.")])] == ["2027", "2025"]
    assert queries.intakes_below([]) == []


def test_loading_again_changes_nothing(system_context: AppContext) -> None:
    load()
    before = [count(model) for model in (Programme, DefinitionVersion, Intake, Offering, Organisation, Event)]
    assert not load().changed
    after = [count(model) for model in (Programme, DefinitionVersion, Intake, Offering, Organisation, Event)]
    assert after == before


def test_a_changed_definition_is_a_new_version_and_the_old_one_stays(system_context: AppContext) -> None:
    mdia = read_known("mdia")
    first = load()
    second = load(replace(mdia, offers=replace(mdia.offers, days_to_answer=10)))
    assert second.changed
    assert (first.version.number, second.version.number) == (1, 2)
    assert queries.definition_of(queries.intake_of("mdia", "2025")).offers.days_to_answer == 10
    assert queries.definition_of(first.version).offers.days_to_answer == 7
    back = load()
    assert (back.changed, back.version.number) == (True, 1)
    assert count(DefinitionVersion) == 2


def test_a_definition_in_memory_costs_no_statement(
    system_context: AppContext, statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    load()
    intake = queries.intake_of("mdia")
    queries.definition_of(intake)
    with statements() as seen:
        queries.definition_of(intake)
    assert seen == []


def test_seats_never_fall_below_those_taken(system_context: AppContext) -> None:
    load()
    with writing():
        db.session.execute(sa.update(Offering).values(taken=20))
    mdia = read_known("mdia")
    small = replace(mdia.intakes[0], offerings=(replace(mdia.intakes[0].offerings[0], seats=10),))
    with pytest.raises(Refused, match="20"):
        load(replace(mdia, intakes=(small, mdia.intakes[1])))
    assert count(DefinitionVersion) == 1


def test_the_window_of_an_archived_campaign_is_not_moved_by_a_definition(system_context: AppContext) -> None:
    load()
    first = queries.intake_of("mdia", "2025")
    before = first.closes_at
    with clock.at(before + timedelta(days=400)), writing():
        actions.archive(SYSTEM, first.reference, "Fini.")
    mdia = read_known("mdia")
    for name in ("opens_at", "closes_at"):
        moved = replace(mdia.intakes[0], **{name: getattr(mdia.intakes[0], name) + timedelta(days=900)})
        with pytest.raises(Refused, match="archivée"):
            load(replace(mdia, intakes=(moved, mdia.intakes[1])))
        db.session.rollback()
    assert load(replace(mdia, offers=replace(mdia.offers, days_to_answer=10))).changed
    assert queries.intake_of("mdia", "2025").closes_at == before
    later = replace(mdia.intakes[1], closes_at=mdia.intakes[1].closes_at + timedelta(days=1))
    assert load(replace(mdia, intakes=(mdia.intakes[0], later))).changed


def test_another_host_cannot_take_a_programme_over(system_context: AppContext) -> None:
    load()
    with pytest.raises(Refused):
        load(replace(read_known("mdia"), host="ma"))


def test_a_path_is_a_programme_s_or_an_organisation_s(system_context: AppContext) -> None:
    load()
    mdia, name = read_known("mdia"), {"fr": "Un centre", "ar": "مركز", "en": "A centre"}
    with pytest.raises(Refused, match="mdia"), writing():
        tree.create(SYSTEM, OrganisationKind.CENTRE, "mdia", name, by_key("inpt"))
    db.session.rollback()
    with writing():
        tree.create(SYSTEM, OrganisationKind.CENTRE, "ensias", name, by_key("inpt"))
        tree.create(SYSTEM, OrganisationKind.CLUB, "other", name, by_key("ensias"))
    with pytest.raises(Refused, match="ensias"):
        load(replace(mdia, key="ensias"))
    db.session.rollback()
    assert load(replace(mdia, key="other")).changed, "another path"


def test_only_those_who_manage_programmes_load_one(system_context: AppContext) -> None:
    with pytest.raises(NotPermitted), writing():
        actions.load_definition(ANONYMOUS, read_known("mdia"))


def test_a_draft_is_seen_by_those_who_manage_it_alone(system_context: AppContext) -> None:
    load()
    with writing():
        draft = queries.intake_of("mdia", "2025")
        draft.state = IntakeState.DRAFT.value
    assert queries.get_for(SYSTEM, draft.reference).key == "2025"
    with pytest.raises(NotFound):
        queries.get_for(ANONYMOUS, draft.reference)
    with pytest.raises(NotFound):
        queries.public_intake(draft.reference)


def test_the_command_loads_once_and_says_so(runner: FlaskCliRunner) -> None:
    first = runner.invoke(args=["programmes", "load", "mdia", "--publish"])
    assert (first.exit_code, first.output) == (0, "mdia: version 1 loaded\nmdia: published\n")
    assert "already in force" in runner.invoke(args=["programmes", "load", "mdia"]).output


def test_the_command_names_file_line_and_field(runner: FlaskCliRunner, tmp_path: Path) -> None:
    text = (toml.DEFINITIONS / "mdia.toml").read_text(encoding="utf-8").replace("weight = 8", "weight = 0")
    (tmp_path / "wrong.toml").write_text(text, encoding="utf-8")
    done = runner.invoke(args=["programmes", "load", str(tmp_path / "wrong.toml")])
    line = text[: text.index("weight = 0")].count("\n") + 1
    assert done.exit_code == 1
    assert f"wrong.toml:{line} rubric.phases[1].criteria[1].weight: " in done.output
    assert runner.invoke(args=["programmes", "load", "absent"]).exit_code == 1

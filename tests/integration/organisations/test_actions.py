"""The tree in the database: hosts known beforehand, companies, and who may enter them."""

from __future__ import annotations

import pytest
from flask.ctx import AppContext

from cohortmgr.accounts.rules import ANONYMOUS, SYSTEM
from cohortmgr.audit.models import Event
from cohortmgr.audit.rules import REGISTER
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotFound, NotPermitted, Refused
from cohortmgr.organisations import actions, queries
from cohortmgr.organisations.rules import OrganisationKind

NAME = {"fr": "Une", "ar": "واحدة", "en": "One"}


def test_a_known_host_is_made_once_with_what_is_above_it(system_context: AppContext) -> None:
    with writing():
        first = actions.ensure_host(SYSTEM, "inpt")
        again = actions.ensure_host(SYSTEM, "inpt")
    assert first.id == again.id
    assert first.path == "ma.inpt."
    assert first.institution_id == first.id
    assert [row.key for row in db.session.scalars(queries.visible(ANONYMOUS))] == ["ma", "inpt"]
    assert queries.institutions_below("ma.inpt.") == (first.id,)
    assert len(queries.institutions_below("ma.")) == 2
    noted = {event.action for event in db.session.query(Event) if event.chain != REGISTER}
    assert noted == {"organisations.create"}


def test_an_unknown_host_or_one_that_hosts_nothing_is_refused(system_context: AppContext) -> None:
    with pytest.raises(Refused, match="nowhere"), writing():
        actions.ensure_host(SYSTEM, "nowhere")
    with pytest.raises(Refused, match="inwi"), writing():
        actions.ensure_companies(SYSTEM, {"inwi": NAME})
        actions.ensure_host(SYSTEM, "inwi")


def test_companies_are_made_when_absent_and_keep_their_name(system_context: AppContext) -> None:
    with writing():
        actions.ensure_companies(SYSTEM, {"inwi": NAME})
    with writing():
        found = actions.ensure_companies(SYSTEM, {"inwi": {**NAME, "fr": "Autre"}, "managem": NAME})
    assert found["inwi"].name["fr"] == "Une"
    assert found["managem"].kind == OrganisationKind.COMPANY
    assert found["managem"].institution_id is None
    with pytest.raises(Refused, match="inpt"), writing():
        actions.ensure_host(SYSTEM, "inpt")
        actions.ensure_companies(SYSTEM, {"inpt": NAME})


def test_a_key_is_used_once_and_only_by_those_who_may(system_context: AppContext) -> None:
    with writing():
        root = actions.ensure_host(SYSTEM, "ma")
        centre = actions.create(SYSTEM, OrganisationKind.CENTRE, "centre-1", NAME, root, "MA-06")
    assert centre.institution_id == root.id
    assert queries.get_for(ANONYMOUS, centre.reference).key == "centre-1"
    with pytest.raises(Refused, match="centre-1"), writing():
        actions.create(SYSTEM, OrganisationKind.CENTRE, "centre-1", NAME, root)
    with pytest.raises(NotPermitted), writing():
        actions.create(ANONYMOUS, OrganisationKind.CENTRE, "centre-2", NAME, root)
    with pytest.raises(NotFound):
        queries.get_for(ANONYMOUS, "nothing")

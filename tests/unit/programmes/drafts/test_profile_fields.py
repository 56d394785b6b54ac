"""A programme's place on the home page, as it is ticked: what is no choice is left out, and a kind is asked for."""

from __future__ import annotations

from cohortmgr.programmes.definition.rules import AudienceGroup, ProgrammeKind, StudyLevel
from cohortmgr.programmes.definition.toml import as_json, from_json, read_known
from cohortmgr.programmes.drafts.profile_fields import profile_of, read_profile


def test_what_is_ticked_is_kept_and_read_again() -> None:
    given = {"kind": ["short"], "level": ["licence"], "audiences-workers": ["1"], "regions-MA-09": ["1"]}
    document = as_json(read_known("mdia"))
    typed = read_profile(given, document)
    assert not typed.problems
    document["profile"] = typed.table
    profile = from_json(document).profile
    assert profile is not None
    assert (profile.kind, profile.level) == (ProgrammeKind.SHORT, StudyLevel.LICENCE)
    assert (profile.audiences, profile.regions) == ((AudienceGroup.WORKERS,), ("MA-09",))
    assert profile_of(document) == typed.table


def test_nothing_ticked_takes_out_what_was_there_and_asks_for_the_kind() -> None:
    typed = read_profile({"kind": ["no such"], "regions-XX": ["1"]}, as_json(read_known("mdia")))
    assert typed.table == {}
    assert [problem.where for problem in typed.problems] == ["kind"]

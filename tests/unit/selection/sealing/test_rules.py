"""The rules of an intake as values: what a file says, what is wrong with it, and of what a digest is made."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.base.errors import Refused
from cohortmgr.programmes.definition.bounds.attributes import attributes_of
from cohortmgr.programmes.definition.source_lines import shown
from cohortmgr.programmes.definition.toml import read_known, read_part, write_part
from cohortmgr.selection.certificate import canonical
from cohortmgr.selection.choosing.rules import Bound
from cohortmgr.selection.proofs.choice import salted
from cohortmgr.selection.sealing.differences import differences
from cohortmgr.selection.sealing.rules import (
    ChoiceGround,
    EntryByRight,
    RulesContent,
    RulesFile,
    content_of,
    digest_of,
    faults_in,
    faults_of_file,
    file_of,
    has_reasons,
    published_statement,
    sealed_statement,
)

MDIA = read_known("mdia")
GROUND = ChoiceGround(
    MDIA, attributes_of(MDIA, "2027"), {"data-ia": 30}, "seed", {"M-1": "data-ia", "M-2": "data-ia"}
)
TWO = replace(GROUND, offered={"a": 20, "b": 10}, files={"M-1": "a", "M-2": "b"})
BY_RIGHT = EntryByRight("M-1", "Convention avec la fondation", "Convention, article 4")
TIES = ("resultats", "bases")
CONTENT = RulesContent({"data-ia": 30}, (Bound({"region": "MA-08"}, 2, 9),), (BY_RIGHT,), TIES)


def wrong(content: RulesContent, ground: ChoiceGround = GROUND) -> list[str]:
    return [shown(each.path) for each in faults_in(content, ground)]


def said(text: str, ground: ChoiceGround = GROUND) -> list[str]:
    """The places of the faults of a file, with the lines of the text."""
    try:
        found, refused = read_part(text, "r.toml", RulesFile)
        content = content_of(found, ground)
        faults = [*faults_of_file(found, ground), *faults_in(content, ground)]
        if faults:
            raise refused(faults)
    except Refused as refusal:
        return [each.where or "" for each in refusal.problems]
    return []


def test_a_file_without_anything_takes_the_seats_and_ties_of_the_intake() -> None:
    found = content_of(RulesFile(), GROUND)
    assert found == RulesContent({"data-ia": 30}, (), (), ("resultats", "bases", "projet", "langues"))
    assert wrong(found) == []


@pytest.mark.parametrize(
    ("seats", "places"),
    [({"data-ia": 0}, ["seats.data-ia"]), ({"data-ia": -1}, ["seats.data-ia"]), ({"data-ia": 31}, ["seats.data-ia"]),
     ({}, ["seats"]), ({"data-ia": 3, "x": 1}, ["seats.x"])],
)  # fmt: skip
def test_seats_are_those_of_the_intake_at_most_and_one_at_least(
    seats: dict[str, int], places: list[str]
) -> None:
    assert wrong(RulesContent(seats)) == places


def test_more_seats_than_files_are_no_fault() -> None:
    assert wrong(RulesContent({"data-ia": 30})) == [] and len(GROUND.files) < 30


def test_who_enters_by_right_has_a_file_a_reason_a_paper_and_a_seat() -> None:
    entries = [
        replace(BY_RIGHT, application="M-9"),
        replace(BY_RIGHT, reason=" "),
        replace(BY_RIGHT, paper=""),
        replace(BY_RIGHT, paper="x" * 301),
        replace(BY_RIGHT, reason="x" * 1001),
    ]
    for entry, field in zip(entries, ("application", "reason", "paper", "paper", "reason"), strict=True):
        assert wrong(replace(CONTENT, right=(entry,))) == [f"right[1].{field}"]
    assert wrong(replace(CONTENT, right=(BY_RIGHT, BY_RIGHT))) == ["right[2].application"]
    both = (BY_RIGHT, replace(BY_RIGHT, application="M-2"))
    few = RulesContent({"data-ia": 1}, (), both, TIES)
    assert wrong(few) == ["right[2].application"], "more people by right than seats"
    assert wrong(RulesContent({"a": 1, "b": 1}, (), both, TIES), TWO) == [], (
        "each is of an offering of its own"
    )


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("seats = 0", "r.toml:1 seats.data-ia"),
        ("seats = true", "r.toml:1 seats"),
        ("seats = [1]", "r.toml:1 seats"),
        ('seats = "30"', "r.toml:1 seats"),
        ("[seats]\ndata-ia = 0", "r.toml:2 seats.data-ia"),
        ("[seats]\nother = 3\ndata-ia = 3", "r.toml:2 seats.other"),
        ('\nseed = "mine"', "r.toml:2 seed"),
        ('ties = ["age"]', "r.toml:1 ties[1]"),
        ('ties = "resultats"', "r.toml:1 ties"),
        ('[[bounds]]\nwhere = { region = "MA-08" }', "r.toml:1 bounds"),
        ('[[bound]]\nwhere = { regions = "MA-08" }\nat_least = 2', "r.toml:2 bound[1].where.regions"),
        ('[[bound]]\nwhere = { region = "MA-08" }\nat_least = 5\nat_most = 2', "r.toml:3 bound[1].at_least"),
        (
            '[[bound]]\nwhere = { region = "MA-08" }\nat_least = 2\nintakes = ["2027"]',
            "r.toml:4 bound[1].intakes",
        ),
        ('[[right]]\napplication = "M-1"\nreason = "x"', "r.toml:1 right[1].paper"),
        ('[[right]]\napplication = 3\nreason = "x"\npaper = "y"', "r.toml:2 right[1].application"),
        ('[[right]]\napplication = "M-1"\nreason = "a\\u0007b"\npaper = "y"', "r.toml:3 right[1].reason"),
        ("seats = 3\nseats = 4", "r.toml:2 seats"),
        ("seats = ", "r.toml:1"),
        ("x = " + "[" * 99, "r.toml"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_by_its_line(text: str, where: str) -> None:
    assert said(text) == [where]


def test_with_several_offerings_a_file_says_the_seats_of_each() -> None:
    assert said("seats = 20", TWO) == ["r.toml:1 seats"]
    assert said("[seats]\na = 20", TWO) == ["r.toml:1 seats"]
    assert said("[seats]\na = 20\nb = 3", TWO) == []


bounds = st.builds(
    Bound,
    where=st.fixed_dictionaries(
        {"region": st.sampled_from(["MA-01", "MA-08"])}, optional={"sex": st.just("f")}
    ),
    at_least=st.none() | st.integers(1, 5),
    at_most=st.integers(5, 30),
    hard=st.booleans(),
)
contents = st.builds(
    RulesContent,
    seats=st.fixed_dictionaries({"data-ia": st.integers(1, 30)}),
    bounds=st.lists(bounds, max_size=3).map(tuple),
    right=st.lists(
        st.builds(
            EntryByRight,
            st.sampled_from(["M-1", "M-2"]),
            st.text("aé\n\"'", max_size=9),
            st.text("x=#", max_size=9),
        ),
        max_size=2,
    ).map(tuple),
    ties=st.sampled_from([TIES, ("langues",)]),
)


@given(contents)
def test_rules_come_back_from_their_file_and_from_their_row(content: RulesContent) -> None:
    found, _refused = read_part(write_part(file_of(content, "seed")), "r.toml", RulesFile)
    assert content_of(found, GROUND) == content and found.seed == "seed"
    assert RulesContent.of_json(json.loads(json.dumps(content.as_json()))) == content


@given(contents, contents)
def test_a_digest_is_the_same_exactly_when_the_rules_are(one: RulesContent, other: RulesContent) -> None:
    digests = [digest_of(sealed_statement(each, "seed", "salt")) for each in (one, other)]
    assert (digests[0] == digests[1]) is (one == other)
    told = [*differences(one, other, {}, {})]
    assert not told or one != other


def test_a_digest_is_of_its_intake_and_its_salt_and_tells_no_number() -> None:
    stated = sealed_statement(CONTENT, "seed", "salt")
    assert "M-1" not in json.dumps(stated) and '"salt"' not in json.dumps(stated)
    assert stated["right"][0]["reference"] == salted(b"salt", "M-1")
    for seed, salt in (("other", "salt"), ("seed", "other")):
        assert digest_of(sealed_statement(CONTENT, seed, salt)) != digest_of(stated)


def test_what_is_published_says_nothing_that_was_typed_of_people_and_gives_the_digest() -> None:
    stated = sealed_statement(CONTENT, "seed", "salt")
    told = published_statement(stated)
    entry = CONTENT.right[0]
    for text in (entry.reason, entry.paper, entry.application, stated["right"][0]["nonce"]):
        assert text in json.dumps([stated, entry.application], ensure_ascii=False)
        assert text not in json.dumps(told, ensure_ascii=False)
    assert hashlib.sha256(canonical(told).encode()).hexdigest() == digest_of(stated)
    assert not has_reasons(told)
    # Neither are short texts found by trying them out: the hash has a nonce that follows from the salt.
    bare = {key: value for key, value in stated["right"][0].items() if key != "nonce"}
    assert hashlib.sha256(canonical(bare).encode()).hexdigest() != told["right"][0]["sha256"]


@given(contents)
def test_a_seal_of_before_nonces_is_stated_as_it_was_sealed(content: RulesContent) -> None:
    stated = sealed_statement(content, "seed", "salt")
    before = {
        **stated,
        "right": [{k: each[k] for k in ("reference", "reason", "paper")} for each in stated["right"]],
    }
    digest = hashlib.sha256(canonical(before).encode()).hexdigest()
    assert sealed_statement(content, "seed", "salt", digest) == before
    assert digest_of(before) == digest and has_reasons(published_statement(before)) is bool(content.right)
    assert sealed_statement(content, "seed", "salt", digest_of(stated)) == stated


def test_a_salted_reference_is_an_hmac_that_anybody_with_the_salt_computes() -> None:
    # RFC 4231, test case 2: the key "Jefe" and this text.
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert salted(b"Jefe", "what do ya want for nothing?") == expected


def test_each_change_is_told() -> None:
    other = RulesContent(
        {"data-ia": 28},
        (Bound({"region": "MA-08"}, 3, 9),),
        (replace(BY_RIGHT, paper="Avenant"),),
        ("bases",),
    )
    told: list[Any] = [each.what for each in differences(CONTENT, other, GROUND.attributes, {})]
    assert len(told) == 5 and "places" in told[0] and told[1].startswith("nouvelle") and "retirée" in told[2]
    gone = [each.what for each in differences(CONTENT, replace(CONTENT, right=()), GROUND.attributes, {})]
    assert len(gone) == 1 and "plus de droit" in gone[0]

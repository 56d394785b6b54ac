"""A form that staff change: its keys stay unlike, it stays something that can be shown, and what changed is said."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.base.clock import CASABLANCA
from cohortmgr.base.errors import NotFound, Problem, Refused
from cohortmgr.programmes.definition import comparing
from cohortmgr.programmes.definition.checks.form import KEY
from cohortmgr.programmes.definition.comparing import ChangeKind, changes
from cohortmgr.programmes.definition.questions import Form
from cohortmgr.programmes.definition.tolerant import judge
from cohortmgr.programmes.definition.toml import as_json, read_known
from cohortmgr.programmes.drafts import structure

MDIA = as_json(read_known("mdia"))
LABEL = {"fr": "Langue préférée", "ar": "اللغة المفضلة", "en": "Preferred language"}


def local(moment: datetime) -> datetime:
    return moment.replace(tzinfo=CASABLANCA)


def document() -> dict[str, Any]:
    return copy.deepcopy(MDIA)


def keys(form: dict[str, Any]) -> list[str]:
    return [question["key"] for question in structure.questions_of(form)]


@pytest.mark.parametrize(
    ("label", "taken", "key"),
    [
        ("Langue préférée", (), "langue_preferee"),
        ("Langue préférée", ("langue_preferee",), "langue_preferee_2"),
        ("L’été : œuvre n° 3 !", (), "l_ete_oeuvre_n_3"),
        ("اللغة", (), "question"),
        ("", ("question",), "question_2"),
        ("Data", (), "data_2"),
        ("x" * 90, (), "x" * 36),
        ("../../etc/passwd", (), "etc_passwd"),
        ("'; DROP TABLE", (), "drop_table"),
    ],
)
def test_a_key_comes_from_the_label(label: str, taken: tuple[str, ...], key: str) -> None:
    assert structure.key_from(label, taken, "question") == key


@given(st.text(max_size=300), st.sets(st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True), max_size=5))
def test_a_key_is_always_sound_and_free(label: str, taken: set[str]) -> None:
    key = structure.key_from(label, taken, "question")
    assert KEY.fullmatch(key)
    assert key not in taken


def test_a_question_moves_within_its_section_then_into_the_next() -> None:
    form = document()
    first, second = form["form"]["sections"][0]["questions"], form["form"]["sections"][1]["questions"]
    last = first[-1]["key"]
    assert structure.move(form, last, 1)
    assert second[0]["key"] == last
    assert structure.move(form, last, -1)
    assert first[-1]["key"] == last
    assert not structure.move(form, first[0]["key"], -1), "the first of all stays"
    end = form["form"]["sections"][-1]["questions"][-1]["key"]
    assert not structure.move(form, end, 1), "and so does the last"


def test_a_copy_stands_after_its_question_without_what_must_be_one_s_own() -> None:
    form = document()
    name = structure.duplicate(form, "email")
    place = keys(form).index("email")
    assert keys(form)[place + 1] == name != "email"
    copied = structure.question(form, name)
    assert "target" not in copied
    assert "columns" not in copied
    assert judge(form, local).faults == ()


def test_what_is_not_there_is_not_found() -> None:
    for name in ("absent", "absent.field", "email.absent", ""):
        with pytest.raises(NotFound):
            structure.question(document(), name)


def test_a_section_that_asks_something_is_not_removed() -> None:
    form = document()
    with pytest.raises(Refused):
        structure.remove_section(form, form["form"]["sections"][0]["key"])
    key = structure.add_section(form, {"fr": "Suite", "ar": "تتمة", "en": "More"})
    assert key == "suite"
    assert structure.add_section(form, {"fr": "Suite", "ar": "تتمة", "en": "More"}) == "suite", "sent twice"
    assert structure.remove_section(form, key)["key"] == "suite"


@pytest.mark.parametrize("inner", [False, True])
def test_a_question_that_is_begun_twice_is_one_until_it_says_more(inner: bool) -> None:
    form = document()
    place = form["form"]["sections"][0]["key"]
    if inner:
        group = {"kind": "group", "label": LABEL, "fields": [{"key": "a", "kind": "text", "label": LABEL}]}
        place = f"{structure.add_question(form, place, group)}."
    table = {"kind": "text", "label": {"fr": "Ville"}}
    name = structure.begin_question(form, place, table)
    assert structure.begin_question(form, place, dict(table)) == name
    assert structure.begin_question(form, place, {**table, "kind": "date"}) == f"{name}_2"
    assert structure.begin_question(form, place, table) == f"{name}_3", "another stands behind it by now"
    structure.question(form, f"{name}_3")["required"] = True
    assert structure.begin_question(form, place, table) == f"{name}_4"


def test_a_new_question_is_renamed_wherever_it_is_named() -> None:
    form = document()
    section = form["form"]["sections"][0]["key"]
    table = {"kind": "choice", "label": LABEL, "options": [{"key": "fr", "label": LABEL}]}
    name = structure.add_question(form, section, table)
    structure.question(form, "email")["show_when"] = [
        {"question": name, "operator": "one_of", "values": ["fr"]}
    ]
    assert structure.rename(form, name, "Langue préférée") == name
    assert structure.rename(form, name, "Langue parlée") == "langue_parlee"
    assert structure.question(form, "email")["show_when"][0]["question"] == "langue_parlee"


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["up", "down", "remove", "copy", "add", "section", "section up", "rename"]),
        st.integers(0, 60),
    ),
    max_size=25,
)


def apply(form: dict[str, Any], act: str, place: int) -> None:
    """One thing that somebody may do on the page."""
    there = keys(form)
    sections = [each["key"] for each in structure.sections_of(form)]
    name, section = there[place % len(there)] if there else "", sections[place % len(sections)]
    if act == "add":
        structure.add_question(form, section, {"kind": "text", "label": dict(LABEL)})
    elif act == "section":
        structure.add_section(form, dict(LABEL))
    elif act == "section up":
        structure.move_section(form, section, -1)
    elif name and act in ("up", "down"):
        structure.move(form, name, -1 if act == "up" else 1)
    elif name and act == "remove":
        structure.remove(form, name)
    elif name and act == "copy":
        structure.duplicate(form, name)
    elif name:
        structure.rename(form, name, f"Autre {place}")


@given(MOVES)
def test_whatever_is_done_keys_stay_unlike_and_the_form_can_be_shown(acts: list[tuple[str, int]]) -> None:
    form = document()
    for act, place in acts:
        apply(form, act, place)
    assert len(keys(form)) == len(set(keys(form)))
    judged = judge(form, local)
    assert judged.shape == ()
    assert judged.definition is not None
    assert [question.key for question in judged.definition.form.questions] == keys(form)
    assert not [fault for fault in judged.faults if fault.path[-1] == "key"]


def test_a_definition_that_misses_texts_and_figures_is_judged_and_shown() -> None:
    form = document()
    question = structure.question(form, "motivation")
    question["label"] = {"fr": "Motivation"}
    question["max_length"] = "beaucoup"
    structure.question(form, "email")["show_when"] = [{"question": "absent", "operator": "not_empty"}]
    judged = judge(form, local)
    assert not judged.sound
    said = {fault.path[-2:] for fault in judged.faults}
    assert {("label", "ar"), ("label", "en")} <= said
    assert any(fault.path[-1] == "max_length" for fault in judged.faults)
    assert any(fault.path[-1] == "question" for fault in judged.faults)
    assert judged.definition is not None
    assert judged.definition.form.question("motivation").label["en"] == "Motivation"
    assert judged.definition.form.question("motivation").max_length is None
    assert judged.definition.form.question("email").show_when == ()


@pytest.mark.parametrize("wrong", [3, "texte", [], {"sections": 3}, {"sections": [3]}, None])
def test_what_is_no_form_at_all_is_not_editable(wrong: object) -> None:
    form = document()
    form["form"] = wrong
    assert not judge(form, local).editable or wrong == {"sections": []}


def test_what_changed_is_said() -> None:
    before = read_known("mdia")
    form = document()
    section = form["form"]["sections"][0]["key"]
    added = structure.add_question(form, section, {"kind": "text", "label": LABEL})
    structure.remove(form, "motivation")
    structure.question(form, "email")["help"] = LABEL
    structure.move(form, "email", 1)
    form["title"] = LABEL
    after = judge(form, local).definition
    assert after is not None
    told = {(change.kind, change.question) for change in changes(before, after)}
    assert {
        (ChangeKind.ADDED, added),
        (ChangeKind.REMOVED, "motivation"),
        (ChangeKind.CHANGED, "email"),
    } <= told
    assert comparing.PARTS["title"] in [change.named for change in changes(before, after)]
    assert "l’ordre des questions" in [each for c in changes(before, after) for each in c.details]
    assert comparing.removed(before.form, after.form) == ("motivation",)


def test_nothing_changed_is_nothing() -> None:
    mdia = read_known("mdia")
    assert changes(mdia, read_known("mdia")) == ()
    turned = replace(mdia, form=Form(tuple(reversed(mdia.form.sections))))
    assert [change.named for change in changes(mdia, turned)] == ["L’ordre des parties"]


def test_another_wording_is_told_with_the_old_one() -> None:
    form = document()
    structure.question(form, "email")["label"] = LABEL
    after = judge(form, local).definition
    assert after is not None
    [change] = changes(read_known("mdia"), after)
    [detail] = change.details
    assert isinstance(detail, Problem)
    assert "s’énonçait" in detail.what

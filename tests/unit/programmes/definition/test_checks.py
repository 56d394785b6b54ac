"""What a form may ask and what it may not, each fault at its place; and out to TOML and back, whatever it asks."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cohortmgr.base.errors import Refused
from cohortmgr.programmes.definition.checks.whole import check
from cohortmgr.programmes.definition.questions import LISTED, MOST_ROWS, NOT_IN_GROUPS
from cohortmgr.programmes.definition.rules import (
    Condition,
    ConditionOperator,
    Definition,
    Form,
    FormSection,
    Option,
    Question,
    QuestionKind,
    SelectionTerms,
)
from cohortmgr.programmes.definition.source_lines import shown
from cohortmgr.programmes.definition.toml import (
    as_json,
    from_json,
    read_definition,
    read_known,
    write_definition,
)

LABEL = {"fr": "Question", "ar": "سؤال", "en": "Question"}
OPTIONS = (Option("a", LABEL), Option("b", LABEL))
MDIA = replace(read_known("mdia"), eligibility=())


def ask(key: str = "q", kind: str = "text", **more: Any) -> Question:
    return Question(key, QuestionKind(kind), LABEL, **more)


def when(question: str, operator: str = "not_empty", *values: str) -> tuple[Condition, ...]:
    return (Condition(question, ConditionOperator(operator), values),)


def defined(*questions: Question, **section: Any) -> Definition:
    form = Form((FormSection("s", LABEL, questions, **section),))
    return replace(MDIA, form=form, selection=SelectionTerms())


ROW = (ask("title"),)
FAULTS: list[tuple[tuple[Question, ...], str, str]] = [
    ((ask(kind="choices"),), "options", "options"),
    ((ask(kind="language_levels"),), "options", "options"),
    ((ask(kind="number", options=OPTIONS),), "options", "à choix"),
    ((ask(kind="identity"),), "sealed", "scellée"),
    ((ask(kind="group", maximum=Decimal(2)),), "fields", "au moins un champ"),
    ((ask(kind="group", fields=ROW),), "maximum", "combien de lignes"),
    ((ask(kind="group", fields=ROW, maximum=Decimal(99)),), "maximum", "0 à 20"),
    ((ask(kind="group", fields=ROW, maximum=Decimal("1.5")),), "maximum", "entier"),
    ((ask(kind="choices", options=OPTIONS, maximum=Decimal(3)),), "maximum", "0 à 2"),
    ((ask(fields=ROW),), "fields", "Seul un groupe"),
    ((ask(kind="group", fields=(*ROW, *ROW), maximum=Decimal(2)),), "fields[2].key", "déjà"),
    ((ask(kind="group", fields=(ask("x", "file"),), maximum=Decimal(2)),), "fields[1].kind", "text"),
    ((ask(kind="group", fields=(ask("x", sealed=True),), maximum=Decimal(2)),), "fields[1].sealed", "sealed"),
    ((ask(kind="group", fields=(ask("x", "choice"),), maximum=Decimal(2)),), "fields[1].options", "options"),
    ((ask(kind="group", fields=(ask("data"),), maximum=Decimal(2)),), "fields[1].key", "réservée"),
    ((ask("errors"),), "key", "réservée"),
    ((ask("add-x"),), "key", "réservée"),
    ((ask("up-x"),), "key", "réservée"),
    ((ask("x", "grade", proof="nowhere"),), "proof", "n’existe pas"),
    ((ask("x", "grade", proof="other"), ask("other")), "proof", "n’est pas une pièce"),
    ((ask("x", "grade", proof="y", sealed=True), ask("y", "file", accept=("pdf",), max_bytes=9)), "proof", "scellée"),
    ((ask("q-day"), ask("q", "date")), "key", "une partie de"),
    ((ask(required=True, require_when=when("other")), ask("other")), "require_when", "de trop"),
    ((ask(either="x"),), "either", "ne nomme que cette question"),
    ((ask(either="x", required=True), ask("o", either="x")), "either", "pas obligatoire elle-même"),
    ((ask(either="x", require_when=when("o")), ask("o", either="x")), "either", "pas obligatoire elle-même"),
    ((ask(kind="consent", either="x"), ask("o", either="x")), "either", "ne se remplace pas"),
    ((ask(either="x", asked_at_application=False), ask("o", either="x")), "either", "au même moment"),
    ((ask(show_when=when("nowhere")),), "show_when[1].question", "nowhere"),
    ((ask(application_intakes=("2031",)),), "application_intakes", "2025"),
    (
        (ask(application_intakes=("2025",), asked_at_application=False),),
        "application_intakes",
        "d’aucune candidature",
    ),
    (
        (ask(either="x", application_intakes=("2025",)), ask("o", either="x")),
        "either",
        "au même moment",
    ),
    (
        (ask(show_when=when("other")), ask("other", application_intakes=("2025",))),
        "show_when[1].question",
        "pas posée",
    ),
    ((ask(show_when=when("other")), ask("other", "cin", sealed=True)), "show_when[1].question", "scellée"),
    ((ask(show_when=when("other")), ask("other", "file", accept=("pdf",), max_bytes=9)),
     "show_when[1].question", "fichier"),
    ((ask(show_when=when("other")), ask("other", asked_at_application=False)), "show_when[1].question", "pas posée"),
    ((ask(show_when=when("other", "one_of")), ask("other")), "show_when[1].values", "nombre de valeurs"),
    ((ask(show_when=when("other", "not_empty", "x")), ask("other")), "show_when[1].values", "nombre de valeurs"),
    ((ask(show_when=when("other", "one_of", "z")), ask("other", "choice", options=OPTIONS)),
     "show_when[1].values[1]", "a, b"),
    ((ask(show_when=when("other", "at_least", "3")), ask("other")), "show_when[1].operator", "comparent"),
    ((ask(show_when=when("other", "at_least", "B9")), ask("other", "language_level")), "show_when[1].values[1]", "C2"),
    ((ask(show_when=when("other", "at_most", "x")), ask("other", "number")), "show_when[1].values[1]", "nombre"),
]  # fmt: skip


@pytest.mark.parametrize(("questions", "place", "says"), FAULTS)
def test_each_fault_of_a_form_is_told_at_its_place(
    questions: tuple[Question, ...], place: str, says: str
) -> None:
    found = [(shown(fault.path), fault.what % dict(fault.values)) for fault in check(defined(*questions))]
    assert [where for where, _ in found] == [f"form.sections[1].questions[1].{place}"], found
    assert says in found[0][1]


def test_a_sealed_answer_may_decide_on_a_sealed_question() -> None:
    needs = ask("needs", "choices", options=OPTIONS, sealed=True)
    assert check(defined(needs, ask("detail", sealed=True, show_when=when("needs")))) == []


def test_conditions_that_turn_in_a_circle_are_named() -> None:
    faults = check(
        defined(
            ask("x", show_when=when("y")),
            ask("y", show_when=when("z")),
            ask("z", show_when=when("x")),
            ask("free"),
        )
    )
    assert [shown(fault.path) for fault in faults] == [
        f"form.sections[1].questions[{n}].show_when" for n in (1, 2, 3)
    ]
    assert "tourne en rond" in faults[0].what
    itself = check(defined(ask("x", show_when=when("x", "empty"))))
    assert [shown(fault.path) for fault in itself] == ["form.sections[1].questions[1].show_when"]
    section = check(defined(ask("x"), show_when=when("x")))
    assert [shown(fault.path) for fault in section] == ["form.sections[1].show_when"]


def test_a_mistake_in_a_group_is_named_with_its_line() -> None:
    text = write_definition(read_known("jobintech")).replace('kind = "grade"', 'kind = "rib"', 1)
    line = text[: text.index('kind = "rib"')].count("\n") + 1
    with pytest.raises(Refused) as refused:
        read_definition(text, "x.toml")
    assert f"x.toml:{line} form.sections[3].questions[4].fields[5].kind" in str(
        [problem.where for problem in refused.value.problems]
    )


def test_a_form_that_ranks_offerings_ranks_those_of_its_intake() -> None:
    jobintech = read_known("jobintech")
    assert jobintech.form.question("wishes").options == ()
    ranked = jobintech.of_intake("2027-1").form.question("wishes")
    assert [o.key for o in ranked.options] == [o.key for o in jobintech.intake("2027-1").offerings]
    assert ranked.options[0].label["ar"] == "تطوير متكامل Full-stack، الدار البيضاء"
    assert ranked.most == 3
    junior = read_known("ai-master-junior")
    assert jobintech.of_intake("never") is jobintech and junior.of_intake("2027") is junior


def test_what_an_intake_s_application_does_not_ask_is_asked_after_a_seat_is_accepted() -> None:
    mdia = read_known("mdia")
    asked = {key: mdia.of_intake(key).form.question("rib").asked_at_application for key in ("2025", "2027")}
    assert asked == {"2025": True, "2027": False}
    assert mdia.form.question("rib").required, "and once it is asked, it is required"


KINDS = [kind for kind in QuestionKind if kind is not QuestionKind.GROUP]
KEYS = st.from_regex(r"k[a-z0-9_]{0,6}", fullmatch=True)


def _question(key: str, kind: QuestionKind, wanted: bool) -> Question:
    needs: dict[str, Any] = {"sealed": True} if kind.value in ("cin", "rib", "identity") else {}
    if kind is QuestionKind.FILE:
        needs |= {"accept": ("pdf",), "max_bytes": 1000}
    return ask(key, kind.value, options=OPTIONS if kind in LISTED else (), required=wanted, **needs)


@st.composite
def forms(draw: st.DrawFn) -> Form:
    """A form of any kinds, each question shown by one before it, with a group of any fields."""
    keys = draw(st.lists(KEYS, min_size=2, max_size=6, unique=True))
    questions = [ask(keys[0], "choice", options=OPTIONS)]
    for key in keys[1:]:
        each = _question(key, draw(st.sampled_from(KINDS)), draw(st.booleans()))
        operator = draw(st.sampled_from(["one_of", "none_of"]))
        conditions = when(keys[0], operator, draw(st.sampled_from("ab"))) if draw(st.booleans()) else ()
        questions.append(replace(each, show_when=conditions))
    allowed = [kind for kind in QuestionKind if kind not in NOT_IN_GROUPS]
    kinds = draw(st.lists(st.sampled_from(allowed), min_size=1, max_size=4))
    fields = tuple(_question(f"f{place}", kind, draw(st.booleans())) for place, kind in enumerate(kinds))
    most = Decimal(draw(st.integers(1, MOST_ROWS)))
    questions.append(ask("zz", "group", fields=fields, maximum=most, require_when=when(keys[0])))
    return Form(
        (FormSection("s", LABEL, tuple(questions)), FormSection("t", LABEL, (ask("last"),), when(keys[0])))
    )


@settings(max_examples=12, deadline=None)
@given(forms())
def test_a_form_of_any_kinds_is_sound_and_comes_back_from_toml_and_json(form: Form) -> None:
    definition = replace(MDIA, form=form, selection=SelectionTerms())
    assert check(definition) == []
    assert read_definition(write_definition(definition), "x.toml") == definition
    assert from_json(as_json(definition)) == definition

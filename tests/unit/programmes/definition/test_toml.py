"""Definitions in text: each mistake at its line and field, and nothing lost on the way out and back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cohortmgr.base.errors import NotFound, Refused
from cohortmgr.programmes.definition import toml
from cohortmgr.programmes.definition.binding import plain
from cohortmgr.programmes.definition.rules import (
    DefinedBound,
    Definition,
    Form,
    FormSection,
    HiddenPart,
    IntakeDefinition,
    OfferingDefinition,
    Option,
    ProgrammeStage,
    Question,
    QuestionKind,
    SelectionTerms,
)
from cohortmgr.programmes.definition.toml import (
    as_json,
    fingerprint,
    from_json,
    read_definition,
    read_known,
    write_definition,
)

MDIA = (toml.DEFINITIONS / "mdia.toml").read_text(encoding="utf-8")


def problems_of(text: str) -> list[tuple[str, str]]:
    with pytest.raises(Refused) as refused:
        read_definition(text, "mdia.toml")
    return [(problem.where or "", problem.what % dict(problem.values)) for problem in refused.value.problems]


def changed(old: str, new: str) -> str:
    """The definition with the first `old` replaced; it must be there."""
    assert old in MDIA
    return MDIA.replace(old, new, 1)


def in_full(field: str) -> str:
    """The table of mistakes writes § for the form's sections."""
    return field.replace("§", "form.sections")


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


# What the file says, what is written instead, the field that the message names, and a part of the message.
MISTAKES = [
    ('kind = "long_text"', 'kind = "longtext"', "§[4].questions[1].kind", "long_text"),
    ("waiting_list = 30", "waitinglist = 30", "offers.waitinglist", "waiting_list"),
    ("[placement]", "[placements]", "placements", "placement"),
    ("weight = 8", 'weight = "8"', "rubric.phases[1].criteria[1].weight", "entier"),
    ("weight = 5", "weight = 0", "rubric.phases[1].criteria[2].weight", "au moins 1"),
    ("decision_by = 2025-09-05", 'decision_by = "05/09/2025"', "intakes[1].decision_by", "2025-09-22"),
    ("opens_at = 2026-11-02T09:00:00", "opens_at = 2026-11-02", "intakes[2].opens_at", "heure"),
    ("2025-07-15T18", "2025-05-15T18", "intakes[1].closes_at", "avant de commencer"),
    ("2025-09-05", "2025-07-05", "intakes[1].decision_by", "avant la fin"),
    ("starts_on = 2027-09-20", "starts_on = 2027-07-20", "intakes[2].starts_on", "avant la décision"),
    ("seats = 30", "seats = 0", "intakes[1].offerings[1].seats", "au moins 1"),
    ('key = "given_name"', 'key = "family_name"', "§[1].questions[2].key", "déjà"),
    ('key = "2027"', 'key = "2025"', "intakes[2].key", "déjà"),
    ('key = "inwi"', 'key = "In Wi"', "partners[2].key", "minuscules"),
    ('target = "person.sex"', 'target = "person.gender"', "§[1].questions[5].target", "person.sex"),
    ('"Prénoms"', '"Nom"', "§[1].questions[2].columns[2]", "Nom"),
    ('question = "licence"\nvalues', 'question = "diplome"\nvalues', "eligibility[1].question", "diplome"),
    ('"physique"]', '"astronomie"]', "eligibility[1].values[3]", "astronomie"),
    ('operator = "one_of"\nquestion', 'operator = "oneof"\nquestion', "eligibility[1].operator", "one_of"),
    ('"outcomes"]', '"outcome"]', "stages[7]", "outcomes"),
    ("[168, 48, 3]", "[168, 0]", "reminders.draft_hours[2]", "au moins 1"),
    ("[72, 24]", "[72, 500]", "offers.reminders_hours[2]", "délai"),
    ("anchors.5", "anchors.9", "rubric.phases[1].criteria[1].anchors.9", "hors"),
    ("anchors.5", "anchors.five", "rubric.phases[1].criteria[1].anchors.five", "entier"),
    ("2026-01-01", "2026-01-15", "stipend.starts_month", "premier jour"),
    ("ends_on = 2026-02-27", "ends_on = 2025-12-27", "calendar.periods[2].ends_on", "avant"),
    ("company_from = 2026-01-05", "company_from = 2025-01-05", "calendar.company_from", "avant"),
    ("arrears = true", "arrears = 1", "stipend.arrears", "true"),
    ('reveals = "school"', 'reveals = "schol"', "§[3].questions[2].reveals", "school"),
    ('reveals = "school"', 'reveals = ["name", "schol"]', "§[3].questions[2].reveals[2]", "school"),
    ('reveals = "school"', 'reveals = ["name", "name"]', "§[3].questions[2].reveals[2]", "deux fois"),
    (
        'reader_title.en = "Reasons for this master’s"',
        'reader_title.en = ""',
        "§[4].questions[1].reader_title.en",
        "en",
    ),
    ("reminders_hours = [72, 24]", "reminders_hours = 72", "offers.reminders_hours", "liste"),
]


@pytest.mark.parametrize(
    ("old", "new", "field", "says"), MISTAKES, ids=[new.strip() for _, new, _, _ in MISTAKES]
)
def test_each_mistake_names_its_line_and_field(old: str, new: str, field: str, says: str) -> None:
    found = [
        (where, what)
        for where, what in problems_of(changed(old, new))
        if where.endswith(f" {in_full(field)}")
    ]
    assert [where for where, _ in found] == [f"mdia.toml:{line_of(MDIA, old)} {in_full(field)}"]
    assert says in found[0][1]


def test_a_section_without_its_phase_is_named_at_the_section() -> None:
    text = changed(' "stipend",', "")
    [(where, what)] = problems_of(text)
    assert where == f"mdia.toml:{line_of(text, '[stipend]')} stipend"
    assert "base légale" in what


def test_bounds_that_cross_are_named_at_the_upper_one() -> None:
    text = changed("minimum = 0\nmaximum = 20", "minimum = 30\nmaximum = 20")
    [(where, _)] = problems_of(text)
    assert where == f"mdia.toml:{line_of(text, 'minimum = 30') + 1} form.sections[3].questions[4].maximum"


def test_an_identity_number_left_unsealed_is_refused() -> None:
    sealed = 'sealed = true\ntarget = "identifier.cin"'
    [(where, what)] = problems_of(changed(sealed, sealed.replace("true", "false")))
    assert where == f"mdia.toml:{line_of(MDIA, sealed)} form.sections[1].questions[7].sealed"
    assert "scellée" in what


def test_a_text_missing_in_one_language_is_named() -> None:
    text = changed(
        '  { key = "f", label = { fr = "Féminin", ar = "أنثى", en = "Female" }',
        '  { key = "f", label = { fr = "Féminin", en = "Female" }',
    )
    line = line_of(text, '{ key = "f"')
    where = f"mdia.toml:{line} form.sections[1].questions[5].options[1].label.ar"
    assert problems_of(text) == [(where, "Le texte manque dans la langue « ar ».")]


def test_an_arabic_text_holds_arabic() -> None:
    [(where, what)] = problems_of(changed('ar = "إنوي"', 'ar = "Inwi"'))
    assert where.endswith("partners[2].name.ar")
    assert "arabe" in what


def test_a_missing_field_is_named_at_the_table_that_should_hold_it() -> None:
    text = changed('payer = "company"\n', "")
    assert [where for where, _ in problems_of(text)] == [
        f"mdia.toml:{line_of(text, '[stipend]')} stipend.payer"
    ]


def test_every_mistake_is_said_at_once_in_the_order_of_the_file() -> None:
    text = (
        changed('kind = "long_text"', 'kind = "novel"')
        .replace("waiting_list = 30", "waiting = 30")
        .replace('host = "inpt"', "host = 3")
    )
    fields_named = [where.split(" ")[1] for where, _ in problems_of(text)]
    assert fields_named == ["host", "form.sections[4].questions[1].kind", "offers.waiting"]


def test_a_key_written_twice_is_named_with_its_line() -> None:
    text = changed("waiting_list = 30", "waiting_list = 30\nwaiting_list = 31")
    assert problems_of(text) == [
        (
            f"mdia.toml:{line_of(text, 'waiting_list = 31')} offers.waiting_list",
            "Ce champ est écrit deux fois.",
        )
    ]


@pytest.mark.parametrize(
    "text", ["= 3", "[a\nb = 1", 'a = "open', "a = 2025-13-45", "\x00", "{", "a = [1,", 'a = """x']
)
def test_what_is_not_toml_is_one_clear_message(text: str) -> None:
    [(where, what)] = problems_of(text)
    assert where.startswith("mdia.toml")
    assert what.startswith("Ce n’est pas du TOML valable")


def test_an_empty_file_names_every_missing_section() -> None:
    assert {where for where, _ in problems_of("")} >= {
        "mdia.toml:1 key",
        "mdia.toml:1 form",
        "mdia.toml:1 intakes",
    }


def test_a_definition_is_read_by_key_or_by_file(tmp_path: Path) -> None:
    copy = tmp_path / "copy.toml"
    copy.write_text(MDIA, encoding="utf-8-sig")
    assert read_known(str(copy)) == read_known("mdia")
    with pytest.raises(NotFound):
        read_known("absent")
    copy.write_bytes(b'key = "\xe9"')
    with pytest.raises(Refused):
        read_known(str(copy))


def test_times_are_those_of_casablanca_and_kept_in_utc() -> None:
    # Casablanca was at UTC+1 in the summer of 2025, and stays at UTC+0 since September 2026.
    mdia = read_known("mdia")
    assert mdia.intake("2025").opens_at == datetime(2025, 6, 2, 8, tzinfo=UTC)
    assert mdia.intake("2027").opens_at == datetime(2026, 11, 2, 9, tzinfo=UTC)


# Facts


def test_mdia_is_the_programme_that_the_press_reported() -> None:
    mdia = read_known("mdia")
    first = mdia.intake("2025")
    assert first.seats == 30
    assert first.starts_on == date(2025, 9, 22)
    assert len(mdia.partners) == 4
    assert {"attijariwafa-bank", "inwi", "managem"} < {partner.key for partner in mdia.partners}
    assert sum(partner.seats for partner in mdia.partners) == 30
    assert mdia.calendar.company_from is not None
    assert (mdia.calendar.company_from.year, mdia.calendar.company_from.month) == (2026, 1)
    [rule] = mdia.eligibility
    assert rule.values == ("informatique", "mathematiques", "physique")
    assert "quatrième entreprise" in mdia.assumptions[0]


def texts(kind: Any, value: Any) -> Iterator[dict[str, str]]:
    if is_dataclass(value):
        hints = get_type_hints(type(value), include_extras=True)
        for spec in fields(value):
            yield from texts(hints[spec.name], getattr(value, spec.name))
    elif isinstance(value, tuple):
        for each in value:
            yield from texts(None, each)
    elif isinstance(value, dict):
        if set(value) == {"fr", "ar", "en"}:
            yield value
        for each in value.values():
            yield from texts(None, each)


@pytest.mark.parametrize("path", sorted(toml.DEFINITIONS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_text_of_every_definition_is_in_three_languages(path: Path) -> None:
    found = list(texts(None, read_known(str(path))))
    assert len(found) > 40  # the smallest has 48
    for text in found:
        assert all(text[language].strip() for language in ("fr", "ar", "en"))
        assert any("\u0621" <= letter <= "\u064a" for letter in text["ar"])
        assert "'" not in text["fr"]


# Out and back


WORDS = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00\r", exclude_categories=["Cs", "Cc"]),
    min_size=1,
    max_size=30,
).map(lambda s: s if s.strip() else "x")
TEXTS = st.builds(lambda fr, ar, en: {"fr": fr, "ar": "م" + ar, "en": en}, WORDS, WORDS, WORDS)
KEYS = st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True)
QUESTIONS = st.builds(
    Question,
    key=KEYS,
    kind=st.just(QuestionKind.CHOICE),
    label=TEXTS,
    help=st.none() | TEXTS,
    reader_title=st.none() | TEXTS,
    reveals=st.lists(st.sampled_from(HiddenPart), max_size=3, unique=True).map(tuple),
    required=st.booleans(),
    minimum=st.none() | st.decimals(0, 5, places=2),
    options=st.lists(
        st.builds(Option, KEYS, TEXTS, st.tuples(WORDS)), min_size=1, max_size=2, unique_by=lambda o: o.key
    ).map(tuple),
)


BOUNDS = st.builds(
    DefinedBound,
    where=st.just({"bounded": "x"}),
    at_least=st.just(1),
    at_most=st.none() | st.integers(1, 9),
    hard=st.booleans(),
    intakes=st.sampled_from([(), ("i",)]),
)


@st.composite
def definitions(draw: st.DrawFn) -> Definition:
    mdia = read_known("mdia")
    opens = datetime.fromtimestamp(draw(st.integers(1_577_836_800, 1_735_689_600)), UTC)
    questions = draw(st.lists(QUESTIONS, min_size=1, max_size=3, unique_by=lambda q: q.key))
    chosen = Question("bounded", QuestionKind.CHOICE, draw(TEXTS), options=(Option("x", draw(TEXTS)),))
    offering = OfferingDefinition("a", draw(TEXTS), draw(st.integers(1, 10**6)), draw(TEXTS))
    intake = IntakeDefinition(
        "i",
        draw(TEXTS),
        opens,
        datetime(2025, 6, 1, tzinfo=UTC),
        date(2025, 9, 1),
        mdia.calendar.starts_on,
        (offering,),
    )
    return replace(
        mdia,
        title=draw(TEXTS),
        intakes=(intake,),
        form=Form((FormSection("s", draw(TEXTS), (*questions, chosen), (), draw(TEXTS)),)),
        selection=SelectionTerms((draw(BOUNDS),)),
        eligibility=(),
        assumptions=tuple(draw(st.lists(WORDS, max_size=3))),
    )


@given(definitions())
@settings(max_examples=12, deadline=None)
def test_reading_what_was_written_gives_the_same_definition(definition: Definition) -> None:
    assert read_definition(write_definition(definition), "x.toml") == definition
    document = json.loads(json.dumps(as_json(definition)))
    assert from_json(document) == definition
    assert fingerprint(from_json(document)) == fingerprint(definition)


def test_mdia_comes_back_whole_and_any_change_changes_its_fingerprint() -> None:
    mdia = read_known("mdia")
    assert read_definition(write_definition(mdia), "x.toml") == mdia
    assert from_json(as_json(mdia)) == mdia
    other = replace(mdia, stages=(*mdia.stages[:-1],))
    assert fingerprint(other) != fingerprint(mdia)


def test_an_hour_that_clocks_show_twice_keeps_its_instant() -> None:
    mdia = read_known("mdia")
    # Casablanca went from UTC+1 to UTC+0 on 2025-02-23 at 03:00, so 02:30 was shown twice.
    for opens in (datetime(2025, 2, 23, 1, 30, tzinfo=UTC), datetime(2025, 2, 23, 2, 30, tzinfo=UTC)):
        moved = replace(mdia, intakes=(replace(mdia.intakes[0], opens_at=opens), mdia.intakes[1]))
        assert read_definition(write_definition(moved), "x.toml") == moved


def test_a_document_of_the_database_that_is_no_definition_is_refused() -> None:
    with pytest.raises(Refused):
        from_json({"key": "x"})


def test_what_equals_its_default_is_not_written() -> None:
    question = Question("a", QuestionKind.TEXT, {"fr": "a", "ar": "ا", "en": "a"})
    assert set(plain(question)) == {"key", "kind", "label"}
    assert plain(ProgrammeStage.OFFERS) == "offers"


def test_what_an_answer_reveals_is_written_as_a_list_or_as_its_only_value() -> None:
    alone, listed = (
        read_definition(changed('reveals = "school"', f"reveals = {said}"), "mdia.toml")
        for said in ('"school"', '["school"]')
    )
    assert alone == listed and fingerprint(alone) == fingerprint(listed)
    assert 'reveals = "school"' in write_definition(listed), "as every definition was written until now"
    both = read_definition(changed('reveals = "school"', 'reveals = ["name", "school"]'), "mdia.toml")
    assert both.form.question("university").reveals == (HiddenPart.NAME, HiddenPart.SCHOOL)
    assert fingerprint(both) != fingerprint(alone)

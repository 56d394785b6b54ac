"""The columns that a file may have are recognised again, each as what it is for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cohortmgr.applications.importing.columns import expected_columns
from cohortmgr.applications.importing.mappings import is_expected, propose_mapping
from cohortmgr.programmes.definition.toml import read_known

KNOWN = ["mdia", "jobintech", "ai-master-junior"]


@pytest.mark.parametrize("spoken", ["fr", "ar", "en"])
@pytest.mark.parametrize("programme", KNOWN)
def test_a_file_with_these_columns_lacks_none_and_is_read_whole(programme: str, spoken: str) -> None:
    definition = read_known(programme)
    columns = expected_columns(
        definition.form, definition.imports, lambda text: str(text.get(spoken) or text["fr"])
    )
    read = propose_mapping([each.header for each in columns], definition.form, definition.imports)
    assert read.missing == () and read.columns == {each.header: each.question.key for each in columns}
    asked = [each for each in definition.form.questions if is_expected(each) and each.asked_at_application]
    assert [each.question.key for each in columns] == [each.key for each in asked]
    assert all(not (each.is_required and each.instead) for each in columns)
    needed = [each.header for each in columns if each.is_required]
    either = {each.instead for each in columns if each.instead}
    least = [*needed, *(group[0] for group in either)]
    assert propose_mapping(least, definition.form, definition.imports).missing == (), "these suffice"


def test_two_questions_of_one_name_have_two_columns() -> None:
    definition = read_known("ai-master-junior")
    first, *_others, last = (each for each in definition.form.questions if is_expected(each))
    sections = tuple(
        replace(
            section,
            questions=tuple(
                replace(each, label=first.label, columns=()) if each.key in (first.key, last.key) else each
                for each in section.questions
            ),
        )
        for section in definition.form.sections
    )
    form = replace(definition.form, sections=sections)
    columns = expected_columns(form, definition.imports, lambda text: str(text["fr"]))
    headers = {each.question.key: each.header for each in columns}
    assert headers[first.key] == first.label["fr"] and headers[last.key] == last.key

"""Two of the team work on one file at once: the second is told what the first did, and overwrites nothing unseen."""

from __future__ import annotations

import html
import re

import pytest
from flask.testing import FlaskClient

from cohortmgr.applications.eligibility.models import Override
from tests.integration.applications.desk.seen import all_of
from tests.integration.applications.desk.test_on_request import correct, file, letters, text


@pytest.mark.parametrize("question", ["family_name", "city"])
def test_who_corrects_an_answer_that_somebody_else_changed_meanwhile_is_told(
    sent: str, desk: FlaskClient, question: str
) -> None:
    form = desk.get(f"/staff/applications/{sent}/answers/{question}").text
    mark = re.search(r'name="_mark" value="(\w+)"', form)
    assert mark
    assert correct(desk, sent, question, **{question: "Salé"}).status_code == 302
    late = correct(desk, sent, question, **{question: "Fès", "_mark": mark[1]})
    assert late.status_code == 422 and "a changé pendant que vous l’écriviez" in text(late)
    assert file().answers[question] == "Salé" and len(letters("answer_corrected")) == 1
    assert 'value="Fès"' in late.text and "Vous nous l’avez dit au téléphone." in text(late), (
        "what was typed stays"
    )
    fresh = re.search(r'name="_mark" value="(\w+)"', late.text)
    assert fresh and fresh[1] != mark[1]
    assert correct(desk, sent, question, **{question: "Fès", "_mark": fresh[1]}).status_code == 302
    assert file().answers[question] == "Fès"


def test_who_decides_after_somebody_else_decided_meanwhile_is_told(sent: str, desk: FlaskClient) -> None:
    path = f"/staff/applications/{sent}/eligibility"

    def seen(page: str) -> str:
        found = re.search(r'<input[^>]*name="seen"[^>]*value="(\w*)"', page)
        assert found
        return found[1]

    first = {"eligible": "yes", "reason": "Équivalence reçue.", "seen": seen(desk.get(path).text)}
    assert first["seen"] == ""
    no = {"eligible": "no", "reason": "Le diplôme n’est pas reconnu.", "seen": ""}
    assert desk.post(path, data=no).status_code == 302
    late = desk.post(path, data=first)
    assert late.status_code == 200 and "a décidé de ce dossier entre-temps" in html.unescape(late.text)
    (held,) = all_of(Override)
    assert held.eligible is False and seen(late.text) == held.reference
    assert "Équivalence reçue." in html.unescape(late.text), "what was typed stays"
    assert desk.post(path, data={**no, "reason": "Deux fois."}).status_code == 302, (
        "the same word twice is one"
    )
    assert desk.post(path, data={**first, "seen": held.reference}).status_code == 302
    assert [each.lifted_at is None for each in all_of(Override)] == [False, True]

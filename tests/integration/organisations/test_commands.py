"""Organisations are made and listed by command, and the loader names the command, the file and the line."""

from __future__ import annotations

from pathlib import Path

from flask.testing import FlaskCliRunner

from cohortmgr.programmes.definition import toml
from tests.integration.applications.importing.sheets import words

NAMES = ["--fr", "École nationale", "--ar", "المدرسة الوطنية", "--en", "National School"]


def test_a_missing_host_is_named_with_its_line_and_made_by_the_command_that_is_said(
    runner: FlaskCliRunner, tmp_path: Path
) -> None:
    text = (toml.DEFINITIONS / "mdia.toml").read_text("utf-8").replace('host = "inpt"', 'host = "enssup"')
    own = tmp_path / "own.toml"
    own.write_text(text, "utf-8")
    line = text[: text.index('host = "enssup"')].count("\n") + 1
    refused = runner.invoke(args=["programmes", "load", str(own)])
    assert refused.exit_code == 1 and "Traceback" not in refused.output
    assert f"own.toml:{line} host: " in refused.output
    assert "flask --app wsgi organisations add enssup" in words(refused.output)
    made = runner.invoke(args=["organisations", "add", "enssup", *NAMES, "--region", "MA-04"])
    assert (made.exit_code, made.output) == (0, "enssup: institution added, scope ma.enssup.\n")
    assert runner.invoke(args=["programmes", "load", str(own)]).exit_code == 0


def test_the_tree_is_listed_with_the_scopes_for_roles(runner: FlaskCliRunner) -> None:
    assert "no organisation yet" in runner.invoke(args=["organisations", "list"]).output
    for arguments in (["enssup"], ["club-rabat", "--kind", "club", "--below", "enssup"]):
        assert runner.invoke(args=["organisations", "add", *arguments, *NAMES]).exit_code == 0
    lines = runner.invoke(args=["organisations", "list"]).output.splitlines()
    assert [line.split("\t")[:3] for line in lines] == [
        ["ma.", "ma", "ministry"],
        ["ma.enssup.", "enssup", "institution"],
        ["ma.enssup.club-rabat.", "club-rabat", "club"],
    ]
    assert "École nationale" in lines[1]


def test_what_cannot_be_added_is_said_in_a_sentence(runner: FlaskCliRunner) -> None:
    assert runner.invoke(args=["organisations", "add", "enssup", *NAMES]).exit_code == 0
    for arguments, said in (
        (["enssup", *NAMES], "déjà utilisée"),
        (["École", *NAMES], "lettres minuscules"),
        (["autre", *NAMES, "--below", "absent"], "absent: no such organisation"),
        (["autre", "--fr", " ", "--ar", "ا", "--en", "a"], "en français, en arabe et en anglais"),
        (["autre"], "Missing option"),
    ):
        done = runner.invoke(args=["organisations", "add", *arguments])
        assert done.exit_code != 0 and said in done.output and "Traceback" not in done.output, done.output

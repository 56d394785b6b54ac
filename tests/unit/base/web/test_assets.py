"""The bundles: what is in them, their names, how they are served, and what they weigh."""

import gzip
import re
import shutil
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.base.web.assets import (
    AUDIENCES,
    FOLDER,
    MIRRORED,
    Icons,
    build,
    init_assets,
    script,
    style_sheet,
)
from cohortmgr.base.web.responses import FOREVER

SCRIPT_BUDGET = {"candidate": 10_000, "company": 10_000, "staff": 45_000}
# Styles are what a first page carries besides its text: these leave room for the page itself.
STYLE_BUDGET = {"candidate": 14_000, "company": 14_000, "staff": 20_000}


@pytest.fixture
def client() -> FlaskClient:
    app = Flask("bundles")
    init_assets(app)
    return app.test_client()


def name_of(plain: str) -> str:
    return build()[plain].name


def test_each_audience_has_one_style_sheet_and_one_script() -> None:
    assert {f"{audience}.{kind}" for audience in AUDIENCES for kind in ("css", "js")} < set(build())


def test_styles_come_in_layers_in_their_order() -> None:
    text = style_sheet("staff")
    first = [text.index(f"@layer {layer} {{") for layer in ("tokens", "base", "components", "pages", "print")]
    assert first == sorted(first)
    assert "cockpit" in text
    assert "cockpit" not in style_sheet("candidate")


def test_every_script_stands_in_a_block_and_neither_imports_nor_exports() -> None:
    for audience in AUDIENCES:
        text = script(audience)
        folders = ("everywhere", audience)
        names = [path for folder in folders for path in (FOLDER / "js" / folder).glob("*.js")]
        assert len(re.findall(r"^\{$", text, flags=re.M)) == len(names) > 5
        assert not re.search(r"^\s*(import|export)\b", text, flags=re.M)


def test_a_name_changes_with_the_content_and_only_then(tmp_path: Path) -> None:
    folder = tmp_path / "assets"
    shutil.copytree(FOLDER, folder)
    before = build(folder)
    assert {plain: asset.name for plain, asset in before.items()} == {
        plain: asset.name for plain, asset in build().items()
    }
    with (folder / "css" / "pages" / "staff" / "ranking.css").open("a", encoding="utf-8") as style:
        style.write(".new { color: red; }\n")
    after = build(folder)
    assert after["staff.css"].name != before["staff.css"].name
    assert after["candidate.css"].name == before["candidate.css"].name


def test_comments_do_not_travel(tmp_path: Path) -> None:
    for audience in AUDIENCES:
        lines = script(audience).splitlines()
        assert not [line for line in lines if line.strip().startswith("//")]
        assert "/*" not in style_sheet(audience)
    folder = tmp_path / "assets"
    shutil.copytree(FOLDER, folder)
    (folder / "js" / "candidate" / "more.js").write_text(
        "  // one\nconst there = 'https://exemple.ma'; // two\n"
    )
    assert "{\nconst there = 'https://exemple.ma'; // two\n}" in script("candidate", folder), (
        "whole lines alone"
    )


@pytest.mark.parametrize("audience", AUDIENCES)
def test_bundles_stay_within_their_budgets(audience: str) -> None:
    made = build()
    assert len(made[f"{audience}.js"].packed) <= SCRIPT_BUDGET[audience]
    assert len(made[f"{audience}.css"].packed) <= STYLE_BUDGET[audience]


def test_a_bundle_is_sent_compressed_to_who_accepts_it_and_for_ever(client: FlaskClient) -> None:
    answer = client.get(f"/assets/{name_of('candidate.css')}", headers={"Accept-Encoding": "gzip, br"})
    assert answer.status_code == 200
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.mimetype == "text/css"
    assert gzip.decompress(answer.data).decode() == style_sheet("candidate")


@pytest.mark.parametrize("accepted", ["identity", "gzip;q=0", ""])
def test_a_bundle_is_sent_as_it_is_to_who_does_not(client: FlaskClient, accepted: str) -> None:
    answer = client.get(f"/assets/{name_of('staff.js')}", headers={"Accept-Encoding": accepted})
    assert "Content-Encoding" not in answer.headers
    assert answer.data.decode() == script("staff")


def test_an_older_name_gets_the_present_content_but_is_not_kept(client: FlaskClient) -> None:
    answer = client.get("/assets/staff.0123456789abcdef.css")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("name", ["nothing.css", "staff.css.map", "..%2Fassets.py", "staff.0123.css"])
def test_nothing_else_is_served(client: FlaskClient, name: str) -> None:
    assert client.get(f"/assets/{name}").status_code == 404


def test_an_icon_is_decorative_unless_it_is_named() -> None:
    icon = Icons()
    assert 'aria-hidden="true"' in icon("check")
    named = icon("trash", "Retirer <la> ligne")
    assert 'role="img" aria-label="Retirer &lt;la&gt; ligne"' in named
    assert "aria-hidden" not in named


def test_icons_that_point_are_mirrored_and_all_have_one_stroke() -> None:
    icon = Icons()
    for name, drawing in icon.drawings.items():
        assert 'stroke-width="1.75"' in drawing, name
        assert "style=" not in drawing, name
        assert ("mirror" in icon(name)) == (name in MIRRORED)
    assert set(icon.drawings) >= MIRRORED
    assert len(icon.drawings) >= 25


def test_an_unknown_icon_is_an_error_and_not_a_hole_in_the_page() -> None:
    with pytest.raises(KeyError):
        Icons()("nothing")


def test_templates_name_assets_and_icons(client: FlaskClient) -> None:
    app = client.application
    with app.test_request_context():
        assert app.jinja_env.globals["asset_url"]("staff.css") == f"/assets/{name_of('staff.css')}"
        assert "<svg" in app.jinja_env.from_string("{{ icon('star') }}").render()
    assert FOREVER.endswith("immutable")

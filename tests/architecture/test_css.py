"""The lint of the look: logical properties only, nothing inline; and proof that it sees what it should."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ASSETS = ROOT / "cohortmgr" / "assets"
TEMPLATES = ROOT / "templates"

COMMENT = re.compile(r"/\*.*?\*/", re.S)
AT_RULE = re.compile(r"@[a-z-]+[^;{]*(?=[;{])")
DECLARATION = re.compile(r"(?<=[{;])\s*(?P<property>[\w-]+)\s*:\s*(?P<value>[^;{}]*)(?=[;}])")

SIDES = r"(?:left|right|top|bottom)"
PHYSICAL_PROPERTY = re.compile(
    rf"^(?:{SIDES}"
    rf"|(?:margin|padding|border|scroll-margin|scroll-padding)-{SIDES}(?:-\w+)*"
    r"|border-(?:top|bottom)-(?:left|right)-radius"
    r"|(?:min-|max-)?(?:width|height)"
    r")$"
)
PHYSICAL_VALUE = re.compile(r"^(?:left|right|top|bottom)$")
KEYWORD_PROPERTIES = {"text-align", "text-align-last", "float", "clear", "caption-side", "resize"}
FOUR_SIDES = {"margin", "padding", "inset", "border-width", "border-color", "border-style", "scroll-margin"}
ORIGINS = {"background-position", "transform-origin", "object-position", "perspective-origin"}

STYLE_ATTRIBUTE = re.compile(r"<[a-zA-Z][^<>]*?\sstyle\s*=", re.S)
HANDLER = re.compile(r"<[a-zA-Z][^<>]*?\son[a-z]+\s*=\s*[\"']", re.S)
INLINE_SCRIPT = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>", re.I)
INLINE_STYLE = re.compile(r"<style\b", re.I)
SCRIPT_ADDRESS = re.compile(r"javascript:", re.I)
FAR_ADDRESS = re.compile(r"<(?:script|link|img|iframe)\b[^>]*\s(?:src|href)=\"https?:", re.I)
OPEN_EXPRESSION = re.compile(r"\{#.*?#\}", re.S)


def _parts(value: str) -> list[str]:
    """The words of a value, those in brackets kept together."""
    return re.findall(r"(?:[^\s()]|\([^()]*(?:\([^()]*\)[^()]*)*\))+", value.replace("!important", ""))


def _wrong(name: str, value: str) -> bool:
    if name.startswith("--"):
        return False
    words = _parts(value)
    if PHYSICAL_PROPERTY.match(name):
        return True
    if name in KEYWORD_PROPERTIES and any(PHYSICAL_VALUE.match(word) for word in words):
        return True
    if name in ORIGINS and any(word in ("left", "right") for word in re.split(r"[\s,]+", value)):
        return True
    return name in FOUR_SIDES and len(words) == 4 and words[1] != words[3]


def physical(css: str) -> list[str]:
    """The declarations of a style sheet that name a side of the screen."""
    plain = AT_RULE.sub("@", COMMENT.sub("", css))
    found = [(each["property"], each["value"].strip()) for each in DECLARATION.finditer(plain)]
    return [f"{name}: {value}" for name, value in found if _wrong(name, value)]


def inline(html: str) -> list[str]:
    """What a template carries inline and the content policy would refuse."""
    plain = OPEN_EXPRESSION.sub("", html)
    rules = (STYLE_ATTRIBUTE, HANDLER, INLINE_SCRIPT, INLINE_STYLE, SCRIPT_ADDRESS, FAR_ADDRESS)
    return [match.group(0)[:80] for rule in rules for match in rule.finditer(plain)]


def test_styles_are_logical() -> None:
    found = {path.name: physical(path.read_text("utf-8")) for path in ASSETS.rglob("*.css")}
    assert {name: what for name, what in found.items() if what} == {}


def test_there_are_styles_and_templates_to_look_at() -> None:
    assert len(list(ASSETS.rglob("*.css"))) > 15
    assert len(list(TEMPLATES.rglob("*.html"))) > 15


def test_templates_carry_nothing_inline() -> None:
    paths = TEMPLATES.rglob("*.html")
    found = {path.relative_to(ROOT).as_posix(): inline(path.read_text("utf-8")) for path in paths}
    assert {name: what for name, what in found.items() if what} == {}


def test_scripts_set_no_style_and_no_markup() -> None:
    refused = re.compile(
        r"\.style\b|setAttribute\(\s*[\"']style|innerHTML|outerHTML|insertAdjacentHTML|\beval\(|document\.write"
    )
    found = {path.name: refused.findall(path.read_text("utf-8")) for path in ASSETS.rglob("*.js")}
    assert {name: what for name, what in found.items() if what} == {}


def test_pieces_of_the_look_stay_short() -> None:
    files = [*ASSETS.rglob("*.css"), *ASSETS.rglob("*.js"), *TEMPLATES.rglob("*.html")]
    lengths = {path.name: len(path.read_text("utf-8").splitlines()) for path in files}
    assert {name: lines for name, lines in lengths.items() if lines > 400} == {}


@pytest.mark.parametrize(
    "declaration",
    [
        "margin-left: 1px",
        "padding-right: 0",
        "border-left: 1px solid",
        "border-top-left-radius: 2px",
        "border-bottom-color: red",
        "left: 0",
        "top: 0",
        "width: 10px",
        "min-height: 1rem",
        "text-align: left",
        "text-align: right !important",
        "float:left",
        "clear: right",
        "margin: 0 1px 2px 3px",
        "inset: 0 auto 0 calc(1px + 2px)",
        "background-position: right 10px center",
    ],
)
def test_the_lint_sees_a_planted_physical_declaration(declaration: str) -> None:
    assert len(physical(f"@media (max-width: 40rem) {{ .a {{ color: red; {declaration}; }} }}")) == 1
    assert len(physical(f".a{{{declaration}}}")) == 1


@pytest.mark.parametrize(
    "css",
    [
        ".left { margin-inline-start: 1px; }",
        "@media (max-width: 40rem) { a:hover { inline-size: 1px; text-align: start; } }",
        ".a { margin: 0 1px 2px 1px; inset-block: 0 1px; } /* margin-left: 1px; */",
        ":root { --left: 1px; }",
        ".a { border-block-start: 1px solid; transition: left 1s; }",
    ],
)
def test_the_lint_lets_logical_ones_pass(css: str) -> None:
    assert physical(css) == []


@pytest.mark.parametrize(
    "html",
    [
        '<p style="color:red">',
        '<p class="a"\n style="color:red">',
        "<script>alert(1)</script>",
        "<style>p{}</style>",
        '<button onclick="x()">',
        '<a href="javascript:x()">',
        '<script src="https://elsewhere.example/x.js"></script>',
    ],
)
def test_the_lint_sees_what_is_planted_inline(html: str) -> None:
    assert inline(html) != []


def test_the_lint_lets_a_plain_template_pass() -> None:
    assert inline('{# <p style="x"> #}<p class="style" data-on="x">style="x"</p>') == []
    assert inline('<script src="{{ asset_url("staff.js") }}" defer></script>') == []

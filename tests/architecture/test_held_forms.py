"""Whoever writes a text keeps it though their session ends meanwhile: each act of theirs whose form has room for a text
is marked (guards.survives); and proof that one that is not is seen."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.sources import APPLICATION, ROOT, files, parsed, place, tree

_TEXT_NAME = re.compile(r"<textarea\b[^>]*?\bname=\"(\w+)\"", re.DOTALL)
# A script sends it as marks are made, and keeps what it could not send.
_BY_SCRIPT = {"draft"}
_GUARDS = {"staff", "candidate", "company", "signed_in"}


def text_names(folder: Path) -> set[str]:
    """What templates call the texts for which they have room."""
    return {name for path in files(folder, "*.html") for name in _TEXT_NAME.findall(path.read_text("utf-8"))}


def text_forms(trees: list[ast.Module]) -> set[str]:
    """The classes of forms that have a TextAreaField, by themselves or by what they extend."""
    classes = [node for each in trees for node in ast.walk(each) if isinstance(node, ast.ClassDef)]
    found: set[str] = set()
    for _deeper in range(3):
        for each in classes:
            fields = {_called(node) for node in ast.walk(each) if isinstance(node, ast.Call)}
            bases = {base.id for base in each.bases if isinstance(base, ast.Name)}
            if "TextAreaField" in fields or bases & found:
                found.add(each.name)
    return found


def _called(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def unmarked(module: ast.Module, forms: set[str], names: set[str]) -> Iterator[ast.FunctionDef]:
    """The acts in a file of views that read a text, and are not marked: of whoever is signed in to do them."""
    functions = {each.name: each for each in module.body if isinstance(each, ast.FunctionDef)}
    for view in functions.values():
        marks = {ast.unparse(each).removeprefix("guards.") for each in view.decorator_list}
        if not marks & _GUARDS or "survives" in marks or not any(map(_takes_post, marks)):
            continue
        used = _named(view)
        for helper in used & functions.keys():
            # What only draws a page has the forms of all its acts.
            if "render_template" not in (here := _named(functions[helper])):
                used |= here
        if used & forms or _read(view) & names:
            yield view


def _named(function: ast.FunctionDef) -> set[str]:
    nodes = list(ast.walk(function))
    named = {node.id for node in nodes if isinstance(node, ast.Name)}
    return named | {node.attr for node in nodes if isinstance(node, ast.Attribute)}


def _takes_post(mark: str) -> bool:
    return ".post(" in mark or ("route(" in mark and "'POST'" in mark)


def _read(view: ast.FunctionDef) -> set[str]:
    """What a view reads of the form by its name."""
    return set(re.findall(r"request\.form(?:\.get\(|\[)'(\w+)'", ast.unparse(view)))


def test_each_act_with_room_for_a_text_keeps_it() -> None:
    modules = {path: tree(path) for path in files(APPLICATION)}
    forms, names = text_forms(list(modules.values())), text_names(ROOT / "templates")
    found = [
        f"{place(path, view.lineno)} {view.name}"
        for path, module in modules.items()
        for view in unmarked(module, forms, names)
        if view.name not in _BY_SCRIPT
    ]
    assert found == []


_PLANTED = """
class ReasonForm(HouseForm):
    reason = TextAreaField("Motif")

class LongerForm(ReasonForm):
    pass

def _form():
    return LongerForm()

@bp.route("/a", methods=["GET", "POST"])
@guards.staff
def by_form():
    return _form()

@bp.post("/b")
@guards.staff
def by_name():
    return request.form.get("reason", "")

@bp.post("/c")
@guards.staff
@guards.survives
def marked():
    return request.form["reason"]

@bp.get("/d")
@guards.staff
def shown():
    return _form()

@bp.post("/e")
@guards.staff
def wordless():
    return request.form["version"]
"""


def test_one_that_is_not_marked_is_seen() -> None:
    module = parsed(_PLANTED)
    forms = text_forms([module])
    assert forms == {"ReasonForm", "LongerForm"}
    assert [each.name for each in unmarked(module, forms, {"reason"})] == ["by_form", "by_name"]

"""The class of every form of the house: it reads the texts of a form, and files only where it asks for files.

Flask-WTF also fills a form from a body in JSON and from files under any name. Then a field for a text holds a
table, a list or a file, and whatever strips or compares it falls over. And WTForms leaves a field that was not sent
with what the page had put there, of whatever type that is.
"""

from __future__ import annotations

from typing import Any, ClassVar

from flask import request
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import FileField, IntegerField, StringField

from cohortmgr.base.typed import MOST, whole

METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class HouseForm(FlaskForm):
    """A form of the house. Each form derives from it, and none from FlaskForm (tests/architecture)."""

    page_order: ClassVar[tuple[str, ...]] = ()
    """The names of fields in the order of the page, where that is another than the order of their declarations: what
    is wrong is listed from the top of the page to its end."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        fields: dict[str, Any] = vars(self)["_fields"]  # WTForms walks through them in their order
        ordered = {name: fields[name] for name in self.page_order} | fields
        fields.clear()
        fields.update(ordered)

    class Meta(FlaskForm.Meta):
        """How the form reads what was sent."""

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """Return the texts that were sent, and the files of the fields that take files; None on a GET."""
            # Flask-WTF's own default is private: it is whatever is neither None nor a mapping.
            if formdata is None or hasattr(formdata, "getlist"):
                return formdata
            if request.method not in METHODS:
                return None
            return request.form if not request.files else _with_files(form)

    def process(self, formdata: Any = None, obj: Any = None, data: Any = None, **more: Any) -> None:
        """Fill the fields. Of a form that was sent, a text that is not in it is empty."""
        super().process(formdata, obj, data, **more)
        sent = formdata is not None and self.meta.wrap_formdata(self, formdata) is not None
        for field in self if sent else ():
            if isinstance(field, StringField) and not field.raw_data and not isinstance(field.data, str):
                field.data = ""


def _with_files(form: Any) -> MultiDict[str, Any]:
    together: MultiDict[str, Any] = MultiDict(request.form)
    for name in [field.name for field in form if isinstance(field, FileField)]:
        together.setlist(name, request.files.getlist(name))
    return together


class WholeField(IntegerField):
    """A field for a whole number. One that no column holds is read as the largest, which its range then refuses.

    WTForms reads a number of any length, and its own check of the range falls over one of four hundred digits.
    """

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read the number; raises ValueError, which the form shows, if the text is none."""
        text = str(valuelist[0]).strip() if valuelist else ""
        if text.removeprefix("-").isdecimal() and whole(text, -MOST, MOST) is None:
            self.data = -MOST if text.startswith("-") else MOST
        else:
            super().process_formdata(valuelist)

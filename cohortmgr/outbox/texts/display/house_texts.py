"""The house's own texts in the syntax of edited texts: what an editor starts from, and what it must keep.

A template is rendered with the names of its variables in the place of their values.
Filters leave the names as they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import current_app
from jinja2 import Environment

from cohortmgr.base.i18n import language
from cohortmgr.outbox.notices import Notice, Variable, VariableKind
from cohortmgr.outbox.texts.display.rendering import split_own, template_name
from cohortmgr.outbox.texts.wording import Name, names, parse, printed

_KNOWN = "cohortmgr-house-texts"
_VALUES = ("localized", "say", "reason", "day", "short_day", "month", "hour", "moment", "number", "mad")


class _Named(str):
    """The name of a variable, whichever of its languages is asked for."""

    @property
    def fr(self) -> _Named:
        """The name itself, as for `ar` and `en`."""
        return self

    ar = en = fr


class _Counted(int):
    """The name of a number, for a text whose plural depends on it."""

    word = ""

    def __str__(self) -> str:
        return self.word


def house_text(notice: Notice, channel: str) -> tuple[str, str]:
    """Return subject and body in the current language. A short message has no subject."""
    template = _environment().get_template(template_name(notice.key, channel))
    given = {variable.name: _placed(variable) for variable in notice.variables}
    site = current_app.config["BASE_URL"]
    text = template.render({**given, "base_url": site, "language": language()})
    for variable in notice.variables:
        name = _name(variable)
        if variable.kind == "link":
            text = text.replace(f"{site}{variable.path.replace('{}', name)}", name)
        elif variable.kind in ("list", "reasons"):
            text = text.replace(f"- {name}", name)
    return split_own(text, channel)


def needed(notice: Notice, channel: str) -> frozenset[str]:
    """Return the variables that an edited text must contain: the required ones that the house's own text has.

    The house's short messages say less, so that fewer variables are required in them."""
    subject, body = house_text(notice, channel)
    found = names(parse(subject)) | names(parse(body))
    return found & {variable.word for variable in notice.variables if variable.required}


def _name(variable: Variable) -> str:
    return printed([Name(variable.word)])


def _placed(variable: Variable) -> Any:
    name = _Named(_name(variable))
    many: tuple[VariableKind, ...] = ("list", "reasons")
    if variable.kind in many:
        return [name]
    if variable.kind == "number":
        counted = _Counted(2)
        counted.word = str(name)
        return counted
    return name


def _environment() -> Environment:
    """Return the templates with filters that leave names unchanged. They have a cache of their own."""
    known: Environment | None = current_app.extensions.get(_KNOWN)
    if known is None:
        known = current_app.jinja_env.overlay(cache_size=400)
        same: Callable[..., str] = lambda value, *_: str(value)  # noqa: E731  # one of a row of filters
        known.filters = {**known.filters, **dict.fromkeys(_VALUES, same)}
        current_app.extensions[_KNOWN] = known
    return known

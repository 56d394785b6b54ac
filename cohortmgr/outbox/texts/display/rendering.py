"""Render messages: with the text that people edited, or the house's own, in each person's language.

A batch takes one statement at most, for the newest edited texts of its keys."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flask import current_app

from cohortmgr.base.errors import Problem
from cohortmgr.base.i18n import (
    colon,
    comma,
    date_names,
    day,
    language,
    localized,
    mad,
    moment,
    number,
    plain_gettext,
    say,
    speaking,
)
from cohortmgr.outbox import hooks
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.notices import Notice, Variable, declared, room_of
from cohortmgr.outbox.texts.display.dress import page_of
from cohortmgr.outbox.texts.segments import measured
from cohortmgr.outbox.texts.wording import Piece, filled, names, parse

SMS = "sms"
# A single one of these characters in a short message halves what a segment holds;
# each has a plain form that reads the same.
_PLAIN = str.maketrans(
    {"’": "'", "‘": "'", "“": '"', "”": '"', "«": '"', "»": '"', "–": "-", "—": "-", "…": "...", "·": "-"}
    | dict.fromkeys("\u00a0\u202f\u2009", " ")
    | {"\u2011": "-"}
)
# A key among the variables of a letter that goes to somebody in place of the person concerned. It holds the
# sentence that says so (`what` and `values`, as in a problem; `name`, for a short message), and the one
# `page` that the recipient can open.
PASSED_ON = "passed_on"
# What stands before the number to call in a short message: as short as it can be read.
_TELEPHONES: Mapping[str, str] = {"fr": "Tel ", "ar": "هاتف ", "en": "Tel "}
_LINK = re.compile(r"https?://")
# Which text each channel uses: people read the same text by mail and in the application.
_TEXT_OF: Mapping[str, str] = {"inbox": "email"}


@dataclass(frozen=True)
class Rendered:
    """The text of a message. A short message has neither subject nor HTML.

    `sender` is the short name of who signs it, "" for nobody; `unsigned` is an e-mail's text before it was signed."""

    subject: str
    text: str
    html: str | None
    sender: str = ""
    unsigned: str = ""


def text_key(message: Message, channel: str | None = None) -> hooks.TextKey:
    """Return the key of a message's edited text."""
    used = channel or message.channel
    return message.institution_id, message.key, _TEXT_OF.get(used, used), message.language


def render_all(
    messages: Sequence[Message],
    contents: Sequence[Mapping[str, Any]],
    channels: Sequence[str] | None = None,
) -> list[Rendered | Exception]:
    """Render each message, for its channel in `channels` or its own;
    return an exception for one that cannot be rendered. One statement for all, and one for names in Arabic."""
    used = channels or [message.channel for message in messages]
    keys = [text_key(message, channel) for message, channel in zip(messages, used, strict=True)]
    found = hooks.stored(set(keys)) if hooks.stored and keys else {}
    return render_with(messages, contents, used, [found.get(key) for key in keys])


def render_with(
    messages: Sequence[Message],
    contents: Sequence[Mapping[str, Any]],
    channels: Sequence[str],
    texts: Sequence[hooks.StoredText | None],
) -> list[Rendered | Exception]:
    """Do `render_all` with these edited texts; None stands for the house's own. One statement, if any is in Arabic."""
    contents = _greeted(messages, contents)
    done: dict[int, Rendered | Exception] = {}
    for spoken in sorted({message.language for message in messages}):
        with speaking(spoken):
            for place, message in enumerate(messages):
                if message.language == spoken:
                    variables = contents[place]["variables"]
                    signed = signature(message.institution_id)
                    done[place] = _tried(message.key, channels[place], texts[place], variables, signed)
    return [done[place] for place in range(len(messages))]


def _greeted(
    messages: Sequence[Message], contents: Sequence[Mapping[str, Any]]
) -> Sequence[Mapping[str, Any]]:
    """Return the contents with the Arabic names of whoever reads Arabic. What is passed on names the person concerned
    and not its reader, and stays."""
    if not hooks.names_in_arabic:
        return contents
    readers = {
        place: message.person_id
        for place, message in enumerate(messages)
        if message.language == "ar" and message.person_id is not None
        if contents[place]["variables"].get("name") and PASSED_ON not in contents[place]["variables"]
    }
    names = hooks.names_in_arabic(set(readers.values())) if readers else {}
    told = list(contents)
    for place, person in readers.items():
        if person in names:
            told[place] = {**told[place], "variables": {**told[place]["variables"], "name": names[person]}}
    return told


def signature(institution_id: int | None) -> hooks.Signature | None:
    """Return who signs the messages of an institution, in the current language; None if nobody does."""
    return hooks.signatures(institution_id) if hooks.signatures else None


def _tried(
    key: str,
    channel: str,
    text: hooks.StoredText | None,
    variables: Mapping[str, Any],
    signed: hooks.Signature | None,
) -> Rendered | Exception:
    try:
        if text is not None and key in declared:
            return render_wording(declared[key], channel, text.subject, text.body, variables, signed)
        return render_own(key, channel, variables, signed)
    except Exception as failure:  # a message that cannot be rendered must not stop the others
        return failure


def render_own(
    key: str, channel: str, variables: Mapping[str, Any], signed: hooks.Signature | None = None
) -> Rendered:
    """Render the house's own text in the current language. The template's first line is the subject."""
    template = current_app.jinja_env.get_template(template_name(key, channel))
    told = plain_gettext()
    given = {**variables, "base_url": current_app.config["BASE_URL"], "language": language(), "_": told}
    subject, body = split_own(template.render(given), channel)
    body = _passed_on(body, channel, variables)
    return _short(body, signed) if channel == SMS else _dressed(subject, body, channel, variables, signed)


def own_subject(key: str, variables: Mapping[str, Any]) -> str:
    """Return the subject of the house's own letter, in the current language: what a short message is called that has
    none of its own. Empty if the letter wants what it was not given."""
    template = current_app.jinja_env.get_template(template_name(key, "email"))
    given = {**variables, "base_url": current_app.config["BASE_URL"], "language": language()}
    try:
        return split_own(template.render({**given, "_": plain_gettext()}), "email")[0]
    except Exception:  # as when it is rendered: one that lacks a value must not hide the others
        return ""


def template_name(key: str, channel: str) -> str:
    """Return the template name of the house's own text of a message."""
    return f"messages/{room_of(key)}/{key}{'.sms' if channel == SMS else ''}.txt"


def split_own(text: str, channel: str) -> tuple[str, str]:
    """Split a rendered template into subject and body."""
    if channel == SMS:
        return "", " ".join(text.split())
    subject, _, body = text.strip().partition("\n")
    return subject.strip(), body.strip()


def render_wording(
    notice: Notice,
    channel: str,
    subject: str,
    body: str,
    variables: Mapping[str, Any],
    signed: hooks.Signature | None = None,
) -> Rendered:
    """Render an edited text in the current language.
    Raises KeyError for a variable that is not declared or not given."""
    read, head = _parsed(body), _parsed(subject)
    known = {variable.word: variable for variable in notice.variables}
    values = {word: _shown(known[word], variables, channel) for word in names(read) | names(head)}
    text = _passed_on(filled(read, values), channel, variables)
    if channel == SMS:
        return _short(text, signed)
    return _dressed(filled(head, values), text, channel, variables, signed)


def _passed_on(text: str, channel: str, variables: Mapping[str, Any]) -> str:
    """Adapt a text for somebody other than the person concerned.

    It begins by saying so, and each link to the person's own pages, which would not
    open, leads to the recipient's page."""
    told = variables.get(PASSED_ON)
    if told is None:
        return text
    base = current_app.config["BASE_URL"]
    text = re.sub(re.escape(base) + r"/my(?![\w-])[\w/-]*", base + told["page"], text)
    if channel == SMS:
        return f"{told['name']}{colon()}{text}"
    return f"{say(Problem(told['what'], told['values']))}\n\n{text}"


def _short(text: str, signed: hooks.Signature | None) -> Rendered:
    """Make a short message, with typographic signs and the names of months and days in the short alphabet."""
    if signed is None:
        return Rendered("", _in_short_alphabet(text), None)
    # Who writes a campaign often begins with the name as well.
    unnamed = re.sub(rf"\A{re.escape(signed.short)}\s*:\s*", "", text.strip())
    said = _in_short_alphabet(f"{signed.short}{colon()}{unnamed}")
    if signed.telephone:
        # Whoever is asked to open a link can call and ask whose it is; elsewhere the number takes what room is left.
        called = f"{said} {_TELEPHONES[language()]}{re.sub(r'[ ().-]', '', signed.telephone)}"
        if _LINK.search(said) or measured(called).segments <= measured(said).segments:
            said = called
    return Rendered("", said, None, signed.short)


def short_as_sent(text: str, institution_id: int, spoken: str) -> str:
    """Return a short message as it leaves, signed by an institution: for whoever counts its segments before."""
    with speaking(spoken):
        return _short(text, signature(institution_id)).text


def _in_short_alphabet(text: str) -> str:
    plain = text.strip().replace("« ", '"').replace(" »", '"').translate(_PLAIN)
    return _with_plain_dates(plain, language())


def _with_plain_dates(text: str, spoken: str) -> str:
    """Write the names of months and days without the accents that the short alphabet lacks: one "août" made a
    whole message twice as long, and dearer, in one month of the year."""
    long = _dear_names(spoken)
    return re.sub(r"\w+", lambda found: long.get(found[0], found[0]), text) if long else text


@lru_cache(maxsize=8)
def _dear_names(spoken: str) -> dict[str, str]:
    """Return each name of a month or day that is outside of the short alphabet, with its plain form.

    Arabic has no plain form: its messages are long in every month."""
    plain: dict[str, str] = {}
    for name in date_names(spoken):
        if measured(name).forcing:
            bare = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
            if not measured(bare).forcing:
                plain |= {name: bare, name.capitalize(): bare.capitalize(), name.upper(): bare.upper()}
    return plain


@lru_cache(maxsize=512)
def _parsed(text: str) -> tuple[Piece, ...]:
    return parse(text)


def _dressed(
    subject: str, body: str, channel: str, variables: Mapping[str, Any], signed: hooks.Signature | None
) -> Rendered:
    subject = " ".join(subject.split())
    body = body.strip() + "\n"
    if channel != "email":
        return Rendered(subject, body, None)
    programme = variables.get("programme")
    title = localized(programme) if isinstance(programme, Mapping) else ""
    page = page_of(subject, body, title, signed)
    if signed is None:
        return Rendered(subject, body, page, unsigned=body)
    foot = "\n".join(("-- ", signed.name, *signed.lines))  # what mail programs know as a signature
    return Rendered(subject, f"{body}\n{foot}\n", page, signed.short, body)


def _link(value: Any, variable: Variable) -> str:
    return f"{current_app.config['BASE_URL']}{variable.path.replace('{}', str(value))}"


def _reasons(value: Sequence[Any]) -> list[str]:
    """Return reasons, as rooms store them, in words. The filter that reads them is those rooms'."""
    read: Callable[[Any], Any] = current_app.jinja_env.filters["reason"]
    return [say(read(each)) for each in value]


_FORMATS: Mapping[str, Callable[[Any], str]] = {
    "localized": localized,
    "day": day,
    "moment": moment,
    "number": number,
    "mad": mad,
}


def _shown(variable: Variable, variables: Mapping[str, Any], channel: str) -> str:
    value = variables[variable.name]
    if variable.kind in ("list", "reasons"):
        items = _reasons(value) if variable.kind == "reasons" else [str(each) for each in value]
        return comma().join(items) if channel == SMS else "\n".join(f"- {item}" for item in items)
    if variable.kind == "link":
        return _link(value, variable)
    return _FORMATS[variable.kind](value) if variable.kind in _FORMATS else " ".join(str(value).split())

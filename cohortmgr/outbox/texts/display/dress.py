"""The HTML layout of e-mails, with its styles inlined once for each language, and its pieces."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import Any

import css_inline
from flask import current_app, render_template
from flask_babel import gettext as _
from markupsafe import Markup

from cohortmgr.base.i18n import language
from cohortmgr.outbox.hooks import Signature
from cohortmgr.outbox.texts.blocks import Dress, laid, marked_up

_PIECE = re.compile(r"<!--(\w+)-->(.*?)<!--/-->\s*", re.S)
_APART = re.compile(r" ([:;?!»])")
_PAGE = Dress(
    paragraph="<p>@@words@@</p>",
    list="<ul>@@words@@</ul>",
    item="<li>@@words@@</li>",
    button='<p><a href="@@address@@">@@words@@</a></p>',
    link='<a href="@@address@@">@@words@@</a>',
)
_KNOWN = "cohortmgr-mail-dresses"


@dataclass(frozen=True)
class _Layout:
    """The page around a body, and the markup of the body's blocks."""

    page: str
    dress: Dress
    label: str
    direction: str


def page_of(subject: str, text: str, title: str = "", signed: Signature | None = None) -> str:
    """Return the HTML of an e-mail with that text, in the current language.

    `title` stands at its head, beside the khatam: without one, who signs it. Its foot says who that is."""
    layout = _layout()
    isolated = layout.direction == "rtl"
    if language() == "fr":
        subject, text = _held_together(subject), _held_together(text)
    body = marked_up(text, layout.dress, label=layout.label, isolated=isolated)
    shown = escape(subject, quote=False)
    names = dict.fromkeys(filter(None, (signed.short if signed else "", title)))
    head = escape(" · ".join(names), quote=False)
    return laid(layout.page, subject=shown, heading=shown, title=head, body=body, sender=_sender(signed))


def _sender(signed: Signature | None) -> str:
    """Return who signs, a line each, each ending its line of the foot: nothing if nobody does."""
    if signed is None:
        return ""
    name = f"<strong>{escape(signed.name, quote=False)}</strong>"
    return "".join(f"{line}<br>" for line in (name, *(escape(each, quote=False) for each in signed.lines)))


def on_page(text: str, spoken: str) -> Markup:
    """Return a message's text as HTML for one of our pages.
    `spoken` is the text's language, not the page's."""
    return Markup(marked_up(text, _PAGE, label="", isolated=spoken == "ar"))  # escaped piece by piece


def _held_together(text: str) -> str:
    """Keep French punctuation that has a space before it on the line of its word."""
    return _APART.sub("\u00a0\\1", text).replace("« ", "«\u00a0")


def _layout() -> _Layout:
    """Return the layout in the current language.
    Inlining takes some milliseconds, so it is done once for each language in a process."""
    known: dict[str, _Layout] = current_app.extensions.setdefault(_KNOWN, {})
    spoken = language()
    if spoken not in known:
        known[spoken] = _made(spoken)
    return known[spoken]


def _made(spoken: str) -> _Layout:
    direction = "rtl" if spoken == "ar" else "ltr"
    values: dict[str, Any] = {"direction": direction, "base_url": current_app.config["BASE_URL"]}
    page = render_template("messages/outbox/layout.html", **values)
    styles = (current_app.config["ROOT"] / "templates" / "messages" / "outbox" / "layout.css").read_text(
        "utf-8"
    )
    plain = re.sub(r"/\*.*?\*/", "", styles, flags=re.S)
    inliner = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False, extra_css=plain)
    inlined = inliner.inline(page)
    pieces = dict(_PIECE.findall(inlined))
    return _Layout(_PIECE.sub("", inlined), Dress(**pieces), _("Ouvrir la page"), direction)

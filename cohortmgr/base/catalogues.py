"""Update the translation catalogues from the sources: `make messages`, and a fresh extraction for the tests.

A catalogue is text that people review, so it bears no dates, paths or line numbers that change by themselves.
Nothing is guessed: a new text stays empty until somebody translates it, and a removed text takes its
translation along. French is its own translation. Its catalogue exists because zero is singular in French, and
because the spaces before its punctuation must not break a line, which nobody types in a source.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

from cohortmgr.base.printed.texts import typeset

ROOT = Path(__file__).resolve().parents[2]
TRANSLATIONS = ROOT / "cohortmgr" / "translations"
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "N_": None,
    "NN_": (1, 2),
    "_l": None,
    "lazy_gettext": None,
    "lazy_ngettext": (1, 2),
}
# Written out, because each release of the plural rules lists the forms of Arabic in an order of its own.
PLURAL_FORMS = {
    "fr": "nplurals=2; plural=(n > 1);",
    "en": "nplurals=2; plural=(n != 1);",
    "ar_MA": (
        "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);"
    ),
}
_HEADER = """msgid ""
msgstr ""
"Language: {locale}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plurals}\\n"

"""


def path_of(locale: str) -> Path:
    """Return the path of the catalogue of a locale."""
    return TRANSLATIONS / locale / "LC_MESSAGES" / "messages.po"


def extracted() -> Catalog:
    """Extract every text for people that sources, pages and messages contain now."""
    with (TRANSLATIONS / "babel.cfg").open(encoding="utf-8") as mapping:
        methods, options = parse_mapping_cfg(mapping)
    found = Catalog(charset="utf-8")
    for folder in sorted({pattern.split("/")[0] for pattern, _method in methods}):
        inside = [
            (pattern.partition("/")[2], method)
            for pattern, method in methods
            if pattern.startswith(folder + "/")
        ]
        within = {pattern.partition("/")[2]: each for pattern, each in options.items()}
        for _name, _line, msgid, _comments, context in extract_from_dir(
            ROOT / folder, inside, within, KEYWORDS, strip_comment_tags=True
        ):
            found.add(msgid, None, context=context)
    return found


def read(locale: str) -> Catalog:
    """Return the committed catalogue of a locale, or an empty one if there is none yet."""
    path = path_of(locale)
    if not path.exists():
        return Catalog(locale=locale)
    with path.open("rb") as source:
        return read_po(source, locale=locale)


def updated(locale: str, fresh: Catalog) -> Catalog:
    """Return the texts of `fresh`, each with the committed translation of exactly the same text, if any."""
    known = read(locale)
    catalog = Catalog(locale=locale, charset="utf-8")
    for message in fresh:
        if message.id:
            catalog.add(message.id, _translation(locale, message, known), context=message.context)
    return catalog


def _translation(locale: str, message: Message, known: Catalog) -> str | tuple[str, ...] | list[str]:
    if locale == "fr":
        return typeset(message.id) if isinstance(message.id, str) else tuple(map(typeset, message.id))
    plural = isinstance(message.id, tuple | list)
    held = partial(typeset, language=locale.partition("_")[0])
    before = known.get(message.id[0] if plural else message.id, message.context)
    if before is not None and before.string and isinstance(before.string, str) != plural:
        written = before.string
        return held(written) if isinstance(written, str) else tuple(map(held, written))
    forms = int(PLURAL_FORMS[locale].removeprefix("nplurals=").partition(";")[0])
    return ("",) * forms if plural else ""


def write(locale: str, catalog: Catalog) -> None:
    """Write a catalogue, sorted, with a header that says only what gettext needs."""
    path = path_of(locale)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as target:
        target.write(_HEADER.format(locale=locale, plurals=PLURAL_FORMS[locale]).encode())
        write_po(target, catalog, width=110, no_location=True, omit_header=True, sort_output=True)


def main() -> None:
    """Update the three catalogues from the sources."""
    fresh = extracted()
    for locale in PLURAL_FORMS:
        write(locale, updated(locale, fresh))


if __name__ == "__main__":
    main()

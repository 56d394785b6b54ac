"""The catalogues say all that the sources say, in three languages, and pages say nothing outside of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import pytest
from babel.messages.catalog import Catalog, Message
from flask import Flask, render_template
from flask_babel import gettext, ngettext

from cohortmgr.base import catalogues
from cohortmgr.base.i18n import LOCALES, init_i18n, speaking
from cohortmgr.base.printed.texts import typeset
from tests.unit.base.untranslated import untranslated

LOCALE_NAMES = tuple(LOCALES.values())
TEMPLATES = catalogues.ROOT / "templates"
_NAMED = re.compile(r"%\((\w+)\)[a-z]")
_ARABIC = re.compile("[\u0621-\u064a]")
# Names and codes that Arabic leaves as they are.
_SAME_IN_ARABIC = re.compile(r"(%\(\w+\)s|[\W\d_]|IBAN|RIB|CIN|TOML|JSON|CSV|XLSX|QR|SHA-256)*")
# What French is printed with, and what is typed for it.
_HOLDING = str.maketrans({"\u00a0": " ", "\u2011": "-"})
_MARKUP = re.compile(r"<[a-zA-Z/!][^>]*>|&\w+;")


@pytest.fixture(scope="module")
def fresh() -> Catalog:
    return catalogues.extracted()


@pytest.fixture(scope="module", params=LOCALE_NAMES)
def locale(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def catalogue(locale: str) -> Catalog:
    return catalogues.read(locale)


@pytest.fixture
def speaker() -> Flask:
    """An application that has catalogues and templates, and no database."""
    app = Flask("cohortmgr", template_folder=str(TEMPLATES))
    app.config["ROOT"] = catalogues.ROOT
    init_i18n(app)
    return app


def forms(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """A text or its plural forms, as forms."""
    return (text,) if isinstance(text, str) else tuple(text)


def entries(catalog: Catalog) -> Iterator[tuple[Message, tuple[str, ...], tuple[str, ...]]]:
    """Each text with the forms of its msgid and of its translation (a fresh extraction has none)."""
    for message in catalog:
        if message.id:
            yield message, forms(message.id), forms(message.string or "")


def test_extraction_finds_pages_messages_and_rules(fresh: Catalog) -> None:
    assert len(fresh) > 700
    assert "Bonjour %(name)s," in fresh
    assert "Cette page n’existe pas" in fresh
    assert "Ce champ est obligatoire et n’est pas renseigné." in fresh


def test_each_catalogue_holds_what_the_sources_say_and_no_more(fresh: Catalog, catalogue: Catalog) -> None:
    wanted = {forms(message.id) for message in fresh if message.id}
    held = {forms(message.id) for message in catalogue if message.id}
    assert sorted(wanted - held) == [], "run `make messages` and translate what is new"
    assert sorted(held - wanted) == [], "run `make messages`"
    assert not catalogue.obsolete


def test_each_text_is_translated_in_every_plural_form_and_none_is_guessed(
    locale: str, catalogue: Catalog
) -> None:
    count = {"fr": 2, "en": 2, "ar_MA": 6}[locale]
    assert catalogue.num_plurals == count
    for message, ids, strings in entries(catalogue):
        assert not message.fuzzy, ids
        assert len(strings) == (count if len(ids) > 1 else 1), ids
        assert all(string.strip() for string in strings), ids


def test_placeholders_are_those_of_the_msgid(catalogue: Catalog) -> None:
    for _message, ids, strings in entries(catalogue):
        wanted = Counter(_NAMED.findall(ids[-1]))
        for at, string in enumerate(strings):
            found = Counter(_NAMED.findall(string))
            # None, one and two may be said in a word.
            missing = wanted - found if len(ids) == 1 or at > 2 else wanted - found - Counter(["num"])
            assert not missing, f"{ids[0]}: {string}"
            assert not found - wanted, f"{ids[0]}: {string}"


def test_translations_bring_no_markup_along(catalogue: Catalog) -> None:
    for _message, ids, strings in entries(catalogue):
        for string in strings:
            assert set(_MARKUP.findall(string)) <= set(_MARKUP.findall(ids[-1])), ids


def test_spaces_at_the_ends_are_kept(catalogue: Catalog) -> None:
    for _message, ids, strings in entries(catalogue):
        for string in strings:
            assert string.endswith(" ") == ids[0].endswith(" "), ids
            assert string.count("\n") == ids[0].count("\n"), ids


def test_arabic_is_written_in_arabic_with_western_digits() -> None:
    for _message, ids, strings in entries(catalogues.read("ar_MA")):
        for string in strings:
            plain = bool(_SAME_IN_ARABIC.fullmatch(ids[0]))
            assert plain or _ARABIC.search(string), ids
            assert not re.search("[\u0660-\u0669\u06f0-\u06f9]", string), ids


def test_english_holds_no_french_letters() -> None:
    for _message, ids, strings in entries(catalogues.read("en")):
        for string in strings:
            assert not re.search("[àâçéèêëîïôùûœ«»]", string), ids


def test_french_is_its_own_msgid_but_for_spaces_that_hold() -> None:
    for _message, ids, strings in entries(catalogues.read("fr")):
        assert strings == tuple(map(typeset, ids))
        assert tuple(string.translate(_HOLDING) for string in strings) == ids


def test_french_is_written_as_it_is_printed(fresh: Catalog) -> None:
    for _message, ids, _strings in entries(fresh):
        for text in ids:
            assert not re.search(r"\w'\w", text), f"write ’ and not ': {text}"
            assert not re.search(r"[\w)»](?:[;?!]|:(?=\s|$))", text), f"a space goes before ; : ? !: {text}"
            assert "..." not in text, f"write … and not three points: {text}"


def test_spaces_before_french_punctuation_hold() -> None:
    assert typeset("Langue : « fr » ; oui ? 7 000 MAD") == (
        "Langue\u00a0: «\u00a0fr\u00a0»\u00a0; oui\u00a0? 7\u00a0000 MAD"
    )
    assert typeset("à 12:30") == "à 12:30"


@pytest.mark.parametrize(
    "path", sorted(TEMPLATES.rglob("*.[ht][tx][mt]*")), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_templates_say_nothing_outside_of_the_catalogue(path: object) -> None:
    source = TEMPLATES.joinpath(str(path)).read_text("utf-8")
    assert untranslated(source, is_message=str(path).endswith(".txt")) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("<p>Bonjour</p>", ["Bonjour"]),
        ('<p title="Bonjour">{{ _("Oui") }}</p>', ["Bonjour"]),
        ('<p>{{ tag("done", "Éligible") }}</p>', ["Éligible"]),
        ("{% if x %}Fermé{% endif %}", ["Fermé"]),
        ('<p class="row">{{ _("Bonjour") }} · {{ ngettext("%(num)s é", "%(num)s és", 2) }}</p>', []),
        ("<script>let x</script><b>12 %</b>", []),
        ("<title>@@subject@@</title><p>{{ base }}/help/{{ key }}</p>", []),
        ("<p>{{ base }}/Bonjour</p>", ["/Bonjour"]),
        ('{% if x %} aria-invalid="true" aria-describedby="{{ x }}-error"{% endif %}', []),
        ('{% if x %} aria-label="Bonjour"{% endif %}', ['aria-label="Bonjour"']),
    ],
)
def test_the_reading_of_templates_finds_what_is_planted(source: str, found: list[str]) -> None:
    assert untranslated(source) == found


def test_the_reading_of_messages_spares_addresses() -> None:
    assert untranslated("{{ base_url }}/my/offers/{{ reference }}\nBonjour", is_message=True) == ["Bonjour"]


def test_a_message_is_written_in_the_language_of_the_person(speaker: Flask) -> None:
    with speaker.app_context():
        written = {}
        for language in LOCALES:
            with speaking(language):
                written[language] = render_template(
                    "messages/accounts/sign_in_code.txt", code="204 816", minutes=10
                )
    assert "votre code" in written["fr"]
    assert "your code" in written["en"]
    assert "رمز" in written["ar"]
    assert all("204 816" in text for text in written.values())


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fr", ["0 place", "1 place", "2 places", "5 places", "11 places", "100 places"]),
        ("en", ["0 seats", "1 seat", "2 seats", "5 seats", "11 seats", "100 seats"]),
        ("ar", ["لا مقعد", "مقعد واحد", "مقعدان", "5 مقاعد", "11 مقعداً", "100 مقعد"]),
    ],
)
def test_plural_forms_follow_the_language(speaker: Flask, language: str, said: list[str]) -> None:
    with speaker.app_context(), speaking(language):
        assert [ngettext("%(num)s place", "%(num)s places", n) for n in (0, 1, 2, 5, 11, 100)] == said
        assert ngettext("%(num)s place", "%(num)s places", 103).startswith("103 ")


def test_a_language_is_left_as_it_was_found(speaker: Flask) -> None:
    with speaker.app_context(), speaking("en"):
        with speaking("ar"):
            assert gettext("Oui") == "نعم"
        assert gettext("Oui") == "Yes"

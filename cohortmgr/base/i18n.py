"""Languages: which one a page or message is in, its texts, and dates and figures as its readers write them.

The msgids are French; the others are Arabic of Morocco and English."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel import Locale
from babel.dates import format_date, format_time
from flask import Flask, Response, current_app, g, has_request_context, request
from flask_babel import Babel, Domain, force_locale, gettext, ngettext
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from cohortmgr.base import clock
from cohortmgr.base.errors import CalendarMonth, Problem, Quantity
from cohortmgr.base.printed.figures import figure, places_of, with_places
from cohortmgr.base.printed.texts import directed, set_text

LANGUAGES = ("fr", "ar", "en")
LANGUAGE_NAMES = {"fr": "Français", "ar": "العربية", "en": "English"}
LOCALES = {"fr": "fr", "ar": "ar_MA", "en": "en"}
COOKIE = "language"
_YEAR = 365 * 24 * 3600


class _Figures(Domain):
    """Texts of the catalogues in which the number that is counted is written as the language writes it."""

    def get_translations(self) -> Any:
        """The texts of the present language. Babel's way to them is ten times as long, and pages ask often."""
        spoken = language()
        known = self.cache.get(spoken)
        if known is None:
            with force_locale(LOCALES[spoken]):
                known = self.cache[spoken] = super().get_translations()
        return known

    def ngettext(self, singular: str, plural: str, num: int, **variables: Any) -> str:
        said = self.get_translations().ungettext(singular, plural, num)
        return str(said % {"num": number(num), **variables})


_figures = _Figures()


class _Babel(Babel):
    domain_instance = _figures


babel = _Babel()
# Set while a message is written in another language than the page's. One message asks for it some thirty times.
_spoken: ContextVar[str | None] = ContextVar("spoken", default=None)
_said: dict[tuple[str, str], Markup] = {}
_parsed = {language: Locale.parse(name) for language, name in LOCALES.items()}
_DAY = {"fr": "EEEE d MMMM y", "ar": "EEEE d MMMM y", "en": "EEEE d MMMM y"}
_SHORT_DAY = {"fr": "d MMM y", "ar": "d MMM y", "en": "d MMM y"}
_DAY_OF_MONTH = re.compile(r"(?<!d)d(?!d)")
_QUOTES = {"fr": ("« ", ", ", " »"), "ar": ("«\u2068", "، ", "\u2069»"), "en": ("“", ", ", "”")}
_COMMAS = {"fr": ", ", "ar": "، ", "en": ", "}
_COLONS = {"fr": " : ", "ar": ": ", "en": ": "}
_AT = {"fr": "%(day)s, %(time)s", "ar": "%(day)s على الساعة %(time)s", "en": "%(day)s, %(time)s"}
_CENTIME = Decimal("0.01")


def language() -> str:
    """Return the language of the present page or message: `fr`, `ar` or `en`."""
    spoken = _spoken.get()
    if spoken is not None:
        return spoken
    spoken = g.get("language")
    if spoken is None:
        spoken = _asked() if has_request_context() else "fr"
        g.language = spoken
    return spoken


def cookie_name(name: str, secure: bool) -> str:
    """Return the name that a cookie bears. Over HTTPS browsers then take it from this host alone, for all its pages."""
    return f"__Host-{name}" if secure else name


def _language_cookie() -> str:
    return cookie_name(COOKIE, current_app.config["SESSION_COOKIE_SECURE"])


def has_chosen() -> bool:
    """Whether the browser has chosen a language, which then goes before an account's."""
    return _language_cookie() in request.cookies


def remember(response: Response, spoken: str) -> None:
    """Have the browser remember a language for a year."""
    secure = current_app.config["SESSION_COOKIE_SECURE"]
    response.set_cookie(_language_cookie(), spoken, max_age=_YEAR, samesite="Lax", secure=secure)


def _asked() -> str:
    """Return the language of the cookie, else the best match of what the browser accepts, else French.

    The guards put the language of an account into `g` before this is asked."""
    chosen = request.cookies.get(_language_cookie())
    if chosen in LANGUAGES:
        return str(chosen)
    return _accepted(request.headers.get("Accept-Language", ""))


@lru_cache(maxsize=1024)
def _accepted(header: str) -> str:
    """Return the language of ours that a browser likes best, cached since few browsers differ in what they say."""
    return parse_accept_header(header, LanguageAccept).best_match(LANGUAGES) or "fr"


@contextmanager
def speaking(spoken: str) -> Iterator[None]:
    """Use another language inside the `with` block, e.g. that of the person who gets a message."""
    spoken = spoken if spoken in LANGUAGES else "fr"
    before = _spoken.set(spoken)
    try:
        with force_locale(LOCALES[spoken]):
            yield
    finally:
        _spoken.reset(before)


def localized(text: Mapping[str, str] | None) -> str:
    """Return the text of a definition in the present language, or in French if that one is missing."""
    if not text:
        return ""
    spoken = language()
    said = text.get(spoken)
    return set_text(said, spoken) if said else set_text(text.get("fr", ""), "fr")


def say(problem: Problem | str) -> str:
    """Return a problem or reason in the present language. Values that are texts in three languages are translated too;
    names in a list are put in quotation marks, those in a tuple stand as they are between commas."""
    if isinstance(problem, str):
        return gettext(problem)
    values = {name: _shown(value) for name, value in problem.values.items()}
    return str(gettext(problem.what, **values)) if values else str(gettext(problem.what))


def in_each_language(problem: Problem | str) -> dict[str, str]:
    """Return a text in every language, as messages and definitions bear it."""
    texts = {}
    for spoken in LANGUAGES:
        with speaking(spoken):
            texts[spoken] = say(problem)
    return texts


def _shown(value: Any) -> Any:
    if isinstance(value, Mapping):
        return localized(value)
    if isinstance(value, Problem):
        return directed(say(value), language())
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return day(value)
    if isinstance(value, Decimal | float):
        return decimal(value, places_of(value))
    if isinstance(value, CalendarMonth):
        return month(value.first)
    if isinstance(value, Quantity):
        return ngettext(value.one, value.many, value.number)
    if isinstance(value, tuple):
        return comma().join(str(_shown(each)) for each in value)
    return quoted(value) if isinstance(value, list) else value


def day(value: date | datetime | None) -> str:
    """Write a day as `mardi 12 mai 2026`."""
    return "" if value is None else _format(_local_day(value), _DAY[language()])


def short_day(value: date | datetime | None) -> str:
    """Write a day as `12 mai 2026`."""
    return "" if value is None else _short_day(value, language())


def whole_day(value: date) -> str:
    """Write a day as `14 février 2004`, for one long past whose weekday says nothing."""
    return _format(value, "d MMMM y")


def short_days(values: Iterable[date | datetime | None]) -> list[str]:
    """Write a whole column as `short_day` does, asking for the language only once."""
    spoken = language()
    return ["" if value is None else _short_day(value, spoken) for value in values]


@lru_cache(maxsize=8192)
def _short_day(value: date | datetime, spoken: str) -> str:
    return _dated(_local_day(value), _SHORT_DAY[spoken], spoken)


def month(value: date | None) -> str:
    """Write a month as `mars 2026`."""
    return "" if value is None else _format(value, "MMMM y")


def date_names(spoken: str) -> frozenset[str]:
    """Return the names of months and days, whole and short, with which a language writes dates."""
    of = _parsed[spoken]
    names = (each[form][width] for each in (of.months, of.days) for form in each for width in each[form])
    return frozenset(name for each in names for name in each.values())


def hour(value: datetime) -> str:
    """Write an hour: `14 h` or `14 h 30` in French, with spaces that do not break; `14:30` in other languages."""
    shown = clock.local(value)
    if language() == "fr":
        return f"{shown.hour}\u00a0h" if shown.minute == 0 else f"{shown.hour}\u00a0h\u00a0{shown.minute:02d}"
    return str(format_time(shown.time(), "HH:mm", locale=_parsed[language()]))


def moment(value: datetime | None) -> str:
    """Write an instant as `mardi 12 mai 2026, 14 h`."""
    return "" if value is None else _AT[language()] % {"day": day(value), "time": hour(value)}


def short_moment(value: datetime | None) -> str:
    """Write an instant as `12 mai 2026, 14 h`."""
    return "" if value is None else _AT[language()] % {"day": short_day(value), "time": hour(value)}


def quoted(names: Iterable[str]) -> str:
    """Write names as `«X», «Y»`, with the quotation marks and comma of the language.

    In Arabic each name keeps its own direction."""
    before, between, after = _QUOTES[language()]
    return between.join(f"{before}{each}{after}" for each in names)


def comma() -> str:
    """Return what stands between two things of a list, with the space after it."""
    return _COMMAS[language()]


def colon() -> str:
    """Return what stands between a name and its value: `X : Y` in French and `X: Y` in other languages."""
    return _COLONS[language()]


def mirrored() -> bool:
    """Return whether the page is read from the right, so that an axis begins there."""
    return language() == "ar"


def told(name: str, value: object) -> str:
    """Write a name and its value."""
    return f"{name}{colon()}{value}"


def decimal(value: Decimal | float | int | None, places: int = 2) -> str:
    """Write a figure with `places` decimals, as the language writes it."""
    return "" if value is None else figure(Decimal(str(value)), with_places(places), _parsed[language()])


def number(value: Decimal | float | int | None) -> str:
    """Write a figure as the language writes it, with the decimals that it has."""
    return "" if value is None else figure(Decimal(str(value)), None, _parsed[language()])


def dirhams(amount_cents: int) -> Decimal:
    """Convert whole centimes to dirhams with two decimals: tables hold the ones, rules calculate with the others."""
    return (Decimal(amount_cents) / 100).quantize(_CENTIME)


def mad(cents: int | None) -> str:
    """Write centimes as `7 000,00 MAD`, in English `MAD 7,000.00`; its name in Arabic is درهم."""
    if cents is None:
        return ""
    amount = decimal(dirhams(cents))
    if language() != "ar":
        return f"MAD {amount}".replace("MAD -", "-MAD ") if language() == "en" else f"{amount} MAD"
    # Beside Arabic a sign would stand behind its figure.
    return f"\u2066{amount}\u2069 درهم" if cents < 0 else f"{amount} درهم"


def thousandths(value: int | None) -> str:
    """Write a score in thousandths as `15,42`."""
    return "" if value is None else _thousandths(value, language())


def column_of_thousandths(values: Iterable[int | None]) -> list[str]:
    """Write a whole column as `thousandths` does, asking for the language only once."""
    spoken = language()
    return ["" if value is None else _thousandths(value, spoken) for value in values]


@lru_cache(maxsize=8192)
def _thousandths(value: int, spoken: str) -> str:
    return figure(Decimal(value) / 1000, with_places(2), _parsed[spoken])


def _local_day(value: date | datetime) -> date:
    return clock.local(value).date() if isinstance(value, datetime) else value


@lru_cache(maxsize=4096)
def _dated(value: date, pattern: str, spoken: str) -> str:
    if spoken == "fr" and value.day == 1:
        pattern = _DAY_OF_MONTH.sub("d'er'", pattern)  # 1er mars
    return str(format_date(value, pattern, locale=_parsed[spoken]))


def _format(value: date, pattern: str) -> str:
    return _dated(value, pattern, language())


def _counting(lookup: Callable[..., str]) -> Callable[..., str]:
    """Return the `ngettext` of templates with the number written as the language writes it."""

    @pass_context
    def counted(context: Context, one: str, many: str, count: int, **values: Any) -> str:
        if type(count) is int:  # where a text is edited, a placeholder that counts stands for it
            values.setdefault("num", number(count))
        return lookup(context, one, many, count, **values)

    return counted


def plain_gettext() -> Callable[..., str]:
    """Return the `_` for templates that escape nothing, in the present language; a shorter way than Jinja's own."""
    lookup = _figures.get_translations().ugettext

    def told(text: str, **values: Any) -> str:
        return str(lookup(text) % values)

    return told


def said(text: str) -> Markup:
    """Return a template's constant text in the present language, as markup.

    The cache cannot grow without end: there are only as many texts as the templates contain."""
    spoken = language()
    known = _said.get((spoken, text))
    if known is None:
        known = _said[spoken, text] = Markup(
            _figures.get_translations().ugettext(text) % {}
        )  # our catalogues' words
    return known


def past(given: date) -> bool:
    """Whether a day is over: a page says of it what was, and of today or later what is to come."""
    return given < clock.today()


def init_i18n(app: Flask) -> None:
    """Set up the translation catalogues and the filters that templates use."""
    app.config.setdefault(
        "BABEL_TRANSLATION_DIRECTORIES", str(app.config["ROOT"] / "cohortmgr" / "translations")
    )
    app.config["BABEL_DEFAULT_LOCALE"] = "fr"
    babel.init_app(app, locale_selector=lambda: LOCALES[language()])
    for function in (
        localized,
        say,
        day,
        short_day,
        whole_day,
        month,
        hour,
        moment,
        short_moment,
        decimal,
        number,
        mad,
        thousandths,
    ):
        app.jinja_env.filters[function.__name__] = function
    app.jinja_env.tests["past"] = past
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # of Jinja's own extension
        lambda text: _figures.get_translations().ugettext(text),
        lambda one, many, count: _figures.get_translations().ungettext(one, many, count),
        newstyle=True,
    )
    app.jinja_env.globals["ngettext"] = _counting(app.jinja_env.globals["ngettext"])  # type: ignore[arg-type]  # just set
    app.jinja_env.globals["LANGUAGES"] = LANGUAGE_NAMES
    app.jinja_env.globals.update(comma=comma, colon=colon, mirrored=mirrored)
    app.context_processor(lambda: {"language": language()})

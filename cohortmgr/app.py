"""Create the Flask application: settings, database, what every page shares, then each room by its wiring.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from cohortmgr import cli, tables
from cohortmgr.accounts import wiring as accounts
from cohortmgr.applications import wiring as applications
from cohortmgr.audit import wiring as audit
from cohortmgr.authoring import wiring as authoring
from cohortmgr.base import clock, crypto, db, i18n, storage, text
from cohortmgr.base.migrating import init_migrations
from cohortmgr.base.printed import charts
from cohortmgr.base.settings import ROOT, Settings, keep_private, read_settings
from cohortmgr.base.stores.opening import open_store
from cohortmgr.base.web import assets, bodies, cookies, markup, precedence, reading, responses
from cohortmgr.cohorts import wiring as cohorts
from cohortmgr.demo import wiring as demo
from cohortmgr.jobs import wiring as jobs
from cohortmgr.messages import wiring as messages
from cohortmgr.operations import wiring as operations
from cohortmgr.organisations import wiring as organisations
from cohortmgr.outbox import wiring as outbox
from cohortmgr.placements import wiring as placements
from cohortmgr.portals import wiring as portals
from cohortmgr.programmes import wiring as programmes
from cohortmgr.reports import wiring as reports
from cohortmgr.reviews import wiring as reviews
from cohortmgr.selection import wiring as selection
from cohortmgr.stipends import wiring as stipends

Process = Literal["web", "system"]
# From the lowest floor to the highest: a room's wiring may use what lower rooms registered before it.
ROOMS = (
    audit,
    jobs,
    outbox,
    accounts,
    organisations,
    programmes,
    applications,
    reviews,
    selection,
    cohorts,
    placements,
    stipends,
    messages,
    reports,
    operations,
    authoring,
    portals,
    demo,
)


class Site(Flask):
    """The Flask application class: with the Jinja environment of base/web/markup.py and the request of
    base/web/bodies.py."""

    jinja_environment = markup.House
    request_class = bodies.HouseRequest

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function as it is: none of ours is a coroutine, and a request asks fifteen times."""
        return func


def create_app(settings: Settings | None = None, process: Process = "web") -> Flask:
    """Return the application, connected with the database role that `process` names.

    "web" is the application's role, "system" (worker and commands) the system's role."""
    settings = settings or read_settings()
    keep_private(settings)
    app = Site(
        "cohortmgr",
        root_path=str(ROOT / "cohortmgr"),
        template_folder=str(ROOT / "templates"),
        static_folder=None,
    )
    _configure(app, settings)
    app.session_interface = cookies.CookieSessions(app)
    app.extensions["cohortmgr-keyring"] = crypto.Keyring.parse(
        settings.sealing_keys, settings.index_key, settings.trail_key
    )
    if process == "web":
        db.init_db(app, settings.database_url, db.PATIENCE, settings.replica_database_url)
    else:
        db.init_db(app, settings.system_database_url)
    storage.init_storage(app, open_store(settings.files_url, settings.data, process == "web"))
    init_migrations(app, settings, tables.metadata)
    i18n.init_i18n(app)
    precedence.init_precedence(app)
    responses.init_web(app)
    reading.init_reading(app)
    assets.init_assets(app)
    for room in ROOMS:
        room.init_app(app)
    cli.tell_plainly(app)
    if settings.proxies:
        trusted = settings.proxies
        behind = ProxyFix(app.wsgi_app, x_for=trusted, x_proto=trusted, x_host=trusted)
        app.wsgi_app = behind  # type: ignore[method-assign]  # as Flask's documentation says to wrap it
    if settings.production:
        clock.forbid_moving()
        text.forbid_following()
    return app


def _configure(app: Flask, settings: Settings) -> None:
    app.config.update(
        ROOT=ROOT,
        DATA=str(settings.data),
        BASE_URL=settings.base_url,
        DEMONSTRATION=settings.demonstration,
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=settings.upload_limit,
        MAX_FORM_MEMORY_SIZE=1024 * 1024,
        IMPORT_LIMIT=settings.import_limit,
        CLAMD=settings.clamd,
        SESSION_COOKIE_NAME=i18n.cookie_name("session", settings.secure_cookies),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        # The cookie outlives the session on the server, so that a form sent too late still tells whose it was.
        PERMANENT_SESSION_LIFETIME=30 * 24 * 3600,
        SESSION_REFRESH_EACH_REQUEST=False,
        WTF_CSRF_TIME_LIMIT=None,
    )
    app.extensions["cohortmgr-settings"] = settings
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.auto_reload = False
    app.jinja_env.globals["charts"] = charts  # the positions that macros/charts.html draws

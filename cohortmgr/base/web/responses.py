"""What every page shares: security headers, error pages, problems beside their fields, safe redirect targets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from http import HTTPStatus
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import Flask, Response, current_app, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError, CSRFProtect
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException
from wtforms import Form

from cohortmgr.base import clock
from cohortmgr.base.databases.ailing import Ailment, ailment_of, is_overtaken, is_walled
from cohortmgr.base.db import db
from cohortmgr.base.errors import HELP, NotFound, NotPermitted, Problem, Refused, Stale, Withheld
from cohortmgr.base.hooks import Slot
from cohortmgr.base.i18n import say
from cohortmgr.base.typed import is_sound
from cohortmgr.base.web.ailments import RETRY, SAID, note
from cohortmgr.base.web.asked import is_from_here, kept_arguments, names_no_site, number_sent, site_in_header
from cohortmgr.base.web.queueing import FORMS, init_queueing

csrf = CSRFProtect()
# The URL by which a page that is not the viewer's can be reached all the same, or None.
way_to_missing: Slot[[], str | None] = Slot()
# What else to say of a page that is not the viewer's any longer.
word_to_missing: Slot[[], Problem | None] = Slot()
# Whether what let the viewer in ended while the request ran: the URL of the way in again, or empty if they are in still
# and may less; None if nothing ended.
ended_meanwhile: Slot[[], str | None] = Slot()

_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'"
)

# Nothing of the device is asked for: whatever is written into a page one day shall not ask for it either.
_PERMISSIONS = (
    "camera=(), display-capture=(), geolocation=(), hid=(), microphone=(), midi=(), payment=(), usb=()"
)
# Two years, as browsers' own lists ask for.
_TRANSPORT = "max-age=63072000"
_VARY = "Cookie, Accept-Language"
# For what has another address as soon as it has another content.
FOREVER = "public, max-age=31536000, immutable"
# The page that ends a session: what it says without a token is whether the session goes on.
LEAVES = "accounts.sign_out"


def local_target(target: str | None) -> str | None:
    """Return the target if it is a path of this site, else None: a redirect never leads to another host."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or "\\" in target:
        return None
    # `urlsplit` drops line ends and tabs silently, and a header with one of them ends the answer.
    if not target.isprintable():
        return None
    parts = urlsplit(target)
    return None if parts.scheme or parts.netloc else target


def posted_version() -> int | None:
    """Return the version of the row for which the form was opened, or None if the form sends no valid one."""
    return number_sent("version")


def was_pressed_here() -> bool:
    """Whether a link was followed from a page of this site: not from another's, nor fetched before it is pressed."""
    if "prefetch" in request.headers.get("Sec-Purpose", request.headers.get("Purpose", "")):
        return False
    whence = request.headers.get("Sec-Fetch-Site")
    if whence is not None:
        return whence == "same-origin"
    return site_in_header("Referer") == request.host.lower()


def show_problems(form: Form, refusal: Refused) -> None:
    """Show each problem beside its field, or above the form if it has none."""
    for problem in refusal.problems:
        field = form[problem.where] if problem.where and problem.where in form else None
        if problem.where == HELP:
            form.form_errors.append(Markup('<a href="/help">{}</a>').format(say(problem)))
        elif field is None:
            form.form_errors.append(say(problem))
        else:
            field.errors = [*field.errors, say(problem)]


def kept_forever(body: bytes, mimetype: str) -> Response:
    """Return an answer that is the same for everybody and never changes, so that each device keeps it, a signed-in
    person's too: a picture whose address bears the digest of its content."""
    g.kept_forever = True
    return Response(body, mimetype=mimetype, headers={"Cache-Control": FOREVER})


def init_web(app: Flask) -> None:
    """Register cross-site request protection, security headers and error pages."""
    # Registered before the token check, which reads the whole body.
    app.before_request(_arrived)
    app.before_request(_require_site)
    app.teardown_request(lambda _error: clock.note_arrival(None))
    app.jinja_env.globals["kept_arguments"] = kept_arguments
    csrf.init_app(app)
    app.before_request(_require_sound)
    init_queueing(app)
    app.after_request(_headers)
    app.register_error_handler(NotFound, lambda _error: _page(HTTPStatus.NOT_FOUND))
    app.register_error_handler(NotPermitted, lambda _error: _page(HTTPStatus.NOT_FOUND))
    app.register_error_handler(Stale, lambda _error: _page(HTTPStatus.CONFLICT))
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(CSRFError, _without_token)
    app.register_error_handler(sa.exc.IntegrityError, _taken)
    app.register_error_handler(sa.exc.ProgrammingError, _walled)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def _arrived() -> None:
    clock.note_arrival(clock.now())


def _require_site() -> None:
    """Refuse what changes something and says in a way that nobody can read whence it comes, before Flask-WTF reads it:
    it raises where the address does."""
    if request.method in current_app.config["WTF_CSRF_METHODS"] and names_no_site():
        raise CSRFError("whence the request comes does not read")


def _require_sound() -> None:
    """Answer 404 to an address with texts that no database keeps: each statement would fail.

    Forms say it beside their field, as they say all else that is wrong."""
    if not all(map(is_sound, (request.path, *_given(request.args)))):
        raise NotFound(request.endpoint)


def _given(sent: MultiDict[str, str]) -> Iterator[str]:
    for name, text in sent.items(multi=True):
        yield name
        yield text


def _headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", _POLICY)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = _PERMISSIONS
    if current_app.config["BASE_URL"].startswith("https:"):
        response.headers["Strict-Transport-Security"] = _TRANSPORT
    location = response.headers.get("Location")
    if location is not None:
        response.headers["Location"] = _without_host(location)
    html = response.mimetype == "text/html"
    # The device keeps no page and no file of a person: of one who is signed in, and of one whom the session or the
    # address knows by a code or a link. `send_file` says otherwise before, so what stands there is not asked.
    if _is_personal() and request.endpoint != "assets.bundle" and not g.get("kept_forever"):
        response.headers["Cache-Control"] = "no-store"
    elif html:
        response.headers.setdefault("Cache-Control", "no-cache")
    if html:
        vary = response.headers.get("Vary")
        response.headers["Vary"] = f"{vary}, {_VARY}" if vary else _VARY
    return response


def _without_host(location: str) -> str:
    """Return where a redirect leads as a path, if it leads to the host that was asked.

    Werkzeug's own (a slash too many) name that host, which is whatever the request says, and caches keep them."""
    if not location.startswith(request.host_url):
        return location
    return "/" + location.removeprefix(request.host_url).lstrip("/\\")


def _is_personal() -> bool:
    held = set(session) - {"csrf_token", "_flashes"}
    return bool(held) or "token" in (request.view_args or {})


def _whence() -> str | None:
    """Return the way back from a fault as a path that a link may fetch, so that nothing is sent again: the page of the
    form that was sent, or the page itself that was asked for. None if the form came from elsewhere."""
    asked_for = request.method in ("GET", "HEAD")
    if not asked_for and site_in_header("Referer") != request.host.lower():
        return None
    found = urlsplit(request.url if asked_for else request.referrer or "")
    path = "/" + found.path.lstrip("/\\")
    return f"{path}?{found.query}" if found.query else path


def _page(status: HTTPStatus, problems: tuple[object, ...] = ()) -> ResponseReturnValue:
    missing = status == HTTPStatus.NOT_FOUND and bool(way_to_missing)
    way = way_to_missing() if missing else None
    word = word_to_missing() if missing and word_to_missing else None
    problems = problems if word is None else (word,)
    drawn = render_template(
        "base/error.html", status=int(status), problems=problems, way=way, whence=_whence()
    )
    return drawn, int(status)


def _without_token(_error: CSRFError) -> ResponseReturnValue:
    """Answer one of our own forms that comes without a valid token.

    Its cookie is gone, or the session ended in another tab. What was typed is shown, to be sent again by
    hand. A form that comes from another site is refused."""
    if not is_from_here() or request.mimetype not in FORMS:
        return _page(HTTPStatus.BAD_REQUEST)
    sent = request.form.to_dict(flat=False)
    fields = {name: sent[name] for name in sent if name != "csrf_token" and "password" not in name}
    files = any(file.filename for _name, file in request.files.items(multi=True))
    template = "base/still_in.html" if request.endpoint == LEAVES else "base/again.html"
    page = render_template(template, fields=fields, files=files)
    return page, int(HTTPStatus.BAD_REQUEST), {"Cache-Control": "no-store"}


def _refused(error: Refused) -> ResponseReturnValue:
    withheld = isinstance(error, Withheld)
    return _page(HTTPStatus.FORBIDDEN if withheld else HTTPStatus.CONFLICT, error.problems)


def _taken(error: sa.exc.IntegrityError) -> ResponseReturnValue:
    """Answer who was not the first: somebody else has just written the row that must be the only one, or removed the
    one that this one belongs to. Nothing was half done, and the page as it is now says what to do."""
    if not is_overtaken(error):
        return _unexpected(error)
    current_app.logger.warning("%s %s: somebody was faster", request.method, request.path, exc_info=error)
    db.session.rollback()
    return _page(HTTPStatus.CONFLICT)


def _walled(error: sa.exc.ProgrammingError) -> ResponseReturnValue:
    """Answer what a wall of the database refused as the next request will be, if the role or the session of who asks
    ended while this one ran. Else an action went where it may not, which is a fault of ours."""
    db.session.rollback()
    way = ended_meanwhile() if is_walled(error) and ended_meanwhile else None
    if way is None:
        return _unexpected(error)
    current_app.logger.warning("%s %s: what let them in ended meanwhile", request.method, request.path)
    return redirect(way) if way else _page(HTTPStatus.NOT_FOUND)


def _http(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < 400:
        return error.get_response()
    # What fails in the page of another fault, or after the view, comes here wrapped by Flask.
    cause: Exception = getattr(error, "original_exception", None) or error
    ailment = ailment_of(cause)
    if ailment is not None:
        return _paused(cause, ailment)
    if error.code == HTTPStatus.METHOD_NOT_ALLOWED and request.method in ("GET", "HEAD"):
        above = _page_above()
        return redirect(above) if above else _page(HTTPStatus.NOT_FOUND)
    try:
        return _page(HTTPStatus(error.code))
    except ValueError:
        return _page(HTTPStatus.BAD_REQUEST)


def _page_above() -> str | None:
    """Return the page from which a form is sent to the address that was asked for, with the arguments that were given:
    the nearest above it that shows the same thing. None if there is none.

    A page that shows again a form that was refused stands at that address: its language, its order and its next page
    are links from there, and people load it again."""
    routes = current_app.create_url_adapter(request)
    assert routes is not None
    try:
        sent = routes.match(request.path, method="POST")[1]
    except HTTPException:  # an address to which nothing is sent by a form
        return None
    path = request.path.rpartition("/")[0]
    while path:
        with suppress(HTTPException):
            endpoint, values = routes.match(path, method="GET")
            if values.items() <= sent.items():
                asked = request.query_string.decode(errors="replace")
                return url_for(endpoint, **values) + (f"?{asked}" if asked else "")
        path = path.rpartition("/")[0]
    return None


def _unexpected(error: Exception) -> ResponseReturnValue:
    """Answer a fault of ours: log it in full and tell the person that nothing was half done."""
    ailment = ailment_of(error)
    if ailment is not None:
        return _paused(error, ailment)
    if current_app.config.get("PROPAGATE_EXCEPTIONS"):
        raise error
    current_app.logger.exception("%s %s failed", request.method, request.path)
    db.session.rollback()
    g.pop("viewer", None)
    return _page(HTTPStatus.INTERNAL_SERVER_ERROR)


def _paused(error: Exception, ailment: Ailment) -> ResponseReturnValue:
    """Answer 503 with what to do, in one line of the log; the page asks the database nothing."""
    note(ailment)
    current_app.logger.error(
        "%s %s: %s (%s)", request.method, request.path, ailment, error.__class__.__name__
    )
    g.without_database = True
    g.pop("viewer", None)
    with suppress(sa.exc.SQLAlchemyError):
        db.session.rollback()
    drawn = render_template("base/error.html", status=503, problems=(SAID[ailment],), whence=_whence())
    return drawn, int(HTTPStatus.SERVICE_UNAVAILABLE), {"Retry-After": str(RETRY[ailment])}

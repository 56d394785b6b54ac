"""A cookie is what Flask's own sessions make of it and read in it."""

from __future__ import annotations

from inspect import iscoroutinefunction
from pathlib import Path

from flask.sessions import SecureCookieSessionInterface

from cohortmgr.app import create_app
from cohortmgr.base.settings import Settings


def test_the_signer_is_made_once_and_signs_as_the_library_does(tmp_path: Path) -> None:
    app = create_app(Settings(data=tmp_path, database_url="sqlite://"))
    ours, theirs = app.session_interface, SecureCookieSessionInterface()
    assert isinstance(ours, SecureCookieSessionInterface)
    signer, library = ours.get_signing_serializer(app), theirs.get_signing_serializer(app)
    assert signer is not None and library is not None
    assert ours.get_signing_serializer(app) is signer and theirs.get_signing_serializer(app) is not library
    held = {"_user_id": "token", "_permanent": True}
    assert signer.loads(library.dumps(held)) == held == library.loads(signer.dumps(held))


def test_two_applications_sign_by_their_own_keys(tmp_path: Path) -> None:
    signers = []
    for key in ("a" * 40, "b" * 40):
        app = create_app(Settings(data=tmp_path, database_url="sqlite://", secret_key=key))
        assert isinstance(app.session_interface, SecureCookieSessionInterface)
        signers.append(app.session_interface.get_signing_serializer(app))
    first, second = signers
    assert first is not None and second is not None
    assert second.loads_unsafe(first.dumps({"_user_id": "token"}))[0] is False


def test_no_view_nor_hook_is_a_coroutine(tmp_path: Path) -> None:
    """`Site.ensure_sync` takes that for granted."""
    app = create_app(Settings(data=tmp_path, database_url="sqlite://"))
    kept = (app.before_request_funcs, app.after_request_funcs, app.teardown_request_funcs)
    hooks = [each for held in kept for acts in held.values() for each in acts]
    called = [*app.view_functions.values(), *hooks, *app.teardown_appcontext_funcs]
    assert len(called) > 200
    assert not any(map(iscoroutinefunction, called))

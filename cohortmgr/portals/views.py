"""The home page of each audience, the language switch, and health."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, abort, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue

from cohortmgr.accounts import guards
from cohortmgr.base.db import db
from cohortmgr.base.i18n import COOKIE, LANGUAGES
from cohortmgr.base.web import local_target

bp = Blueprint("portals", __name__)


@bp.get("/health")
@guards.public
def health() -> ResponseReturnValue:
    """For load balancers and the demonstration's supervisor."""
    db.session.execute(sa.text("SELECT 1"))
    return jsonify(status="ok")


@bp.get("/language/<code>")
@guards.public
def language(code: str) -> ResponseReturnValue:
    """Remember a language for a year and go back."""
    if code not in LANGUAGES:
        abort(404)
    response = redirect(local_target(request.args.get("next")) or "/")
    response.set_cookie(COOKIE, code, max_age=365 * 24 * 3600, samesite="Lax")
    return response


@bp.get("/my")
@guards.candidate
def my_home() -> ResponseReturnValue:
    return render_template("portals/candidate_home.html")


@bp.get("/staff")
@guards.staff
def staff_home() -> ResponseReturnValue:
    return render_template("portals/staff_home.html")


@bp.get("/company")
@guards.company
def company_home() -> ResponseReturnValue:
    return render_template("portals/company_home.html")

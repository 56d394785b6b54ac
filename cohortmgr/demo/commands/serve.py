"""The demonstration under one supervisor: `python -m cohortmgr.demo.commands.serve`, or `make demo`.

It prepares the database, loads the demonstration (in seconds if it is there already), starts the processes of
the Procfile, waits until the web answers, prints the sign-ins and the address, and stops everything at Ctrl-C
or TERM.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import honcho.manager
from honcho.environ import parse_procfile
from honcho.manager import Manager

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 90.0


def environment() -> dict[str, str]:
    """Return the environment of every process.

    It is the embedded default, shown as a demonstration, with the tools of this Python first in the path."""
    wanted = dict(os.environ)
    wanted.pop("PYTHONDONTWRITEBYTECODE", None)
    wanted.setdefault("PORT", "8000")
    wanted["COHORTMGR_DATA"] = str(Path(wanted.get("COHORTMGR_DATA") or ROOT / "var").resolve())
    wanted.setdefault("COHORTMGR_DEMONSTRATION", "true")
    wanted.setdefault("COHORTMGR_BASE_URL", f"http://127.0.0.1:{wanted['PORT']}")
    wanted["PYTHONUNBUFFERED"] = "1"
    # In a container the demonstration often runs as root; the worker's long warning about it would hide the
    # address.
    wanted.setdefault("PYTHONWARNINGS", "ignore:You're running the worker with superuser")
    wanted["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{wanted.get('PATH', '')}"
    return wanted


def flask(*arguments: str, wanted: dict[str, str]) -> None:
    """Run a command of the application. If it fails, exit."""
    done = subprocess.run([sys.executable, "-m", "flask", "--app", "wsgi", *arguments], cwd=ROOT, env=wanted)
    if done.returncode:
        raise SystemExit(f"flask {' '.join(arguments)} failed.")


def refuse_taken_port(port: int) -> None:
    """Exit before the long load if another program listens on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise SystemExit(
                f"127.0.0.1:{port} is taken ({error.strerror}). Choose another: make demo PORT=8001"
            ) from None


def answers(url: str) -> bool:
    """Whether the address answers with success."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def announce(wanted: dict[str, str], stopping: threading.Event) -> None:
    """Wait until the web answers, then print the sign-ins and, last, the address."""
    address = f"http://127.0.0.1:{wanted['PORT']}"
    deadline = time.monotonic() + PATIENCE
    stopping.wait(1.0)  # not while the processes are being forked
    while not stopping.wait(0.2):
        if answers(f"{address}/health"):
            subprocess.run(
                [sys.executable, "-m", "flask", "--app", "wsgi", "demo", "accounts"], cwd=ROOT, env=wanted
            )
            print(f"\nReady: {address}  (Ctrl-C stops it)", flush=True)
            return
        if time.monotonic() > deadline:
            print(f"{address}/health did not answer within {PATIENCE:.0f} s: stopping.", flush=True)
            os.kill(os.getpid(), signal.SIGTERM)
            return


def supervise(wanted: dict[str, str]) -> int:
    """Run the Procfile until one process ends or a signal arrives. Returns the exit code."""
    # The worker needs up to six seconds to give back what it has begun, on the broker of files.
    honcho.manager.KILL_WAIT = 15
    manager = Manager()
    for name, command in parse_procfile((ROOT / "Procfile").read_text()).processes.items():
        manager.add_process(name, command, env=wanted, cwd=str(ROOT))
    stopping = threading.Event()
    threading.Thread(target=announce, args=(wanted, stopping), daemon=True).start()
    try:
        manager.loop()
    finally:
        stopping.set()
    code = int(manager.returncode or 0)
    # Ctrl-C and TERM are the normal end; only a process that crashed is a failure.
    return 0 if code in (130, 143) else code or 1


def _interrupted(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def main() -> int:
    """Prepare the database, load the demonstration and serve it."""
    signal.signal(signal.SIGTERM, _interrupted)
    wanted = environment()
    refuse_taken_port(int(wanted["PORT"]))
    Path(wanted["COHORTMGR_DATA"]).mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        flask("db", "upgrade", wanted=wanted)
        flask("demo", "load", wanted=wanted)
        return supervise(wanted)
    except KeyboardInterrupt:
        print("\nStopped.", flush=True)
        return 0


if __name__ == "__main__":
    sys.exit(main())

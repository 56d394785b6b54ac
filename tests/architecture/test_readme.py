"""What the README points at is there, and its commands are the Makefile's."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_link_leads_to_a_file() -> None:
    targets = [target for target in re.findall(r"\]\(([^)]+)\)", README) if "://" not in target]
    assert len(targets) > 8
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_every_command_is_a_target() -> None:
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z]+)", README, re.MULTILINE))
    assert {"demo", "test"} <= named <= known


def test_every_setting_is_a_setting() -> None:
    settings = (ROOT / "cohortmgr" / "base" / "settings.py").read_text(encoding="utf-8")
    named = set(re.findall(r"COHORTMGR_([A-Z_]+)", README))
    assert [name for name in named if f"    {name.lower()}: " not in settings] == []

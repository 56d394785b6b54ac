"""Tests that take most of the time."""

LONG: tuple[str, ...] = ()


def is_long(path: str) -> bool:
    """Whether."""
    return any(f"{path}/".startswith((f"tests/{place}/",)) for place in LONG)

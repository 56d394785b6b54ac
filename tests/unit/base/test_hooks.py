"""Hooks call all who joined, in an order that is said; slots take one answer and no second."""

from __future__ import annotations

import pytest

from cohortmgr.base.hooks import Hook, Slot


def first(number: int) -> str:
    return f"first {number}"


def second(number: int) -> str:
    return f"second {number}"


def third(number: int) -> str:
    return f"third {number}"


def test_a_hook_calls_all_in_the_order_of_their_coming() -> None:
    hook: Hook[[int], str] = Hook()
    assert hook(1) == []
    hook.register(first)
    hook.register(second)
    assert hook(2) == ["first 2", "second 2"]
    assert [act.__name__ for act in hook] == ["first", "second"]


def test_who_registers_twice_is_called_once() -> None:
    hook: Hook[[int], str] = Hook()
    for _ in range(2):
        hook.register(second)
        hook.register(first, before=second)
    assert hook(3) == ["first 3", "second 3"]


@pytest.mark.parametrize("acts", [(first, second, third), (second, third, first), (third, first, second)])
def test_an_order_that_is_said_holds_whoever_comes_first(acts: tuple[object, ...]) -> None:
    hook: Hook[[int], str] = Hook()
    for act in acts:
        if act is first:
            hook.register(first, before=second)
        else:
            hook.register(act)  # type: ignore[arg-type]
    called = hook(0)
    assert called.index("first 0") < called.index("second 0")


def test_a_hook_that_changes_while_it_is_called_calls_those_of_the_beginning() -> None:
    hook: Hook[[int], str] = Hook()

    def joins(number: int) -> str:
        hook.register(first)
        return "joins"

    hook.register(joins)
    assert [act(1) for act in hook] == ["joins"]
    assert hook(1) == ["joins", "first 1"]


def test_a_slot_is_filled_once_and_says_so() -> None:
    slot: Slot[[int], str] = Slot()
    assert not slot
    with pytest.raises(LookupError, match="wiring"):
        slot(1)
    slot.fill(first)
    slot.fill(first)
    assert slot and slot(4) == "first 4"
    with pytest.raises(ValueError, match="answers already"):
        slot.fill(second)

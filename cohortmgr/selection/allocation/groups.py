"""The groups that bounds of offerings name, told once for all offerings that name the same: few families are many's."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from cohortmgr.selection.choosing.rules import Bound

GroupName = frozenset[tuple[str, str]]


class GroupFamily:
    """Different groups over attributes, and which of them count a person of given attributes (asked once a kind of
    person: `kind` is any number that stands for the attributes)."""

    def __init__(self, groups: Sequence[GroupName]) -> None:
        self.groups = tuple(groups)
        self._met: dict[int, tuple[int, ...]] = {}

    def met(self, kind: int, attributes: Mapping[str, str]) -> tuple[int, ...]:
        """The places of the groups that count somebody, those that name least first."""
        known = self._met.get(kind)
        if known is None:
            items = attributes.items()
            known = tuple(place for place, group in enumerate(self.groups) if group <= items)
            self._met[kind] = known
        return known

    def parents(self) -> list[int]:
        """Of nested groups, the place of the smallest that holds each, or -1."""
        found = []
        for place, group in enumerate(self.groups):
            holding = [other for other in range(place) if self.groups[other] < group]
            found.append(max(holding, key=lambda other: len(self.groups[other]), default=-1))
        return found


def family_key(bounds: Sequence[Bound]) -> tuple[GroupName, ...]:
    """The different groups of bounds, those that name least first and otherwise in one order for all offerings."""
    names = {frozenset(bound.where.items()) for bound in bounds}
    return tuple(sorted(names, key=lambda name: (len(name), sorted(name))))


class KindRegister:
    """A number for each different set of those attributes that bounds name."""

    def __init__(self, named: Collection[str]) -> None:
        self._named = sorted(named)
        self._kinds: dict[tuple[str | None, ...], int] = {}

    def kind(self, attributes: Mapping[str, str]) -> int:
        """The number of these attributes."""
        return self._kinds.setdefault(tuple(map(attributes.get, self._named)), len(self._kinds))

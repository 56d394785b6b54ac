"""A hash tree over the lines of all candidates, as RFC 9162 (2.1) makes it.

Whoever knows its root can check one line by a path of a few hashes, and learns nothing of the others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import pairwise

from cohortmgr.selection.verify import leaf_hash, node_hash, root_of


class HashTree:
    """The tree over a list of leaves (bytes). Leaves and nodes are hashed with different first bytes, so that no node
    passes for a leaf; a node without a neighbour rises as it is and is not doubled. With `hashed`, the list is that of
    the hashes of a level, so that the upper part of a large tree stands alone."""

    def __init__(self, leaves: Sequence[bytes], *, hashed: bool = False) -> None:
        levels = [list(leaves) if hashed else [leaf_hash(each) for each in leaves]]
        while len(levels[-1]) > 1:
            below = levels[-1]
            above = [node_hash(*pair) for pair in list(pairwise(below))[::2]]
            levels.append(above + below[-1:] if len(below) % 2 else above)
        self._levels = levels

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return len(self._levels[0])

    @property
    def leaves(self) -> Sequence[bytes]:
        """The hashes of the leaves, in order."""
        return self._levels[0]

    @property
    def root(self) -> bytes:
        """The hash of the whole tree, 32 bytes; of no leaves that of no bytes."""
        return self._levels[-1][0] if self.size else hashlib.sha256().digest()

    def path(self, index: int) -> list[bytes]:
        """Return the hashes that lead from a leaf to the root, the lowest first. Raises IndexError for a place without
        a leaf."""
        if not 0 <= index < self.size:
            raise IndexError(index)
        found = []
        for level in self._levels[:-1]:
            neighbour = index ^ 1
            if neighbour < len(level):
                found.append(level[neighbour])
            index //= 2
        return found


def leads(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether a path leads from a leaf to the root."""
    return root_of(leaf_hash(leaf), index, size, path) == root

"""Which messages a person reads again in the application. Pure."""

from __future__ import annotations

# They bear a link that opens an account or a file: only whoever reads the mailbox may follow it, not whoever sits
# before a browser that was left signed in.
BEAR_A_KEY = frozenset({"claim_file", "new_password", "repair_row"})

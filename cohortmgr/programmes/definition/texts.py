"""A text that people read, in each language of the house. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

# The languages are "fr", "ar", "en". The mark "text" tells it from any other mapping when a definition is read.
Text = Annotated[Mapping[str, str], "text"]

# The mark of a list that may be written as its only value.
ONE_OR_MORE = "one or more"

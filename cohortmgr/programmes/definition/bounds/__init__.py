"""Bounds of a choice: which attributes of files they may name, what is wrong with them, and how they are said. Pure."""

"""Corrections of a sent file that staff ask of its person."""

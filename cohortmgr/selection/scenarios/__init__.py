"""Scenarios: the board on which a commission tries other seats, bounds and weights out, and keeps what it tried.

Pure: `sent` (a form into changes), `trying` (changes into another board), `comparing` (two boards side by side).
Nothing of it changes the sealed rules: a scenario becomes a draft of theirs, which two people seal.
"""

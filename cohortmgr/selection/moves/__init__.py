"""Moves by hand: the jury gives a file a seat or keeps it out, whatever its mark; two people, and a reason.

`effects` tells what a move would change of a ranking.
"""

"""Choosing who gets a seat under bounds, exactly: pure integers in, the choice with its proof and prices out.

Files with the same bounded groups form a type, in which the better goes first, so that only counts are sought.
"""

"""Choosing who gets a seat under bounds, exactly: pure integers in, the choice with its proof and prices out.

Files with the same bounded groups form a type (`grouping`), in which the better goes first, by one exact weight
(`weights`), so that only counts are sought: divisible by `simplex` (`tableau`, `ratios`), whole ones by `branching`.
`proving` checks what comes out, `pricing` (`margins`, `levelling`) says which prices tell each decision, `conflicts`
which bounds contradict each other. `choice` is the door; it loads numpy and scipy, `rules` does not.
"""

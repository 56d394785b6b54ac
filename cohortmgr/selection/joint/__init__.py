"""One choice for all offerings of an intake under sealed rules, on a ranking of all its files: who has a seat of which
(allotted), and why somebody has none, wish by wish (preferred)."""

"""Whether marks may be handed in: not before the rules of a choice are sealed."""

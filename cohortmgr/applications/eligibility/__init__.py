"""Whether a file meets the conditions of its programme."""

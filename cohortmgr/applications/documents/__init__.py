"""The papers of a file: sending them, examining them, and checking figures on them."""

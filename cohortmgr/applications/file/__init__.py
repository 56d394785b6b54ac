"""A person's application file: its tables, its states, and who may see it."""

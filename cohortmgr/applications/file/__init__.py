"""A person's application file: its tables, its states, who may see it, and the words by which it is found."""

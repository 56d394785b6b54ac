"""What selection tells on a person's page: readings with their marks, rank, decision, offer, place on the list."""

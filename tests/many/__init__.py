"""What grows with the files of an intake: 20,000 of them on PostgreSQL, loaded once."""

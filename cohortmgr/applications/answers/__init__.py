"""What an answer to a question of a form is: how it is read, kept, shown and converted."""

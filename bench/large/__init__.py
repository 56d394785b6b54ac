"""What fills an installation with many files, and what is done to all of them."""

"""Finding files: by what says exactly which one is meant, and else by the words of names, numbers and addresses."""

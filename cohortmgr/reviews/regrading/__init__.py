"""What becomes of marks that wait for their readers when the rubric by which they were given changes."""

"""What choosing under bounds takes."""

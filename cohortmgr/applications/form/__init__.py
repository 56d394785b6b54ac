"""The form of a programme as pages and inputs that a browser shows."""

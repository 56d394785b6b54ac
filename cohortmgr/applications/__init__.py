"""The room of applications: how people apply to an intake, and how staff and guardians handle their files."""

"""Reads the lists of applications: which files an address chooses, their pages, and the workbooks that are kept."""

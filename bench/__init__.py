"""Measurements, each beside a floor that is taken in the same run from the same kind of server.

They are never part of the test run.
"""

"""Measurements, each beside a floor taken in the same run from the same kind of server. Never in the test run."""

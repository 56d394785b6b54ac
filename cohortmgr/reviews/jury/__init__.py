"""The jury's page: what harmonised marks come to, by which marks a phase is ranked, which readings would tell more.

`computing` is what the worker works out of the marks of a phase; numpy is loaded there alone.
"""

"""The phases of a rubric, one after the other: what each gave, who goes on, and what all come to.

Algorithms: points (what answers give by rule), marks (what a file's marks in all phases come to) and result_rows (what
a sheet of a test's results says).
"""

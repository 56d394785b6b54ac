"""Further readings: staff give out in one press those that are likeliest to change the choice.

What they would lift of the doubts (`outlook`) is found by the worker and kept; giving them out needs no numpy.
"""

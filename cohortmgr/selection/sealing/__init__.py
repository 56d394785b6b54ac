"""The rules by which an intake chooses, sealed by two people before the first mark: seats, bounds, who enters by right.

`differences` tells what one version changes in another.
"""

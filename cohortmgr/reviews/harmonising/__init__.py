"""What a phase's marks are ranked by, once its commission has said so, and the formula of the harmonised ones.

Below all that marks: `rules` has the mark that a calculator gives; what finds its numbers is `calibration`, and who
asks for them, looks at them and chooses is in `jury`.
"""

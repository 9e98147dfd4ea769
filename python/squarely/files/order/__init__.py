"""Metrics over order statistics of rows that are read again: first a sample of them, then what lies where it says.

A quantile is the first value up to which the weights are a share of all. The first pass, beside its sums, keeps values
of some rows, which say in which stretch of numbers that value lies; the second keeps the values in that stretch alone,
and counts those below. What the sample says is where to look, and no more: a value that lies elsewhere is looked for in
another pass.
"""

"""Metrics over order statistics of rows that are read again: first counted by size, then kept where a rank lies.

A quantile is the value of a rank or two. The first pass, beside its sums, counts values by size, which says in which
stretch of numbers the rank lies; the second keeps the values in that stretch alone, and counts those below. What the
counts of the first pass say is where to look, and no more: a rank that lies elsewhere is looked for in another pass.
"""

"""What pictures of errors are drawn from: counts of all pairs by size, and what can be read off them.

The core counts every pair (`squarely.distribution.counts`); nothing here sees data, so that a picture of 1e10 rows
takes the time of one of 1e4. One file a question: quantiles, histograms, densities, running values, bands, shares.
"""

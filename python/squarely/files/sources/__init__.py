"""From what the caller names to sources: paths, datasets and arrays become sections of rows, read as NumPy columns."""

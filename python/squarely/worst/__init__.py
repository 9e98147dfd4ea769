"""The rows with the largest losses: which they are, and what they do to the scores."""

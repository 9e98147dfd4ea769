"""Scores by group: what the groups are."""

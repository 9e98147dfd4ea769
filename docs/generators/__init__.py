"""What writes the pages that no person writes: each reads the one place that has the facts."""

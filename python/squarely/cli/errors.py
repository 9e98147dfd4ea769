"""What is said of options."""


class UsageError(Exception):
    """An option that makes no sense."""

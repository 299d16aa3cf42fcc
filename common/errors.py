"""The root of the errors that weir raises on purpose."""


class WeirError(Exception):
    """Something a person can act on; its text is one sentence for them, shown without a traceback."""

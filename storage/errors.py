"""Errors that callers of the stores handle differently. Any other error is a `mapping.errors.Problem`."""


class IndexUnavailable(Exception):  # noqa: N818 - a state, named like mapping.errors.Problem
    """The index cannot be reached or used now; the same call may succeed later. The message is for a person."""


class IndexUnusable(Exception):  # noqa: N818 - as above
    """The index is damaged or holds other vectors: it must be rebuilt. The message is for a person."""


class SearchOff(Exception):  # noqa: N818 - as above
    """There is no search: no embedding model is configured."""


class NotSearched(Exception):  # noqa: N818 - as above
    """The event was sent with the option that excludes it from search."""

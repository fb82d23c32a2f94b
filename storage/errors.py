"""What users of the stores tell apart. Whatever else goes wrong is a `mapping.errors.Problem`."""


class IndexUnavailable(Exception):  # noqa: N818 - says what is the case, as mapping.errors.Problem does
    """The index cannot be reached or used now; the same call may work later. The message is for a person."""


class IndexUnusable(Exception):  # noqa: N818 - as above
    """The index is damaged or holds other vectors: another one is needed. The message is for a person."""


class SearchOff(Exception):  # noqa: N818 - as above
    """There is no search: no model was chosen."""


class NotSearched(Exception):  # noqa: N818 - as above
    """The event is not to be searched, as it was sent."""

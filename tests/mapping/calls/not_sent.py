"""What programs do not send, by the fixture's name and the aspect: what was seen instead."""

NOT_SENT: dict[str, dict[str, str]] = {}

"""JSON: decoding with repair, and the events of `/api/v1/events`."""

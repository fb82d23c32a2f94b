"""The text by which an event is searched, and the identifiers that the text leaves out."""

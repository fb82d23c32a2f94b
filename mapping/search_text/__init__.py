"""What an event is searched by: its text, and the identifiers that the text leaves out."""

"""Two runs compared: which step of one is which of the other, and what differs between them."""

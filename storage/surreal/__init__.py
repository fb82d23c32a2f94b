"""SurrealDB: the truth. Embedded or a server, by URL alone."""

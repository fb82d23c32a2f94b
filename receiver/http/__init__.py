"""The HTTP application: routes, bodies in, answers out."""

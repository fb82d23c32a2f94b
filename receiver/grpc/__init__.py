"""OTLP over gRPC: the server, and the connections of its clients."""

import logging
import os

# gRPC writes to stderr by itself: at each start of a child process, that it cannot go on in it (none of ours would),
# and of calls that it refuses. What matters is in our own log.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
# It logs what it cannot decode with a traceback for each call, keys included: of metadata that is not UTF-8, which it
# takes as Latin-1 then.
logging.getLogger("grpc._cython.cygrpc").addFilter(lambda record: not str(record.msg).startswith("Invalid encoding on"))

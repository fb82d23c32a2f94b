"""OTLP over gRPC: the server, and the connections of its clients."""

import logging
import os

# gRPC writes to stderr by itself: at each start of a child process, that it cannot go on in it (none of ours would),
# and of calls that it refuses. What matters is in our own log.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
# With a traceback for each call it logs metadata that is not UTF-8, keys included, which it takes as Latin-1 then, and
# that an answer could not be sent, because the client has gone.
_OF_NO_USE = ("Invalid encoding on", "ExecuteBatchError raised in core by servicer method")
logging.getLogger("grpc._cython.cygrpc").addFilter(lambda record: not str(record.msg).startswith(_OF_NO_USE))

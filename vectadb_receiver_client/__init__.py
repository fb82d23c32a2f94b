"""A client of vectadb-receiver's API: `Client` waits for its answers, those of `AsyncClient` are awaited.

from vectadb_receiver_client import Client

with Client() as client:
    for result in client.search(q="card was refused", status="error")["results"]:
        print(result["score"], result["event"]["trace_id"])
"""

from vectadb_receiver_client.asking import ApiError, AwayError, ClientError, NotReadyError
from vectadb_receiver_client.client import AsyncClient, Client

__all__ = ["ApiError", "AsyncClient", "AwayError", "Client", "ClientError", "NotReadyError"]

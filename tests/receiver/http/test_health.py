import pytest

from receiver.version import VERSION

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_running_process_is_alive_before_its_stores_are_open(start):
    receiver = await start(opened=False)
    assert (await receiver.get("/healthz")).status == 200


async def test_it_is_ready_once_the_store_takes_writes(start):
    receiver = await start(opened=False)
    answer = await receiver.get("/readyz")
    assert answer.status == 503
    assert "being opened" in answer.json()["message"]
    assert 1 <= int(answer.headers["Retry-After"]) <= 5
    await receiver.storage.open()
    assert (await receiver.read("/readyz"))["status"] == "ready"


async def test_the_seeds_clients_are_told_what_the_seed_told_them(fresh):
    assert await fresh.read("/health") == {
        "status": "healthy",
        "version": VERSION,
        "ontology_loaded": False,
        "ontology_namespace": None,
        "ontology_version": None,
    }

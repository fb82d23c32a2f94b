import asyncio
import base64
import gc
import hmac
import json
import os
import signal
import time

import pytest
from surrealdb.errors import ConnectionUnavailableError

from mapping.errors import Code, Problem
from mapping.times import EARLIEST, LATEST
from storage.surreal import cbor, schema
from storage.surreal.database import Database
from storage.surreal.errors import AccessError, ConflictError, OpenError, StatementRefusedError
from storage.surreal.server import Connection
from storage.surreal.timing import timed


def is_unavailable(raised):
    return raised.value.code is Code.UNAVAILABLE and raised.value.retry_after > 0


@pytest.fixture
async def remote(stand_in):
    database = Database(stand_in.url, namespace="n", database="d", user="root", password="secret")
    await database.open()
    yield database
    await database.close()


async def noticed(remote):
    """Wait until it has noticed that the server hung up."""
    async with asyncio.timeout(60):
        while not remote._connection.ended:
            await asyncio.sleep(0.005)


@pytest.mark.parametrize(
    "value",
    [
        2**63 - 1,
        -(2**63),
        float("inf"),
        "nul \0 and \u2028",
        b"\x00\xff",
        {"": 1, "dotted.key": {"nul\0": [None, True, []]}},
        [[[[{}]]]],
    ],
)
async def test_a_value_comes_back_as_it_was_sent(database, value):
    assert await database.query("RETURN $value; RETURN type::of($value)", value=value) == [
        value,
        {int: "int", float: "float", str: "string", bytes: "bytes", dict: "object", list: "array"}[type(value)],
    ]


@pytest.mark.parametrize("moment", [0, -1, EARLIEST, EARLIEST + 1, LATEST])
async def test_a_moment_is_a_datetime_there_and_nanoseconds_here(database, moment):
    query = "RETURN [$moment, type::of($moment), NONE, $id, record::id($id)]"
    (answer,) = await database.query(query, moment=cbor.datetime(moment), id=cbor.record("agent_event", "an id"))
    assert answer == [moment, "datetime", None, "an id", "an id"]


async def test_queries_at_once_each_get_their_own_answer(database):
    answers = await asyncio.gather(*[database.query("RETURN $n", n=number) for number in range(50)])
    assert answers == [[number] for number in range(50)]


async def test_a_row_against_the_schema_is_refused_in_the_databases_words(database):
    with pytest.raises(StatementRefusedError, match="Expected `int` but found `'x'`"):
        await database.query("CREATE index_queue SET event_ids = [], size = 'x'")


async def test_a_transaction_that_is_refused_leaves_nothing_behind(database):
    with pytest.raises(StatementRefusedError, match="Expected `int`"):
        await database.query(
            "BEGIN; CREATE index_queue:a SET event_ids = [], size = 1; CREATE index_queue:b SET event_ids = [], "
            "size = 'x'; COMMIT;"
        )
    assert await database.query("SELECT * FROM index_queue") == [[]]


@pytest.mark.parametrize(
    "statements",
    [
        "BEGIN; CREATE index_queue:a SET event_ids = [], size = 1; THROW 'a trace has changed'; COMMIT;",
        (
            "BEGIN; INSERT INTO index_queue { id: 'a', event_ids: [], size: 1 };"
            "INSERT INTO index_queue { id: 'a', event_ids: [], size: 2 }; COMMIT;"
        ),
    ],
)
async def test_what_somebody_else_has_changed_is_a_conflict(database, statements):
    with pytest.raises(ConflictError):
        await database.query(statements)
    assert await database.query("SELECT * FROM index_queue") == [[]]


async def test_two_transactions_that_change_one_record_conflict(database):
    await database.query("CREATE index_queue:a SET event_ids = [], size = 0")
    add = "BEGIN; UPDATE index_queue:a SET size += 1; SLEEP 20ms; COMMIT;"
    outcomes = await asyncio.gather(*[database.query(add) for _ in range(4)], return_exceptions=True)
    failed = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert all(isinstance(failure, ConflictError) for failure in failed)
    assert await database.query("SELECT VALUE size FROM index_queue") == [[4 - len(failed)]]


@pytest.mark.parametrize("value", ["\ud800", 2**64, {"deep": "\udfff"}])
async def test_what_cannot_be_sent_is_refused_and_the_next_query_works(database, value):
    with pytest.raises(StatementRefusedError):
        await database.query("RETURN $value", value=value)
    assert await database.query("RETURN 1") == [1]


async def test_a_closed_database_stays_closed(database):
    await database.close()
    with pytest.raises(Problem, match="closed") as raised:
        await database.query("RETURN 1")
    assert is_unavailable(raised)


async def test_a_wrong_password_is_an_error(stand_in):
    database = Database(stand_in.url, namespace="n", database="d", user="root", password="wrong")
    with pytest.raises(AccessError, match=r"problem with authentication"):
        await database.open()


KEY = "a key of the administrator"
USERS = {
    "editor": {"user": "editor", "password": "writes"},
    "viewer": {"user": "viewer", "password": "reads"},
}


@pytest.fixture(scope="module")
def with_users(tmp_path_factory):
    """An engine's folder with an editor and a viewer of each level, and an access for tokens."""
    url = f"surrealkv://{tmp_path_factory.mktemp('users')}/surreal"

    async def define():
        database = Database(url, namespace="n", database="d")
        for level in ("ROOT", "NAMESPACE", "DATABASE"):
            await database.query(f"DEFINE USER editor ON {level} PASSWORD 'writes' ROLES EDITOR")
            await database.query(f"DEFINE USER viewer ON {level} PASSWORD 'reads' ROLES VIEWER")
        await database.query(f"DEFINE ACCESS receivers ON DATABASE TYPE JWT ALGORITHM HS512 KEY '{KEY}'")
        await database.close()

    asyncio.run(define())
    return url


def token(*roles):
    claims = {"exp": int(time.time()) + 600, "NS": "n", "DB": "d", "AC": "receivers", "RL": roles}
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()) for part in ({"alg": "HS512", "typ": "JWT"}, claims)]
    signed = b".".join(part.rstrip(b"=") for part in parts)
    signature = base64.urlsafe_b64encode(hmac.digest(KEY.encode(), signed, "sha512"))
    return (signed + b"." + signature.rstrip(b"=")).decode()


@pytest.mark.parametrize("level", ["root", "namespace", "database"])
async def test_an_editor_of_any_level_may_apply_the_schema_and_a_viewer_is_refused(with_users, level):
    for user, refused in (("editor", None), ("viewer", "Not enough permissions")):
        database = Database(
            with_users, namespace="n", database="d", **USERS[user], auth_level=level, prepare=schema.apply
        )
        if refused:
            with pytest.raises(Problem, match=refused) as raised:
                await database.open()
            assert is_unavailable(raised)
        else:
            await database.open()
            assert await database.query("CREATE index_queue SET event_ids = [], size = 0 RETURN VALUE size") == [[0]]
        await database.close()


@pytest.mark.parametrize(
    ("given", "error"),
    [("Editor", None), ("Owner", None), ("Viewer", Problem), (None, Problem), ("wrong", AccessError)],
)
async def test_a_token_signs_in_and_may_do_what_its_roles_may(with_users, given, error):
    given = "not.a.token" if given == "wrong" else token(*([given] if given else []))
    database = Database(with_users, namespace="n", database="d", token=given, prepare=schema.apply)
    if error:
        with pytest.raises(error):
            await database.open()
    else:
        await database.open()
        assert await database.query("CREATE index_queue SET event_ids = [], size = 0 RETURN VALUE size") == [[0]]
    await database.close()


async def test_a_server_that_is_away_may_come_back(stand_in):
    await stand_in.stop_listening()
    database = Database(stand_in.url, namespace="n", database="d", user="root", password="secret")
    with pytest.raises(Problem, match=stand_in.url) as raised:
        await database.open()
    assert is_unavailable(raised)
    await stand_in.listen(stand_in.port)
    assert await database.query("RETURN 1") == [1]
    await database.close()


async def test_a_query_under_way_when_the_server_hangs_up_is_unavailable_and_the_next_works(stand_in, remote):
    stand_in.answering.clear()
    queries = [asyncio.create_task(remote.query("RETURN 1")) for _ in range(3)]
    while stand_in.sent.count("query") < 3:
        await asyncio.sleep(0.01)
    stand_in.hang_up()
    for query in queries:
        with pytest.raises(Problem) as raised:
            await query
        assert is_unavailable(raised)
    stand_in.answering.set()
    assert await remote.query("RETURN 2") == [2]


async def test_after_the_server_hung_up_on_an_idle_connection_it_is_signed_in_to_again(stand_in, remote):
    await remote.query("CREATE kept:one")
    stand_in.hang_up()
    await noticed(remote)
    assert await asyncio.gather(*[remote.query("SELECT VALUE id FROM kept") for _ in range(5)]) == [[["one"]]] * 5
    assert stand_in.sent.count("signin") == 2


async def test_a_server_that_refuses_the_session_later_loses_no_event_for_it(stand_in, remote, monkeypatch):
    """A changed password, an expired session: nobody's data is at fault, and a client must send it again."""
    monkeypatch.setattr(stand_in, "PASSWORD", "another")
    stand_in.hang_up()
    await noticed(remote)
    with pytest.raises(Problem, match="authentication") as raised:
        await remote.query("RETURN 1")
    assert is_unavailable(raised)
    monkeypatch.undo()
    assert await remote.query("RETURN 1") == [1]


async def test_a_session_that_is_no_longer_allowed_is_signed_in_again(stand_in, remote, monkeypatch):
    monkeypatch.setattr(stand_in, "own_answer", lambda request, _: stand_in.refusal(request, "The session has expired"))
    with pytest.raises(Problem, match="session has expired") as raised:
        await remote.query("RETURN 1")
    assert is_unavailable(raised)
    monkeypatch.undo()
    assert await remote.query("RETURN 1") == [1]


async def test_the_folder_of_another_is_not_opened(tmp_path, folder_with_schema):
    first, second = (
        Database(
            f"surrealkv://{tmp_path}/surreal",
            namespace="vectadb",
            database="vectadb",
            patience=0.3,
        )
        for _ in range(2)
    )
    await first.open()
    with pytest.raises(OpenError, match="in use by another process"):
        await second.open()
    assert await first.query("RETURN 1") == [1]
    await first.close()
    assert await second.query("RETURN 2") == [2]
    await second.close()


async def test_the_engine_of_a_receiver_that_was_killed_is_waited_for(tmp_path):
    first, second = (Database(f"surrealkv://{tmp_path}/surreal", namespace="n", database="d") for _ in range(2))
    await first.open()
    opening = asyncio.create_task(second.open())
    await asyncio.sleep(0.5)
    assert not opening.done()
    await first.close()
    await opening
    assert await second.query("RETURN 2") == [2]
    await second.close()


async def test_an_engine_that_was_killed_is_started_again_with_what_it_had_acknowledged(tmp_path):
    database = Database(f"surrealkv://{tmp_path}/surreal", namespace="n", database="d")
    await database.query("CREATE kept:one")
    asking = asyncio.create_task(database.query("SLEEP 10s"))
    await asyncio.sleep(0.2)
    os.kill(database._connection.pid, signal.SIGKILL)
    with pytest.raises(Problem, match="has ended") as raised:
        await asking
    assert is_unavailable(raised)
    assert await database.query("SELECT VALUE id FROM kept") == [["one"]]
    await database.close()


async def test_a_read_overtakes_the_writes_that_wait(tmp_path):
    database = Database(f"surrealkv://{tmp_path}/surreal", namespace="n", database="d")
    await database.query("RETURN 0")  # from now on it is open
    order = []

    async def ask(name, query):
        await database.query(query)
        order.append(name)

    # The first lasts until the read is asked for, on a busy machine, too.
    writes = [f"BEGIN; CREATE kept; SLEEP {milliseconds}ms; COMMIT;" for milliseconds in (1000, 50, 50, 50)]
    asked = [asyncio.create_task(ask(f"write {number}", write)) for number, write in enumerate(writes)]
    await asyncio.sleep(0.02)
    asked.append(asyncio.create_task(ask("read", "RETURN 1")))
    await asyncio.gather(*asked)
    await database.close()
    assert order.index("read") == 1


async def test_a_folder_that_cannot_be_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OpenError, match="cannot open"):
        await Database(f"surrealkv://{tmp_path}/file/surreal", namespace="n", database="d").open()


@pytest.fixture
def opened_by_two(tmp_path):
    return [Database(f"surrealkv://{tmp_path}/surreal", namespace="n", database="d") for _ in range(2)]


async def test_one_who_is_cancelled_while_it_opens_leaves_no_engine_behind(opened_by_two):
    for database in opened_by_two * 3:
        opening = asyncio.create_task(database.open())
        await asyncio.sleep(0)
        opening.cancel()
        await asyncio.wait([opening])
        assert await database.query("RETURN 1") == [1]
        await database.close()


async def test_one_that_is_closed_while_it_opens_is_closed(opened_by_two):
    for database in opened_by_two * 3:
        opening = asyncio.create_task(database.open())
        await asyncio.sleep(0)
        await database.close()
        await asyncio.wait([opening])
        assert isinstance(opening.exception(), Problem | None)
        with pytest.raises(Problem, match="closed"):
            await database.query("RETURN 1")


async def test_an_answer_that_nobody_waits_for_is_not_complained_of_when_the_server_hangs_up():
    loop = asyncio.get_running_loop()
    complaints = []
    loop.set_exception_handler(lambda _, context: complaints.append(context["message"]))
    connection = Connection("ws://127.0.0.1:1")
    connection.qry["1"] = loop.create_future()
    connection._fail_pending(ConnectionUnavailableError("hung up"))
    gc.collect()
    await asyncio.sleep(0)
    assert complaints == []


async def test_what_each_statement_took_the_database_can_be_asked_for(database):
    with timed() as seconds:
        await database.query("SLEEP 300ms; RETURN 1")
    await database.query("SLEEP 1ms")
    assert len(seconds) == 2
    assert seconds[0] >= 0.3
    assert 0 < seconds[1] < 0.3

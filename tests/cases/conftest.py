"""One receiver for each order in which clients may send; all cases are sent to it before the first is looked at."""

import pytest

from tests.cases import right, sending
from tests.cases.program import Told, serving


@pytest.fixture(scope="session", params=sending.ORDERS)
def order(request):
    return request.param


@pytest.fixture(scope="session")
def program(order, tmp_path_factory, static_data_dir):
    with serving(tmp_path_factory.mktemp("cases"), static_data_dir / "models") as program:
        yield program


@pytest.fixture(scope="session")
def told(program, order):
    """Send all cases in an order. What the receiver then tells, by the case's name."""
    told = {name: send(program, name, case, order) for name, case in right.CASES.items()}
    program.catches_up()
    return told


def send(program, name, case, order, again=""):
    """Send a case; `again`, with other ids, for a test that changes what is stored."""
    text = case.text or sending.written(*(case.files or [name]))
    ids = sending.FreshIds(name + again, text, case.sessions)
    parts = [part for part in sending.parts_of(text) if part[0] in case.keys]
    in_order = sending.requests(sending.ORDERS[order](parts))
    answers = [program.post(request._replace(body=ids.of(request.body.decode()).encode())) for request in in_order]
    return Told(program, ids, sending.trace_ids(parts), answers)

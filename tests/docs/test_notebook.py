"""The notebook among the examples answers its questions about the demo's runs."""

import ast
import json
import time
from pathlib import Path

from receiver.cli import demo_telemetry
from tests.receiver.conftest import serve  # noqa: F401 - a fixture

NOTEBOOK = Path(__file__).parents[2] / "examples" / "questions.ipynb"


def test_it_runs_from_the_first_cell_to_the_last(serve, monkeypatch, capsys):  # noqa: F811 - the fixture
    receiver = serve().started()
    demo_telemetry.send(receiver.url, {})
    ends = time.monotonic() + 60
    while receiver.get("/api/v1/stats")["interpretation_pending"]:
        assert time.monotonic() < ends
        time.sleep(0.05)
    monkeypatch.setenv("VECTADB_URL", receiver.url)
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    names, shown = {}, []
    for cell in cells:
        if cell["cell_type"] == "code":
            *statements, last = ast.parse("".join(cell["source"])).body
            exec(compile(ast.Module(statements, []), NOTEBOOK, "exec"), names)  # noqa: S102 - it is ours
            if isinstance(last, ast.Expr):  # what a notebook shows of a cell
                shown.append(eval(compile(ast.Expression(last.value), NOTEBOOK, "eval"), names))  # noqa: S307
            else:
                exec(compile(ast.Module([last], []), NOTEBOOK, "exec"), names)  # noqa: S102
    count, failing, costs, spent, _ = shown
    assert count == len(receiver.get("/api/v1/calls?limit=200")["calls"])
    rows = {row["name"]: row for row in receiver.get("/api/v1/breakdown?by=tool")["rows"]}
    told = {name: (row.calls, round(row.calls * row.failed)) for name, row in failing.iterrows()}
    assert told == {name: (row["count"], row["failed"]) for name, row in rows.items()}
    assert failing.failed.iloc[0] > 0
    assert failing.error.iloc[0]
    assert costs.dollars.sum() > 0
    assert spent.to_numpy().sum() > 0
    assert "user:" in capsys.readouterr().out

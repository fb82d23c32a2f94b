"""receiver -> storage -> mapping: the contract stands in pyproject.toml, import-linter checks it."""

from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports


def test_imports_point_one_way(capsys):
    assert lint_imports(no_cache=True, is_debug_mode=False, show_timings=False) == EXIT_STATUS_SUCCESS, (
        capsys.readouterr().out
    )

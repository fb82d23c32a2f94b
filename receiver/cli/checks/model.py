"""Check of the embedding model: it exists, and its files are the published ones."""

from __future__ import annotations

import os

from receiver.cli.checks.finding import Finding, Setup

_OFF = "off"
_OTHER = "set embedding.model to static, minilm, a model that fastembed knows, a model folder, or off"


def model(setup: Setup) -> Finding:
    name = setup.settings.embedding.model
    if name == _OFF:
        return Finding("ok", "off: events are stored and not searched")
    from storage.embedding import minilm, static  # noqa: PLC0415 - only doctor needs them

    folders = {"static": static.FOLDER, "minilm": minilm.FOLDER}
    return _packaged(setup, name, folders[name]) if name in folders else _other(name)


def _packaged(setup: Setup, name: str, folder: str) -> Finding:
    """Check the packaged weights, and the folder that was built from them."""
    from storage.embedding import minilm, static  # noqa: PLC0415 - as above

    built = setup.settings.storage.data_dir / "models" / folder
    try:
        minilm.installed_files()
        static.packed()
    except OSError as error:
        if built.is_dir():
            return Finding(
                "warn", f"{name} is prepared in {built}, but what was installed is not as it should be: {error}"
            )
        return Finding("problem", f"{name}: {error}")
    if built.is_dir():
        if not os.access(built / "tokenizer.json", os.R_OK):
            return Finding("problem", f"{built} cannot be read", f"delete {built}: the next start builds it again")
        return Finding("ok", f"{name}: package and checksums are right, and it is prepared")
    return Finding("ok", f"{name}: package and checksums are right; the first start prepares it, in a few seconds")


def _other(name: str) -> Finding:
    from storage.embedding.model import dimensions_of  # noqa: PLC0415 - as above

    try:
        dimensions = dimensions_of(name)
    except (ValueError, OSError) as error:
        return Finding("problem", f"embedding.model: {error}", _OTHER)
    return Finding("ok", f"{name} is known" + (f", {dimensions} dimensions" if dimensions else ""))

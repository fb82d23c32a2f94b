"""`retention.projects`: projects whose traces are kept for another time than those of the others."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import msgspec

from receiver.settings.keys import PROJECT_LENGTH
from receiver.settings.kinds import SettingKind
from receiver.settings.objects import converted, each_once, numbers_as_text, objects


class ProjectRetention(NamedTuple):
    """A project's traces are deleted so many days after their last activity; 0: never."""

    name: str
    days: float


class _Row(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=PROJECT_LENGTH)]
    days: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,9}(\.[0-9]{1,9})?$")]


def _retentions(value: Any) -> tuple[ProjectRetention, ...]:
    projects = objects(value, "project", _retention)
    each_once("name", ((project.name, project.name) for project in projects))
    return projects


def _retention(value: Any, where: str) -> ProjectRetention:
    row = converted(numbers_as_text(value), _Row, where)
    return ProjectRetention(row.name, float(row.days))


PROJECT_RETENTIONS: SettingKind[tuple[ProjectRetention, ...]] = SettingKind(
    "projects",
    "a list of {name, days}",
    _retentions,
    lambda projects: ",".join(f"{project.name} {project.days:g}" for project in projects),
)

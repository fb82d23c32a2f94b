"""Which project an event belongs to: what its resource says, or the only one that its sender may write to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from mapping.semantics.attribute_roles import text_id

# OpenTelemetry's word for a group of services, and Phoenix's for a project.
PROJECT_ATTRIBUTES = ("service.namespace", "openinference.project.name")


class ProjectRule(NamedTuple):
    """The attributes of a resource that name its project, of which the first counts that it has.

    `of_key` is the project of the sender's key, which counts whatever the resource says; None where the key has none.
    """

    attributes: tuple[str, ...] = PROJECT_ATTRIBUTES
    of_key: str | None = None

    def project_of(self, resource: Mapping[str, Any] | None, given: str | None = None) -> str | None:
        """Return the project of what has this resource; `given` is what the sender says beside it."""
        if self.of_key is not None or not resource:
            return self.of_key or given or None
        named = (text_id(resource[key]) for key in self.attributes if key in resource)
        return given or next(filter(None, named), None)


DEFAULT_PROJECT_RULE = ProjectRule()

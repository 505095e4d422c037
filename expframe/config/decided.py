"""What was decided: Change, Config."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from expframe.config import equality, json_values
from expframe.config.frozen import FrozenDict, freeze
from expframe.config.request import Origin
from expframe.config.secrets import mask

if TYPE_CHECKING:
    pass


class Change(NamedTuple):
    """
    How a value differs from its default.

    Attributes:
        kind: `added`, `modified` or `typechanged`.
        default: The value it would have had; MISSING for an added one.
        where: Where the default stands.
    """

    kind: str
    default: Any
    where: str


class Config(Mapping[str, Any]):
    """
    The decided values, read-only: what functions read is what is stored.

    Attributes:
        values: All entries; an ingredient's are below its path.
        origins: For each leaf, by dotted path, who set it.
        docs: The comments of entries, by dotted path.
        changes: How values differ from their defaults, by dotted path.
        warnings: What was taken but looks like a mistake.
    """

    __slots__ = ("changes", "docs", "origins", "values", "warnings")

    values: FrozenDict  # type: ignore[assignment]
    origins: Mapping[str, Origin]
    docs: Mapping[str, str]
    changes: Mapping[str, Change]
    warnings: tuple[str, ...]

    def __init__(
        self,
        tree: Mapping[Any, Any],
        origins: Mapping[str, Origin] | None = None,
        docs: Mapping[str, str] | None = None,
        changes: Mapping[str, Change] | None = None,
        warnings: tuple[str, ...] = (),
    ) -> None:
        for name, value in (
            ("values", freeze(dict(tree))),
            ("origins", origins or {}),
            ("docs", docs or {}),
            ("changes", changes or {}),
            ("warnings", warnings),
        ):
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"Config is read-only ({name!r})")

    def __getitem__(self, key: str) -> Any:
        return self.values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values)

    def __len__(self) -> int:
        return len(self.values)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Config):
            return equality.same(self.values, other.values)
        return equality.same(self.values, freeze(other)) if isinstance(other, dict) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Config({mask(dict(self.values))!r})"

    def __reduce__(self) -> Any:
        return Config, (dict(self.values), self.origins, self.docs, self.changes, self.warnings)

    @property
    def seed(self) -> Any:
        """The seed of all randomness of the run."""
        return self.values["seed"]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data: values, origins, docs. Secrets are masked."""
        return {
            json_values.STORED: 1,
            "values": json_values.to_json(self.values),
            "origins": {path: origin.to_json() for path, origin in self.origins.items()},
            "docs": dict(self.docs),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any], *, trust: bool = False) -> Config:
        """Return the Config that `to_json` wrote; masked values come back as `json_values.MASKED`."""
        origins = {path: Origin(*origin) for path, origin in data.get("origins", {}).items()}
        return cls(json_values.from_json(data["values"], trust=trust), origins, data.get("docs", {}))

"""What can go wrong, as one tree.

    GanCoreError
    ├── ConfigError       a setting, preset, plan or device is not one we can train with
    ├── DataError         a data set is missing, unreadable or too small
    ├── CheckpointError   a run folder or a file in it is missing or damaged
    ├── RunError          a run is not in a state that allows what was asked of it
    └── MissingExtraError an export needs a package that is not installed

Each message is one sentence fit to be shown as it stands: what, expected, found, valid choices. A run that diverges
is a result, not an error; it has a state of its own (:class:`gancore.status.RunState`).
"""

from gancore.i18n import _, reason_of


class GanCoreError(Exception):
    """Root of everything this package raises on purpose."""

    @property
    def sentence(self) -> str:
        """The message with its full stop, as :func:`gancore.i18n.again` can translate it."""
        reason = reason_of(self)
        return reason if reason.endswith((".", "。")) else _("{reason}.", reason=reason)


class ConfigError(GanCoreError):
    """A setting, preset, plan or device is not valid."""

    def __init__(self, message: str, fields: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = fields or {}
        """Field name -> what is wrong with it, where the error belongs to fields of a form."""


class DataError(GanCoreError):
    """A data set is missing, unreadable or too small."""


class CheckpointError(GanCoreError):
    """A run folder or a file in it is missing or damaged."""


class RunError(GanCoreError):
    """A run is not in a state that allows what was asked of it."""


class MissingExtraError(GanCoreError):
    """An export needs a package that is not installed."""

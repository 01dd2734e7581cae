"""A device profile: what the virtual clock takes a node's work to cost."""

from pathlib import Path

import msgspec

from edge.errors import UserError


class Profile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """How fast a device is. `workers`: nodes that run at once. `cost_ms`: per call, by the
    node's name in YAML (`uses`); a node that isn't named costs nothing."""

    name: str
    workers: int = 1
    cost_ms: dict[str, float] = {}

    @classmethod
    def load(cls, path: str | Path) -> "Profile":
        """Read a YAML file. Raises UserError where there is none or it says something unknown."""
        try:
            return msgspec.yaml.decode(Path(path).read_bytes(), type=cls)
        except OSError as error:
            raise UserError(f"can't read the device profile {path}: {error.strerror}") from None
        except msgspec.DecodeError as error:
            raise UserError(f"{path}: {error}") from None

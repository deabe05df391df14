"""What a training is told: settings with types and ranges, read from YAML and the command line.

The schema, which takes 0.1 s to import, is loaded when a configuration is read and not before: `sentiment --help` and
`sentiment configs` need none.
"""

from typing import TYPE_CHECKING, Any

from sentiment_cli.config.load import (
    change_config,
    config_difference,
    config_values,
    find_config,
    load_config,
    parse_config,
    write_config,
)
from sentiment_cli.config.overrides import Override, parse_set

if TYPE_CHECKING:
    from sentiment_cli.config.schema import Config

__all__ = [
    "Config",
    "Override",
    "change_config",
    "config_difference",
    "config_values",
    "find_config",
    "load_config",
    "parse_config",
    "parse_set",
    "write_config",
]


def __getattr__(name: str) -> Any:
    """``Config``, when it is first asked for."""
    if name != "Config":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from sentiment_cli.config.schema import Config

    return Config

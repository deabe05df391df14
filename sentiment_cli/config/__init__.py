"""What a training is told: settings with types and ranges, read from YAML and the command line."""

from sentiment_cli.config.load import (
    config_difference,
    config_values,
    find_config,
    load_config,
    parse_config,
    write_config,
)
from sentiment_cli.config.overrides import Override, parse_set
from sentiment_cli.config.schema import Config

__all__ = [
    "Config",
    "Override",
    "config_difference",
    "config_values",
    "find_config",
    "load_config",
    "parse_config",
    "parse_set",
    "write_config",
]

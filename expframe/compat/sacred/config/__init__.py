"""Sacred's config process: scopes, dicts and files to a config."""

from expframe.compat.sacred.config.captured_function import create_captured_function
from expframe.compat.sacred.config.config_dict import ConfigDict
from expframe.compat.sacred.config.config_files import load_config_file, save_config_file
from expframe.compat.sacred.config.config_scope import ConfigScope
from expframe.compat.sacred.config.utils import chain_evaluate_config_scopes, dogmatize, undogmatize

__all__ = [
    "ConfigDict",
    "ConfigScope",
    "chain_evaluate_config_scopes",
    "create_captured_function",
    "dogmatize",
    "load_config_file",
    "save_config_file",
    "undogmatize",
]

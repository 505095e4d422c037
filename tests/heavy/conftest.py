"""
Tests with libraries of a gigabyte: the extra `test-heavy`.

A file is collected where its library is installed. With HEAVY=1, as `.ci/run` sets it, all are, and fail without it.
"""

import os
from importlib.util import find_spec

NEEDS = {
    "test_logging.py": ("torch", "jax"),
    "test_savers_torch.py": ("torch",),
    "test_savers_keras.py": ("keras", "torch"),
    "test_savers_jax.py": ("jax",),
}

collect_ignore = [
    name for name, libraries in NEEDS.items() if not os.environ.get("HEAVY") and not all(map(find_spec, libraries))
]

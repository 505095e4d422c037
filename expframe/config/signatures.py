"""What functions and classes say of parameters and fields; a name that is not there, or not yet, is no fault."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import Any

if sys.version_info >= (3, 14):  # where annotations are evaluated when they are asked for
    from typing import get_args

    from annotationlib import Format, ForwardRef, get_annotations

    def signature_of(function: Callable[..., Any]) -> inspect.Signature:
        """
        Return the signature of a function.

        Raises:
            ValueError: It has none, as some functions written in C.
        """
        return inspect.signature(function, annotation_format=Format.FORWARDREF)

    def annotations_of(owner: Any) -> dict[str, Any]:
        """Return what a function or a class itself says of names; as text where that cannot be evaluated."""
        try:
            return get_annotations(owner)
        except NameError:
            texts = get_annotations(owner, format=Format.STRING)
            found = get_annotations(owner, format=Format.FORWARDREF)
            return {name: texts[name] if _is_open(said) else said for name, said in found.items()}

    def _is_open(annotation: Any) -> bool:
        return isinstance(annotation, ForwardRef) or any(map(_is_open, get_args(annotation)))

else:

    def signature_of(function: Callable[..., Any]) -> inspect.Signature:
        """
        Return the signature of a function.

        Raises:
            ValueError: It has none, as some functions written in C.
        """
        return inspect.signature(function)

    def annotations_of(owner: Any) -> dict[str, Any]:
        """Return what a function or a class itself says of names, text where it is written as such."""
        return inspect.get_annotations(owner)

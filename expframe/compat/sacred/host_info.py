"""The machine, in Sacred's words; looked at by expframe's own means."""

from __future__ import annotations

import os
import platform
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from expframe.compat.sacred.settings import SETTINGS
from expframe.facts import host

_NVIDIA_SECONDS = 10.0
host_info_gatherers: dict[str, Callable[[], Any]] = {}
"""What `host_info_getter` added: names and functions that all runs of the process ask."""


class IgnoreHostInfo(Exception):
    """Raise it in a gatherer to leave its entry out."""


class HostInfoGetter:
    """
    One entry of the facts of the machine.

    Args:
        getter_function: Returns the fact.
        name: What the entry is called.
    """

    def __init__(self, getter_function: Callable[[], Any], name: str) -> None:
        self.getter_function = getter_function
        self.name = name

    def get_info(self) -> Any:
        """Return the fact."""
        return self.getter_function()

    __call__ = get_info


def host_info_gatherer(name: str) -> Callable[[Callable[[], Any]], HostInfoGetter]:
    """Return a decorator that makes a function an entry, to be used in `Experiment(additional_host_info=[...])`."""
    return lambda function: HostInfoGetter(function, name)


def host_info_getter(func: Any = None, name: str | None = None) -> Any:
    """Add an entry for all runs of the process; `host_info_gatherer` does it for one experiment."""
    text = "The host_info_getter is deprecated. Please use the `additional_host_info` argument of Experiment."
    warnings.warn(text, DeprecationWarning, stacklevel=1)  # for tests, as Sacred: no lines more from a script

    def decorate(function: Callable[[], Any]) -> Callable[[], Any]:
        host_info_gatherers[name or function.__name__] = function
        return function

    return decorate if func is None else decorate(func)


def check_additional_host_info(additional_host_info: Sequence[HostInfoGetter]) -> None:
    """
    Check that entries have names of their own.

    Raises:
        KeyError: One has the name of an entry that is always there.
    """
    for getter in additional_host_info:
        if getter.name in _GETTERS:
            raise KeyError(
                f"Key {getter.name} used in `additional_host_info` already exists as a default gatherer function. "
                f"Do not use the following keys: {list(_GETTERS)}"
            )


def get_host_info(additional_host_info: Sequence[HostInfoGetter] | None = None) -> dict[str, Any]:
    """
    Return the facts of this machine.

    Args:
        additional_host_info: Entries of the experiment.
    """
    getters: dict[str, Callable[[], Any]] = dict(host_info_gatherers)
    getters.update({getter.name: getter for getter in additional_host_info or ()})
    info = {}
    for name, getter in (getters | _GETTERS).items():
        with suppress(IgnoreHostInfo):
            info[name] = getter()
    return info


def _environment() -> dict[str, str]:
    return {name: os.environ[name] for name in SETTINGS.HOST_INFO.CAPTURED_ENV if name in os.environ}


def _gpus() -> dict[str, Any] | None:
    """Return what nvidia-smi tells; a card in MIG mode tells of its memory in parts."""
    if not SETTINGS.HOST_INFO.INCLUDE_GPU_INFO:
        return None
    from xml.etree import ElementTree

    try:
        answer = host.ask(["nvidia-smi", "-q", "-x"], timeout=_NVIDIA_SECONDS)
        if answer.code != 0:
            raise IgnoreHostInfo
        root = ElementTree.fromstring(answer.data)
        gpus = []
        for gpu in root.iter("gpu"):
            parts = gpu.findall("mig_devices/mig_device/fb_memory_usage/total") or gpu.findall("fb_memory_usage/total")
            gpus.append(
                {
                    "model": gpu.findtext("product_name"),
                    "total_memory": sum(int((part.text or "0").split()[0]) for part in parts),
                    "persistence_mode": gpu.findtext("persistence_mode") == "Enabled",
                }
            )
    except (OSError, ElementTree.ParseError, AttributeError, ValueError):
        raise IgnoreHostInfo from None
    return {"gpus": gpus, "driver_version": root.findtext("driver_version")}


_GETTERS: dict[str, Callable[[], Any]] = {
    "hostname": platform.node,
    "os": lambda: [platform.system(), platform.platform()],
    "python_version": platform.python_version,
    "cpu": lambda: host.cpu_model() if SETTINGS.HOST_INFO.INCLUDE_CPU_INFO else None,
    "gpus": _gpus,
    "ENV": _environment,
}

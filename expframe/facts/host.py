"""The machine and the Python that a run happens on."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from expframe.config.dotted import whole_number

if TYPE_CHECKING:
    import subprocess

_CPU_INFO = Path("/proc/cpuinfo")
_DEVICE_TREE_MODEL = Path("/proc/device-tree/model")
_MEMORY_INFO = Path("/proc/meminfo")
_NVIDIA_DRIVER = Path("/proc/driver/nvidia")
_NVIDIA_DEVICES = (Path("/dev/nvidia0"), Path("/dev/dxg"))  # the second is a GPU seen from WSL
_NVIDIA_SECONDS = 10.0


class ProgramOutput(NamedTuple):
    """What another program wrote; `code` is None if it was stopped before its end."""

    data: bytes
    code: int | None


def gather(environment: Sequence[str] = ()) -> dict[str, Any]:
    """
    Return what is known of this machine; what cannot be found out is None.

    Args:
        environment: Names of environment variables to keep, or patterns such as `SLURM_*`.
    """
    return {
        "hostname": _attempt(_read_hostname),
        "os": _attempt(_describe_system),
        "python": {
            "version": sys.version.split()[0],
            "implementation": sys.implementation.name,
            "executable": sys.executable or None,
        },
        "cpu": _attempt(_describe_cpu),
        "memory": _attempt(_measure_memory),
        "gpus": _attempt(_list_gpus) or [],
        "environment": _attempt(lambda: _pick_environment(environment)) or {},
    }


def ask(
    command: Sequence[str],
    *,
    timeout: float,
    environment: Mapping[str, str] | None = None,
    limit: int = 1 << 24,
    errors: bool = False,
) -> ProgramOutput:
    """
    Run another program, read what it writes, and stop it when it takes too long or writes too much.

    It gets no input, no terminal and no Ctrl-C. Even a program that cannot be killed holds the caller no longer.

    Args:
        command: The program and its arguments.
        timeout: Seconds.
        environment: The whole environment of the program; None passes this process's on.
        limit: Bytes to read at most.
        errors: Whether what it writes to standard error is read too.

    Raises:
        OSError: The program cannot be started.
    """
    import subprocess
    import threading
    import time

    deadline = time.monotonic() + timeout
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if errors else subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0) | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )
    chunks: list[bytes] = []
    # A thread can be left behind, a blocked read cannot: a program in an uninterruptible wait keeps its pipe open.
    reader = threading.Thread(target=_read_pipe, args=(process, chunks, limit), name="expframe-ask", daemon=True)
    code = None
    try:
        reader.start()
        reader.join(timeout)
        if not reader.is_alive() and sum(map(len, chunks)) < limit:
            code = process.wait(max(deadline - time.monotonic(), 1.0))
    except subprocess.TimeoutExpired:
        pass
    finally:
        _stop(process)
        if reader.ident is not None:
            reader.join(1)
        if process.stdout is not None and not reader.is_alive():
            process.stdout.close()
    return ProgramOutput(b"".join(list(chunks)), code)


def _read_pipe(process: subprocess.Popen[bytes], chunks: list[bytes], limit: int) -> None:
    """Collect what the process writes, up to `limit` bytes."""
    left = limit
    pipe = process.stdout
    with suppress(OSError, ValueError):
        while pipe is not None and left > 0 and (chunk := os.read(pipe.fileno(), min(left, 1 << 16))):
            chunks.append(chunk)
            left -= len(chunk)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Kill a process that is still running, and those it started."""
    import subprocess

    if process.poll() is not None:
        return
    with suppress(OSError):
        if sys.platform == "win32":
            process.kill()
        else:
            import signal

            os.killpg(process.pid, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=1)


def _attempt(fact: Callable[[], Any]) -> Any:
    """Return a fact, or None where it cannot be found out."""
    try:
        return fact()
    except Exception:
        return None


def _read_hostname() -> str:
    if sys.platform == "win32":
        import socket

        return socket.gethostname()
    return os.uname().nodename


def _describe_system() -> list[str]:
    # The platform module would do, but starts processes on some systems.
    if sys.platform == "win32":
        version = sys.getwindowsversion()
        machine = os.environ.get("PROCESSOR_ARCHITECTURE", "")
        return ["Windows", "-".join(filter(None, (f"{version.major}.{version.minor}.{version.build}", machine)))]
    system = os.uname()
    return [system.sysname, f"{system.release}-{system.machine}"]


def cpu_model() -> str | None:
    """Return the name of the processor; None where it cannot be found out."""
    return _attempt(_read_cpu_model)  # type: ignore[no-any-return]


def _describe_cpu() -> dict[str, Any]:
    cpu = {"model": cpu_model(), "count": os.cpu_count()}
    if hasattr(os, "sched_getaffinity"):
        cpu["usable"] = _attempt(lambda: len(os.sched_getaffinity(0)))
    return cpu


def _read_cpu_model() -> str | None:
    if sys.platform == "win32":
        import winreg

        key = r"HARDWARE\DESCRIPTION\System\CentralProcessor\0"
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key) as processor:
            return str(winreg.QueryValueEx(processor, "ProcessorNameString")[0]).strip()
    if sys.platform == "darwin":
        return _ask_sysctl("machdep.cpu.brand_string")
    return _read_linux_cpu_model()


def _read_linux_cpu_model() -> str | None:
    """Return the name of the CPU; ARM kernels tell only numbers, so the board's name, then the numbers, stand in."""
    with _CPU_INFO.open("rb") as file:
        head = file.read(4096).decode("utf-8", "replace")  # the whole file costs the kernel 0.1 ms per core
    pairs = (line.partition(":") for line in head.splitlines())
    told = {name.strip().lower(): value.strip() for name, _, value in reversed(list(pairs))}
    for name in ("model name", "cpu model", "cpu", "model", "hardware"):
        if told.get(name) and not told[name].isdigit():
            return told[name]
    with suppress(OSError):
        return _DEVICE_TREE_MODEL.read_text("utf-8", "replace").strip("\0 \n")
    if "cpu part" in told:
        return f"{os.uname().machine} implementer {told.get('cpu implementer')} part {told['cpu part']}"
    return os.uname().machine or None


def _ask_sysctl(name: str) -> str | None:
    answer = ask(["/usr/sbin/sysctl", "-n", name], timeout=5)
    return answer.data.decode("utf-8", "replace").strip() or None if answer.code == 0 else None


def _measure_memory() -> int | None:
    """Return the bytes of memory that the machine has."""
    if sys.platform == "win32":
        return _measure_windows_memory()
    if sys.platform == "darwin":
        told = _ask_sysctl("hw.memsize")
        return int(told) if told else None
    with _MEMORY_INFO.open("rb") as file:
        return int(file.readline().split()[1]) * 1024


def _measure_windows_memory() -> int | None:
    import ctypes

    # MEMORYSTATUSEX: two 32-bit fields, of which the first is its own size, then seven 64-bit ones.
    status = (ctypes.c_uint64 * 8)()
    ctypes.cast(status, ctypes.POINTER(ctypes.c_uint32))[0] = ctypes.sizeof(status)
    library = getattr(ctypes, "windll")  # noqa: B009  exists on Windows only, which type checkers elsewhere do not know
    return int(status[1]) if library.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)) else None


def _list_gpus() -> list[dict[str, Any]]:
    """Return the NVIDIA GPUs; no program is started where no device is."""
    if sys.platform == "darwin":
        return []
    there = sys.platform == "win32" or _NVIDIA_DRIVER.is_dir() or any(path.exists() for path in _NVIDIA_DEVICES)
    if not there:
        return []
    return _attempt(_ask_nvidia) or _attempt(_read_nvidia_driver) or []


def _ask_nvidia() -> list[dict[str, Any]]:
    import shutil

    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    query = "--query-gpu=memory.total,driver_version,uuid,name"
    answer = ask([program, query, "--format=csv,noheader,nounits"], timeout=_NVIDIA_SECONDS)
    if answer.code != 0:
        return []
    gpus = []
    for line in answer.data.decode("utf-8", "replace").splitlines():
        fields = [field.strip() for field in line.split(",", 3)]
        if len(fields) == 4:
            memory, driver, uuid, model = fields
            gpus.append({"model": model, "memory": whole_number(memory), "driver": driver, "uuid": uuid})
    return gpus


def _read_nvidia_driver() -> list[dict[str, Any]]:
    """Return what the driver tells without a program: everything but the memory."""
    driver = _attempt(_read_nvidia_version)
    gpus = []
    for file in sorted(_NVIDIA_DRIVER.glob("gpus/*/information")):
        pairs = (line.partition(":") for line in file.read_text("utf-8", "replace").splitlines())
        told = {name.strip(): value.strip() for name, _, value in pairs}
        gpus.append({"model": told.get("Model"), "memory": None, "driver": driver, "uuid": told.get("GPU UUID")})
    return gpus


def _read_nvidia_version() -> str | None:
    words = (_NVIDIA_DRIVER / "version").read_text("utf-8", "replace").partition("\n")[0].split()
    return next((word for word in words if word[0].isdigit() and "." in word), None)


def _pick_environment(patterns: Sequence[str]) -> dict[str, str]:
    """Return the variables asked for that are set."""
    if not patterns:
        return {}
    from fnmatch import fnmatch

    picked = {}
    for name in sorted(os.environ):
        if name in patterns or any(fnmatch(name, pattern) for pattern in patterns):
            value = os.environ.get(name)  # another thread may just have removed it
            if value is not None:
                picked[name] = value
    return picked

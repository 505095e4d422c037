"""The facts of the machine: what they are, what they cost, and that they never fail."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from steps import wait_until

from expframe.facts import host

posix = pytest.mark.skipif(os.name == "nt", reason="needs a shell")


@pytest.fixture(autouse=True)
def _no_gpu(monkeypatch, tmp_path):
    monkeypatch.setattr(host, "_NVIDIA_DRIVER", tmp_path / "nvidia")
    monkeypatch.setattr(host, "_NVIDIA_DEVICES", (tmp_path / "nvidia0",))


@pytest.fixture
def nvidia_smi(monkeypatch, tmp_path):
    """Return a function that puts a program named nvidia-smi on the PATH."""

    def install(script):
        folder = tmp_path / "bin"
        folder.mkdir()
        program = folder / "nvidia-smi"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)

    return install


def install_driver(tmp_path):
    """Make a folder like the one that the NVIDIA driver shows under /proc."""
    for bus, number in (("0000:17:00.0", 1), ("0000:65:00.0", 2)):
        folder = tmp_path / "nvidia" / "gpus" / bus
        folder.mkdir(parents=True)
        (folder / "information").write_text(
            f"Model: \t\t NVIDIA RTX A6000\nIRQ:   \t\t 186\nGPU UUID: \t GPU-{number}\nBus Location: \t {bus}\n"
        )
    (tmp_path / "nvidia" / "version").write_text(
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.129.03  Thu Oct 19 18:56:32 UTC 2023\nGCC version: 12\n"
    )


def test_facts_are_plain_json():
    """Every fact of the host survives JSON unchanged."""
    facts = host.gather(["PATH"])

    assert json.loads(json.dumps(facts)) == facts


def test_facts_describe_this_machine():
    """The facts name this Python, this system, and a machine with processors and memory."""
    facts = host.gather()

    assert set(facts) == {"hostname", "os", "python", "cpu", "memory", "gpus", "environment"}
    assert facts["python"]["version"].startswith(".".join(map(str, sys.version_info[:3])))
    assert facts["python"]["implementation"] == sys.implementation.name
    assert facts["python"]["executable"] == sys.executable
    assert facts["hostname"]
    assert len(facts["os"]) == 2
    assert all(facts["os"])
    assert facts["cpu"]["count"] == os.cpu_count()
    assert facts["cpu"]["model"]
    assert facts["memory"] > 1 << 26


@pytest.mark.skipif(sys.platform != "linux", reason="Linux reads files only")
def test_no_process_is_started_without_a_gpu(monkeypatch, nvidia_smi):
    """On Linux nothing is started where there is no GPU, even if the program to ask is installed."""
    nvidia_smi("echo 1, 1, GPU-1, never")
    started = []
    monkeypatch.setattr(subprocess, "Popen", lambda *args, **kwargs: started.append(args))

    assert host.gather()["gpus"] == []
    assert started == []


@posix
def test_gpus_are_those_that_nvidia_smi_tells(tmp_path, nvidia_smi):
    """Where a GPU is, the program tells model, memory in MiB, driver and id."""
    install_driver(tmp_path)
    nvidia_smi("echo '49140, 535.129.03, GPU-1, NVIDIA RTX A6000'; echo '[N/A], 535.129.03, GPU-2, NVIDIA GB10'")

    assert host.gather()["gpus"] == [
        {"model": "NVIDIA RTX A6000", "memory": 49140, "driver": "535.129.03", "uuid": "GPU-1"},
        {"model": "NVIDIA GB10", "memory": None, "driver": "535.129.03", "uuid": "GPU-2"},
    ]


@posix
@pytest.mark.parametrize("script", ["echo Driver mismatch; exit 18", "sleep 60 & sleep 60", ":"])
def test_gpus_are_known_from_the_driver_when_nvidia_smi_fails(monkeypatch, tmp_path, nvidia_smi, script):
    """A program that fails, hangs or says nothing costs the memory's size only, and no more than its time limit."""
    monkeypatch.setattr(host, "_NVIDIA_SECONDS", 0.5)
    install_driver(tmp_path)
    nvidia_smi(script)
    start = time.monotonic()

    assert host.gather()["gpus"] == [
        {"model": "NVIDIA RTX A6000", "memory": None, "driver": "535.129.03", "uuid": f"GPU-{number}"}
        for number in (1, 2)
    ]
    assert time.monotonic() - start < 40


def test_environment_has_only_what_was_asked_for(monkeypatch):
    """Variables are kept by name or pattern, if they are set, and nothing else is."""
    monkeypatch.setenv("EXPTEST_A", "1")
    monkeypatch.setenv("EXPTEST_B", "2")
    monkeypatch.setenv("OTHER_EXPTEST", "3")
    monkeypatch.delenv("EXPTEST_MISSING", raising=False)

    assert host.gather(["EXPTEST_*", "EXPTEST_MISSING"])["environment"] == {"EXPTEST_A": "1", "EXPTEST_B": "2"}
    assert host.gather(["OTHER_EXPTEST"])["environment"] == {"OTHER_EXPTEST": "3"}
    assert host.gather()["environment"] == {}


def test_environment_is_left_as_it_is(monkeypatch):
    """Gathering changes no variable."""
    before = dict(os.environ)
    host.gather(["*"])

    assert dict(os.environ) == before


@pytest.mark.skipif(sys.platform != "linux", reason="Linux reads files")
@pytest.mark.parametrize(
    ("text", "model"),
    [
        ("processor\t: 0\nmodel\t\t: 85\nmodel name\t: Some CPU @ 3GHz\n\nmodel name\t: other\n", "Some CPU @ 3GHz"),
        ("processor : 0\nCPU implementer : 0x41\nCPU part : 0xd0c\n\nHardware : BCM2835\nModel : A Pi 4\n", "A Pi 4"),
        ("processor : 0\nCPU implementer : 0x41\nCPU part : 0xd0c\n", "implementer 0x41 part 0xd0c"),
        ("processor : 0\ncpu : POWER9, altivec supported\n", "POWER9, altivec supported"),
        ("", os.uname().machine if hasattr(os, "uname") else ""),
    ],
    ids=["x86", "arm-board", "arm", "power", "empty"],
)
def test_cpu_model_is_found_for_every_kind_of_kernel(monkeypatch, tmp_path, text, model):
    """The CPU is named by the best that the kernel tells, on any processor."""
    (tmp_path / "cpuinfo").write_text(text)
    monkeypatch.setattr(host, "_CPU_INFO", tmp_path / "cpuinfo")
    monkeypatch.setattr(host, "_DEVICE_TREE_MODEL", tmp_path / "missing")

    assert host.gather()["cpu"]["model"].endswith(model)


@pytest.mark.skipif(sys.platform != "linux", reason="Linux reads files")
def test_a_fact_that_cannot_be_read_is_none(monkeypatch, tmp_path):
    """A missing file is a missing fact, not an error."""
    for name in ("_CPU_INFO", "_MEMORY_INFO", "_DEVICE_TREE_MODEL"):
        monkeypatch.setattr(host, name, tmp_path / "missing")

    facts = host.gather()

    assert facts["cpu"]["model"] is None
    assert facts["memory"] is None


@posix
def test_a_program_is_stopped_with_all_it_started():
    """A program that takes too long is killed, its children too, and what it wrote is there."""
    command = ["/bin/sh", "-c", "sleep 600 & echo $!; sleep 600"]
    asked = (host.ask(command, timeout=seconds) for seconds in (0.5, 5, 50))
    answer = next(answer for answer in asked if answer.data)  # once it had the time to say something

    assert answer.code is None
    wait_until(lambda: not is_running(int(answer.data)))


def is_running(pid):
    """Return whether a process runs; one that only waits to be collected does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")


def test_a_program_writes_no_more_than_the_limit():
    """Output beyond the limit is never held, and the program is stopped."""
    forever = "while True: print('x' * 1000)"

    answer = host.ask([sys.executable, "-c", forever], timeout=120, limit=5000)

    assert (len(answer.data), answer.code) == (5000, None)


@posix
def test_a_program_may_end_some_time_after_its_last_word():
    """A program that has closed its output is waited for like any other, and told by its exit code."""
    answer = host.ask(["/bin/sh", "-c", "echo said; exec >&-; sleep 1.5; exit 3"], timeout=120)

    assert (answer.data, answer.code) == (b"said\n", 3)


def test_a_program_has_its_code_and_no_input():
    """A program that ends by itself is told by its exit code, and finds its input at an end."""
    answer = host.ask([sys.executable, "-c", "import sys; print(repr(sys.stdin.read())); sys.exit(3)"], timeout=120)

    assert (answer.data.strip(), answer.code) == (b"''", 3)

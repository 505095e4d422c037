"""`expframe ui`: a server that is started, told of, and ended."""

from __future__ import annotations

import json
import re
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from asking import ask, rest
from interpreter import run_python, start_python
from steps import environment, wait_until

from expframe.cli.runs.ui import jupyter

Start = Callable[..., Any]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Return a function that does `expframe ui` with words; what still goes on after the test is killed."""
    processes = []

    def begin(*words: str, **variables: str) -> Any:
        env = {**environment(), **variables}
        for name in ("DISPLAY", "WAYLAND_DISPLAY"):
            env.pop(name, None)
        process = start_python(["-m", "expframe", "ui", *words], cwd=tmp_path, env=env)
        processes.append(process)
        return process

    yield begin
    for process in processes:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


def _address(process: Any) -> tuple[str, str, list[str]]:
    """Return the address that is printed, its token, and all lines."""
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip())
        if line.startswith("Ctrl-C"):
            break
    text = "\n".join(lines)
    address, token = re.findall(r"(http://\S+/)\?token=(\S+)", text)[0]
    return address, token, lines


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_it_prints_an_address_answers_and_ends_quietly(start: Start, store: Path) -> None:
    """The printed address opens the page, which is of ./runs; Ctrl-C ends it with 130 and not a word."""
    process = start("--port=0")
    address, token, lines = _address(process)
    open_stream = socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2].strip("/"))))
    open_stream.sendall(f"GET /api/0/stream HTTP/1.1\r\nHost: localhost\r\nX-Expframe-Token: {token}\r\n\r\n".encode())
    while b"data:" not in open_stream.recv(65_536):
        pass

    said = ask(address, "api/stores", x_token=token)
    process.send_signal(signal.SIGINT)

    assert {"name": "runs", "folder": str(store)}.items() <= said.data["stores"][0].items()
    assert (130, "", "") == (process.wait(20), process.stdout.read(), process.stderr.read())
    assert any(re.search(r"ssh -L (\d+):127.0.0.1:\1 HOST", line) for line in lines)
    rest(open_stream)


def test_a_taken_port_is_passed_by(start: Start, store: Path) -> None:
    """A port that is taken is said to be, and the next one that is free is listened at."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        address, _, lines = _address(start(f"--port={port}"))

    assert f"Port {port} is taken; this is {address.rpartition(':')[2].strip('/')}." == lines[0]
    assert 200 == ask(address).status


def test_several_stores_are_told_apart(start: Start, tmp_path: Path) -> None:
    """Stores of one name are called by the folders above them, too."""
    for name in ("one", "two"):
        (tmp_path / name / "runs").mkdir(parents=True)
    address, token, _ = _address(start("--port=0", "one/runs", "two/runs"))

    assert ["one/runs", "two/runs"] == [one["name"] for one in ask(address, "api/stores", x_token=token).data["stores"]]


def test_other_machines_are_let_in_aloud(start: Start, store: Path) -> None:
    """With --host it is said who can read, and what they can do."""
    _, _, lines = _address(start("--port=0", "--host=0.0.0.0"))
    _, _, bound = _address(start("--port=0", "--host=0.0.0.0", "--read-only"))

    assert "OTHER MACHINES ARE LET IN" in lines[0] and lines[0].endswith("can read all runs and change them.")
    assert bound[0].endswith("can read all runs.")


def test_only_this_machine_is_let_in_otherwise(start: Start, store: Path) -> None:
    """Without --host nothing listens at another address than 127.0.0.1."""
    address, _, _ = _address(start("--port=0"))
    port = int(address.rpartition(":")[2].strip("/"))
    listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]

    assert ["0100007F"] == [line[1][:8] for line in listening if line[1].endswith(f":{port:04X}") and line[3] == "0A"]


def test_a_socket_is_the_owners_alone(start: Start, store: Path, tmp_path: Path) -> None:
    """With --socket it listens at a path with mode 0600, takes the place of one that is dead, and takes it away."""
    path = tmp_path / "page.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    process = start(f"--socket={path}")
    _, token, lines = _address(process)
    with socket.socket(socket.AF_UNIX) as asking:
        asking.connect(str(path))
        question = f"GET /api/stores HTTP/1.1\r\nHost: localhost:9\r\nX-Expframe-Token: {token}\r\nConnection: close"
        asking.sendall(f"{question}\r\n\r\n".encode())
        found = rest(asking)
    second = start(f"--socket={path}")

    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert b"200" == found[9:12]
    assert any(f"ssh -L 8123:{path} HOST" in line for line in lines)
    assert (2, True) == (second.wait(20), "is there already" in second.stderr.read())
    process.send_signal(signal.SIGINT)
    assert (130, False) == (process.wait(20), path.exists())


def test_a_token_of_ones_own(start: Start, store: Path) -> None:
    """EXPFRAME_UI_TOKEN is the token, where a proxy has to know it."""
    address, token, _ = _address(start("--port=0", EXPFRAME_UI_TOKEN="chosen"))

    assert ("chosen", 200) == (token, ask(address, "api/stores", x_token="chosen").status)


def test_json_says_where_it_is(start: Start, store: Path) -> None:
    """With --json programs read the address."""
    data = json.loads(start("--port=0", "--json").stdout.readline())

    assert 303 == ask(data["address"].partition("?")[0], "?" + data["address"].partition("?")[2]).status
    assert [str(store)] == data["stores"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere"], r"UsageError: store .*/nowhere: is not there. Give the folder of runs"),
        (["a-file"], r"UsageError: store .*/a-file: is a file, not a folder of runs"),
        (["--port=70000"], r"UsageError: --port=70000: is no port: they end at 65535"),
        (["--port=x"], r"UsageError: --port=x: takes a whole number"),
        (["--host=256.1.1.1"], r"UsageError: --host=256.1.1.1: is no address of this machine"),
        (["--host=192.0.2.1"], r"UsageError: 192.0.2.1:8123: cannot be listened at"),
        (["--host=0.0.0.0", "--socket=x"], r"UsageError: --host=0.0.0.0: goes with a port"),
        (["--socket=no/where/x"], r"UsageError: --socket=.*: cannot be made"),
    ],
)
def test_what_cannot_be_served_is_said(store: Path, tmp_path: Path, words: list[str], said: str) -> None:
    """A store that is not there, and a place where nobody can listen, are each told in a sentence."""
    (tmp_path / "a-file").write_text("")

    done = run_python(["-m", "expframe", "ui", *words], cwd=tmp_path, env=environment())

    assert (2, "") == (done.returncode, done.stdout)
    assert re.match(said, done.stderr), done.stderr


def test_a_store_that_cannot_be_read_is_said(tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that is somebody else's is told before anything is served."""
    from expframe.cli.runs import ui
    from expframe.errors import StoreError

    def refuse(path: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(ui.os, "listdir", refuse)

    with pytest.raises(StoreError, match=r"cannot be read \(Permission denied\). Ask its owner"):
        ui._checked(store)


def test_what_is_not_installed_is_named(tmp_path: Path, store: Path) -> None:
    """Without the extra the command says how it is installed."""
    (tmp_path / "uvicorn.py").write_text("raise ImportError")

    done = run_python(["-m", "expframe", "ui"], cwd=tmp_path, env=environment())

    assert (1, True) == (done.returncode, "pip install 'expframe[ui]'" in done.stderr)


def test_jupyter_starts_it_and_gives_the_token(start: Start, store: Path) -> None:
    """What jupyter-server-proxy is told starts a server that answers its questions, by whatever name it is asked."""
    asked = jupyter()
    port = _free_port()
    words = [word.format(port=port) for word in asked["command"][4:]]
    assert [sys.executable, "-m", "expframe", "ui"] == asked["command"][:4]

    address, _, _ = _address(start(*words, **asked["environment"]))
    headers = {name.replace("-", "_"): value for name, value in asked["request_headers_override"].items()}

    assert 200 == ask(address, "api/stores", host="hub.example", **headers).status


@pytest.mark.once
def test_it_answers_soon(store: Path, tmp_path: Path) -> None:
    """From the command to the first answer little is done: no numbers, no plots, no data frames are imported."""
    script = "import sys; from expframe.page import server, service, connections; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], env=environment(), capture_output=True, text=True, check=True)

    assert not {"numpy", "pandas", "matplotlib", "plotly"} & set(done.stdout.split())


def test_a_browser_is_opened_by_a_pass(start: Start, store: Path, tmp_path: Path) -> None:
    """Where there is a screen a browser is started with an address that opens the page once, without the token."""
    browser = tmp_path / "browser"
    browser.write_text(
        f'#!/bin/sh\necho "$1" > "{tmp_path}/opened.part"\nmv "{tmp_path}/opened.part" "{tmp_path}/opened"\n'
    )
    browser.chmod(0o755)
    env = {**environment(), "DISPLAY": ":99", "BROWSER": str(browser)}
    env.pop("SSH_CONNECTION", None)
    process = start_python(["-m", "expframe", "ui", "--port=0"], cwd=tmp_path, env=env)
    try:
        _, token, _ = _address(process)
        wait_until((tmp_path / "opened").exists)
        opened = (tmp_path / "opened").read_text().strip()
    finally:
        process.kill()
        process.communicate()

    assert opened.startswith("http://127.0.0.1:") and token not in opened

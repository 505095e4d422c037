"""Files of runs, as a browser gets them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from asking import Said, ask

Serve = Callable[[Path], str]

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 100


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Return the folder of a run that holds what a run may hold, and what it should not."""
    folder = tmp_path / "runs" / "1"
    (folder / "files").mkdir(parents=True)
    (folder / "run.json").write_text("{}")
    (folder / "files" / "curve.png").write_bytes(PNG)
    (folder / "files" / "fake.png").write_text("<script>alert(1)</script>")
    (folder / "files" / "page.html").write_text("<script>alert(1)</script>")
    (folder / "files" / "logo.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")
    (folder / "files" / "notes.txt").write_text("<script>alert(1)</script>")
    (folder / "files" / "data.txt").write_bytes(b"a\0b")
    os.mkfifo(folder / "files" / "pipe")
    (folder / "files" / "out").symlink_to("/etc/passwd")
    (tmp_path / "secret.txt").write_text("secret")
    shared = tmp_path / "runs" / "_resources"
    shared.mkdir()
    (shared / "abc.csv").write_text("a,b\n")
    lines = [("artifact", "curve.png", "files/curve.png"), ("resource", "/data/train.csv", "../_resources/abc.csv")]
    lines += [("artifact", "evil", "../../secret.txt"), ("artifact", "passwd", "/etc/passwd")]
    saved = [{"kind": kind, "name": name, "path": path, "size": 1, "time": 0.0} for kind, name, path in lines]
    (folder / "files.jsonl").write_text("".join(json.dumps(line) + "\n" for line in saved))
    return folder


def _get(address: str, name: str, kind: str = "file", **headers: str) -> Said:
    return ask(address, f"api/0/{kind}?run=1&name={quote(name)}", **headers)


@pytest.mark.parametrize(
    ("name", "kind"), [("curve.png", "image/png"), ("files/notes.txt", "text/plain; charset=utf-8")]
)
def test_pictures_and_texts_are_shown(serve: Serve, run: Path, name: str, kind: str) -> None:
    """A picture is what begins as one, a text what is called and is one; both can do nothing."""
    said = _get(serve(run.parent), name)

    assert (200, kind, "inline") == (said.status, said.headers["content-type"], said.headers["content-disposition"][:6])
    assert "sandbox" in said.headers["content-security-policy"]
    assert "nosniff" == said.headers["x-content-type-options"]


@pytest.mark.parametrize("name", ["files/page.html", "files/logo.svg", "files/fake.png", "files/data.txt"])
def test_all_else_is_kept(serve: Serve, run: Path, name: str) -> None:
    """What could run something, or is not what it is called, is a download."""
    said = _get(serve(run.parent), name)

    assert (200, "application/octet-stream") == (said.status, said.headers["content-type"])
    assert said.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in said.headers["content-security-policy"]


def test_anything_can_be_kept(serve: Serve, run: Path) -> None:
    """A picture is a download where that is asked for."""
    said = _get(serve(run.parent), "curve.png", "download")

    assert (PNG, 'attachment; filename="curve.png"') == (said.body, said.headers["content-disposition"])


def test_a_shared_file_is_sent_by_the_name_that_the_run_has_for_it(serve: Serve, run: Path) -> None:
    """A resource that is kept once for all runs is sent, and called as the run calls it."""
    said = _get(serve(run.parent), "/data/train.csv", "download")

    assert (b"a,b\n", 'attachment; filename="train.csv"') == (said.body, said.headers["content-disposition"])


@pytest.mark.parametrize(
    "name",
    [
        *(
            "../../secret.txt",
            "../2/run.json",
            "/etc/passwd",
            "passwd",
            "evil",
            "files/out",
            "files/../../x",
            "..",
            ".",
        ),
        *("", "files", "files/pipe", "nothing", "a\0b", "x" * 5000, "files/\udcff".encode("utf-8", "replace").decode()),
    ],
)
def test_no_name_leads_out_of_the_run(serve: Serve, run: Path, name: str) -> None:
    """Whatever a name says, and a record of files says, only files of the run's folder and the shared ones are sent."""
    said = _get(serve(run.parent), name)

    assert said.status in (400, 409), said
    assert b"secret" != said.body and b"root:" not in said.body


def test_a_part_of_a_file_can_be_had(serve: Serve, run: Path) -> None:
    """Ranges are answered, so that a download goes on where it broke off."""
    said = _get(serve(run.parent), "curve.png", range="bytes=1-3")

    assert (206, b"PNG", "bytes 1-3/108") == (said.status, said.body, said.headers["content-range"])
    assert 416 == _get(serve(run.parent), "curve.png", range="bytes=500-").status


def test_a_file_of_ten_gigabytes_is_streamed(serve: Serve, run: Path) -> None:
    """A file of any size is sent in pieces: its first bytes come at once."""
    with (run / "files" / "model.bin").open("wb") as file:
        file.truncate(10 << 30)
    address = serve(run.parent)

    part = _get(address, "files/model.bin", range=f"bytes={(10 << 30) - 3}-")

    assert (206, b"\0\0\0") == (part.status, part.body)
    assert str(10 << 30) == ask(address, "api/0/download?run=1&name=files/model.bin", "HEAD").headers["content-length"]


def test_a_name_can_be_any_text(serve: Serve, run: Path) -> None:
    """A name with quotes, lines and other scripts breaks no header."""
    name = 'a"b\r\nX-Evil: 1 ü 日.bin'
    (run / "files" / name).write_bytes(b"x")

    said = _get(serve(run.parent), f"files/{name}")

    assert (200, b"x") == (said.status, said.body)
    assert "x-evil" not in said.headers

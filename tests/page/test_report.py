"""A report: the page in one file."""

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

import pytest

from expframe import Experiment
from expframe.page.report import page_of

EVIL = "</script><script>window.harm=1</script><img src=x onerror='window.harm=1'><!--"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Four runs with curves; one has a comment and a tag that are markup, and all have a secret."""
    ex = Experiment("digits", store=tmp_path / "runs")
    ex.add_config(lr=0.1, api_key="hunter22hunter22")

    @ex.main
    def train(lr: float, _run: Any) -> float:
        for step in range(20):
            _run.log_scalar("loss", lr / (1 + step), step)
        print("the output")
        return lr

    for lr in (0.1, 0.2, 0.4):
        ex.run(config_updates={"lr": lr})
    ex.run(options={"comment": EVIL, "tag": EVIL})
    return tmp_path / "runs"


def test_a_report_is_written_by_a_command(store: Path, cli: Any) -> None:
    """`report` writes runs into one file, and says where it is and how large."""
    cli("report", "1-2", "-o", "out.html")
    size = Path("out.html").stat().st_size

    assert (0, f"out.html: 2 runs, {size / 1000:.1f} kB. Open it in a browser.\n") == (cli.code, cli.out)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("there.html", "1"),
            "StoreError: there.html: exists already. Choose another name, or replace it with --force.\n",
        ),
        (
            ("new.html", "1", "--view=charts"),
            'UsageError: --view=charts: is no view. Give what a browser shows from the # on: "#/charts".\n',
        ),
        (("new.html", "--where=lr > 5"), "UsageError: no runs: are there for a report.\n"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_written(store: Path, cli: Any, words: Any, message: str) -> None:
    """A file that is there is kept, and what is no view, or no run, makes no report."""
    Path("there.html").write_text("mine")
    cli("report", "-o", *words)

    assert message == cli.err
    assert ("mine", False) == (Path("there.html").read_text(), Path("new.html").exists())


def test_its_policy_allows_its_own_script_and_style_alone(store: Path) -> None:
    """The policy of the file has the hashes of the script and the style in it, and no address."""
    page = page_of(store, ["1", "4"])
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (script, style)]

    assert (
        f"default-src 'none'; script-src 'sha256-{hashes[0]}'; style-src 'sha256-{hashes[1]}'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    ) == policy
    assert [] == re.findall(r'(?:src|href)="(?!data:)[^"]*"', page.replace(script, ""))


def test_secrets_stay_masked(store: Path) -> None:
    """What is masked in the store is masked in a report."""
    assert "hunter22" not in page_of(store, ["1", "2", "3", "4"])


@pytest.mark.browser
def test_a_report_opens_from_disk_without_a_network(store: Path, tab: Any, tmp_path: Path) -> None:
    """A file that was sent shows the runs that were chosen, sorted as its reader likes, with nothing else at hand."""
    (tmp_path / "report.html").write_text(page_of(store, ["1", "2", "3"]), encoding="utf-8")
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.context.set_offline(True)
    tab.goto((tmp_path / "report.html").as_uri())
    tab.wait_for_selector("tbody tr")

    assert ["3", "2", "1"] == _ids(tab)
    assert [] == [url for url in asked if not url.startswith(("file:", "data:", "blob:"))]


def _ids(tab: Any) -> list[str]:
    return [id for id in tab.locator("tbody tr td a").all_inner_texts() if id.isdigit()]


@pytest.mark.browser
def test_markup_in_a_run_is_text(store: Path, tab: Any, tmp_path: Path) -> None:
    """A tag that would be a script is shown as it was written."""
    (tmp_path / "report.html").write_text(page_of(store, ["1", "4"]), encoding="utf-8")
    tab.goto((tmp_path / "report.html").as_uri())
    tab.wait_for_selector("tbody tr")

    assert tab.evaluate("window.harm") is None
    assert tab.locator("tbody", has_text="onerror=").count() == 1

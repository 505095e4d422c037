"""The facts of a git repository, with real repositories."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from expframe.config.secrets import MASK
from expframe.facts import git, host

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
posix = pytest.mark.skipif(os.name == "nt", reason="needs a shell")


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch, tmp_path):
    """Give git a home of its own."""
    for name in [name for name in os.environ if name.startswith("GIT_") and name != "GIT_CEILING_DIRECTORIES"]:
        monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        "[user]\n name = Somebody\n email = somebody@example.org\n[init]\n defaultBranch = main\n"
        '[commit]\n gpgSign = false\n[protocol "file"]\n allow = always\n'
    )
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    for name in ("_SECONDS", "_DIFF_SECONDS"):
        monkeypatch.setattr(git, name, 120.0)  # other tests run beside it


def gathered(folder):
    """Return the facts of a repository that git reads without a problem; None where there is none."""
    facts, problem = git.gather(folder)
    assert problem is None
    return facts


def run(folder, *command):
    """Run git in a folder and return what it prints."""
    done = subprocess.run(["git", *command], cwd=folder, check=True, capture_output=True)
    return done.stdout.decode().strip()


def apply(folder, patch):
    """Apply a patch to a folder with git."""
    data = patch.encode("utf-8", "surrogateescape")
    subprocess.run(["git", "apply", "--whitespace=nowarn"], cwd=folder, input=data, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path):
    """Return a repository with one commit of `train.py`."""
    folder = tmp_path / "repository"
    folder.mkdir()
    run(folder, "init")
    (folder / "train.py").write_text("lr = 0.1\n")
    run(folder, "add", ".")
    run(folder, "commit", "-m", "first")
    return folder


@pytest.fixture
def asked(monkeypatch):
    """Return the list of the commands that are started."""
    commands = []
    ask = host.ask

    def note(command, **kwargs):
        commands.append(list(command))
        return ask(command, **kwargs)

    monkeypatch.setattr(host, "ask", note)
    return commands


def test_a_clean_repository_is_told_with_its_commit(repository):
    """Root, commit and branch are git's own; a clean tree has no diff; any folder inside will do."""
    (repository / "deep" / "deeper").mkdir(parents=True)

    facts = gathered(repository / "deep" / "deeper")

    assert facts == {
        "root": os.path.realpath(repository),
        "commit": run(repository, "rev-parse", "HEAD"),
        "branch": "main",
        "remote": None,
        "dirty": False,
        "untracked": [],
        "diff": None,
        "diff_truncated": False,
    }


def test_outside_of_a_repository_nothing_is_started(tmp_path, asked):
    """Without a repository above there is no fact, and git is not even asked."""
    folder = tmp_path / "plain"
    (folder / ".git").mkdir(parents=True)  # an empty one is none
    (tmp_path / "file").mkdir()
    (tmp_path / "file" / ".git").write_text("nothing of git's")

    assert gathered(folder) is None
    assert gathered(tmp_path / "file") is None
    assert gathered(tmp_path / "missing") is None
    assert asked == []


def test_a_missing_git_is_told(repository, monkeypatch, tmp_path):
    """Without the program there is no fact, and that is said; where there is no repository, nothing is."""
    monkeypatch.setenv("PATH", str(tmp_path))

    said = f"{os.path.realpath(repository)} is a git repository, and there is no program git to read it"
    assert (None, said) == git.gather(repository)
    assert (None, None) == git.gather(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("config", "[core\n", "fatal: bad config line"),
        ("HEAD", "garbage\n", "fatal: not a git repository"),
        ("HEAD", None, "fatal: not a git repository"),
        ("index", "garbage of more than twenty bytes", "index file"),
    ],
)
def test_a_damaged_repository_is_told_in_gits_words(repository, name, content, words):
    """A repository that git refuses to read gives no fact, not even those of one around it, but what git said."""
    inner = repository / "inner"
    inner.mkdir()
    run(inner, "init")
    (inner / ".git" / name).unlink(missing_ok=True)
    if content is not None:
        (inner / ".git" / name).write_text(content)

    facts, problem = git.gather(inner)

    assert facts is None
    assert problem.startswith(f"git does not read {os.path.realpath(inner)}: ") and words in problem


def test_what_git_does_not_tell_of_a_change_is_told(repository):
    """Where the content of a commit has gone, the facts say what they can, and the problem what git said."""
    blob = run(repository, "rev-parse", "HEAD:train.py")
    (repository / "train.py").write_text("lr = 0.2\n")
    (repository / ".git" / "objects" / blob[:2] / blob[2:]).unlink()

    facts, problem = git.gather(repository)

    assert (run(repository, "rev-parse", "HEAD"), True, None) == (facts["commit"], facts["dirty"], facts["diff"])
    assert "git does not tell what has changed" in problem and blob in problem


def test_a_shallow_clone_is_told_like_others(repository, tmp_path):
    """A clone without history has its commit, branch and changes."""
    run(tmp_path, "clone", "--depth", "1", repository.as_uri(), "shallow")
    (tmp_path / "shallow" / "train.py").write_text("lr = 0.2\n")

    facts = gathered(tmp_path / "shallow")

    assert (run(repository, "rev-parse", "HEAD"), "main", True) == (facts["commit"], facts["branch"], facts["dirty"])
    assert "+lr = 0.2" in facts["diff"]


def test_changes_are_told_by_a_patch_that_restores_them(repository, tmp_path):
    """Applied to the commit, the diff gives the very same files: staged, unstaged, binary, odd bytes, new and gone."""
    latin, binary, gone = repository / "latin.py", repository / "weights.bin", repository / "gone.py"
    latin.write_bytes(b"# caf\xe9\r\nx = 1\r\n")
    binary.write_bytes(bytes(range(256)) * 4)
    gone.write_text("old\n")
    run(repository, "add", ".")
    run(repository, "commit", "-m", "second")
    clone = tmp_path / "clone"
    run(tmp_path, "clone", str(repository), str(clone))
    (repository / "train.py").write_text("lr = 0.2\n")
    run(repository, "add", "train.py")
    (repository / "train.py").write_text("lr = 0.3")
    latin.write_bytes(b"# caf\xe9\xff\r\nx = 2\r\n")
    binary.write_bytes(bytes(range(255, -1, -1)) * 4)
    gone.unlink()
    (repository / "new.py").write_text("new\n")
    run(repository, "add", "new.py")

    facts = gathered(repository)
    apply(clone, facts["diff"])

    assert facts["dirty"] is True
    assert facts["diff_truncated"] is False
    assert snapshot(clone) == snapshot(repository)


def snapshot(folder):
    """Return the content of the files in a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_a_commit_that_is_not_there_yet_is_none(repository, tmp_path):
    """A repository without commits has no commit; what is staged there is its diff."""
    empty = tmp_path / "empty"
    empty.mkdir()
    run(empty, "init")
    clean = gathered(empty)
    (empty / "train.py").write_text("lr = 0.1\n")
    run(empty, "add", ".")
    staged = gathered(empty)

    assert (clean["commit"], clean["branch"], clean["dirty"]) == (None, "main", False)
    assert (staged["commit"], staged["dirty"]) == (None, True)
    assert "+lr = 0.1" in staged["diff"]


def test_a_conflict_is_dirty(repository):
    """A merge that stopped half-way counts as changes, and its markers are in the diff."""
    for branch, value in (("one", 1), ("two", 2)):
        run(repository, "checkout", "-b", branch, "main")
        (repository / "train.py").write_text(f"lr = {value}\n")
        run(repository, "commit", "-a", "-m", branch)
    subprocess.run(["git", "merge", "one"], cwd=repository, capture_output=True, check=False)

    facts = gathered(repository)

    assert facts["dirty"] is True
    assert "+<<<<<<<" in facts["diff"]


def test_a_detached_head_has_no_branch(repository):
    """Off every branch there is a commit, and no branch."""
    run(repository, "checkout", "--detach")

    assert gathered(repository)["branch"] is None
    assert gathered(repository)["commit"] == run(repository, "rev-parse", "HEAD")


def test_untracked_files_are_named_and_make_nothing_dirty(repository):
    """Untracked files do not count as changes; at most a hundred are named; ignored ones are not."""
    (repository / ".gitignore").write_text("*.log\n")
    run(repository, "add", ".")
    run(repository, "commit", "-m", "ignore")
    (repository / "run.log").touch()
    (repository / 'ünder "score"\ttab.py').touch()
    few = gathered(repository)
    for number in range(150):
        (repository / f"new{number}.py").touch()
    many = gathered(repository)

    assert (few["dirty"], few["untracked"]) == (False, ['ünder "score"\ttab.py'])
    assert len(many["untracked"]) == 100


@posix
def test_odd_names_break_nothing(repository):
    """Names with newlines, quotes, pathspec signs, spaces and undecodable bytes are told and compared like others."""
    names = [b"a\nb.py", b"q\"uo'te.py", b":(top)x.py", b"[z].py", b" lead.py", b"caf\xe9.py", b"-rf", "ü→.py".encode()]
    for name in names:
        Path(repository, os.fsdecode(name)).write_text("1\n")
    run(repository, "add", ".")
    run(repository, "commit", "-m", "odd")
    for name in names:
        Path(repository, os.fsdecode(name)).write_text("2\n")

    facts = gathered(repository)

    assert facts["dirty"] is True
    assert facts["diff"].count("\n+2") == len(names)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://github.com/me/it.git", "https://github.com/me/it.git"),
        ("https://me:hunter2@github.com/me/it.git", f"https://{MASK}@github.com/me/it.git"),
        ("https://hunter2@github.com/me/it.git", f"https://{MASK}@github.com/me/it.git"),
        ("https://me:hunt@er2@github.com/me/a@b.git", f"https://{MASK}@github.com/me/a@b.git"),
        ("git@github.com:me/it.git", "git@github.com:me/it.git"),
        ("/srv/git/it.git", "/srv/git/it.git"),
    ],
)
def test_the_remote_is_told_without_credentials(repository, url, shown):
    """User and password are taken out of a URL; an address for ssh stays as it is."""
    run(repository, "remote", "add", "origin", url)

    assert gathered(repository)["remote"] == shown


def test_the_remote_is_origin_or_else_the_first(repository):
    """Of several remotes it is `origin`, without one the first; a URL to push to does not count."""
    run(repository, "remote", "add", "upstream.one", "https://example.org/upstream")
    run(repository, "remote", "add", "other", "https://example.org/other")
    first = gathered(repository)["remote"]
    run(repository, "remote", "add", "origin", "https://example.org/origin")
    run(repository, "remote", "set-url", "--push", "origin", "https://example.org/push")

    assert first == "https://example.org/upstream"
    assert gathered(repository)["remote"] == "https://example.org/origin"


def test_at_most_three_processes_and_a_diff_only_when_dirty(repository, asked):
    """A clean repository is asked twice, a dirty one three times."""
    gathered(repository)
    clean = len(asked)
    (repository / "train.py").write_text("lr = 0.2\n")
    gathered(repository)

    assert clean == 2
    assert len(asked) - clean == 3
    assert not any("diff-index" in command for command in asked[:clean])


def test_the_index_is_not_touched(repository):
    """Reading writes nothing, even when file times changed, and does not wait for somebody else's lock."""
    (repository / "other.py").write_text("1\n")
    run(repository, "add", ".")
    run(repository, "commit", "-m", "other")
    (repository / "other.py").write_text("2\n")
    os.utime(repository / "train.py", (1, 1))
    index = repository / ".git" / "index"
    before = (index.read_bytes(), index.stat().st_mtime_ns, sorted((repository / ".git").iterdir()))
    facts = gathered(repository)
    after = (index.read_bytes(), index.stat().st_mtime_ns, sorted((repository / ".git").iterdir()))
    (repository / ".git" / "index.lock").touch()

    assert after == before
    assert "train.py" not in facts["diff"]
    assert gathered(repository) == facts


@posix
def test_no_program_of_the_user_is_run(repository, tmp_path, monkeypatch):
    """Neither hooks nor a file system monitor, external diff, text converter or pager are started."""
    trace = tmp_path / "ran"
    script = tmp_path / "program"
    script.write_text(f'#!/bin/sh\necho "$0 $@" >> {trace}\nexit 0\n')
    script.chmod(0o755)
    (repository / ".gitattributes").write_text("*.py diff=mine\n")
    run(repository, "add", ".")
    run(repository, "commit", "-m", "attributes")
    hooks = repository / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    shutil.copy(script, hooks / "post-index-change")
    for name in ("core.fsmonitor", "diff.external", "diff.mine.command", "diff.mine.textconv", "core.pager"):
        run(repository, "config", name, str(script))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", str(script))
    monkeypatch.setenv("GIT_PAGER", str(script))
    (repository / "train.py").write_text("lr = 0.2\n")
    trace.unlink(missing_ok=True)

    facts = gathered(repository)

    assert "+lr = 0.2" in facts["diff"]
    assert not trace.exists()


def test_settings_of_the_user_do_not_change_the_answer(repository, monkeypatch, tmp_path):
    """Formats that a user has chosen, and a repository named by the environment, make no difference."""
    (repository / "train.py").write_text("lr = 0.2\n")
    facts = gathered(repository)
    for setting in (
        "color.ui=always",
        "diff.noprefix=true",
        "diff.mnemonicPrefix=true",
        "diff.wordRegex=.",
        "status.short=true",
        "status.showUntrackedFiles=no",
        "status.showStash=true",
        "status.relativePaths=true",
    ):
        run(repository, "config", *setting.split("="))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))

    assert gathered(repository) == facts


def test_a_worktree_is_a_repository_of_its_own(repository, tmp_path):
    """In a linked worktree the facts are the worktree's."""
    run(repository, "worktree", "add", "-b", "side", str(tmp_path / "side"))
    (tmp_path / "side" / "train.py").write_text("lr = 0.2\n")

    facts = gathered(tmp_path / "side")

    assert (facts["root"], facts["branch"]) == (os.path.realpath(tmp_path / "side"), "side")
    assert "+lr = 0.2" in facts["diff"]
    assert gathered(repository)["dirty"] is False


def test_a_submodule_is_a_repository_whose_changes_its_parent_tells(repository, tmp_path):
    """Inside a submodule the facts are the submodule's; changes there make the outer repository dirty too."""
    outer = tmp_path / "outer"
    outer.mkdir()
    run(outer, "init")
    run(outer, "submodule", "add", str(repository), "inner")
    run(outer, "commit", "-m", "with submodule")
    (outer / "inner" / "new.py").touch()
    clean = gathered(outer)
    (outer / "inner" / "train.py").write_text("lr = 0.2\n")

    assert clean["dirty"] is False
    assert gathered(outer)["dirty"] is True
    assert gathered(outer)["diff"]
    assert gathered(outer / "inner")["root"] == os.path.realpath(outer / "inner")


def test_a_bare_repository_has_no_files_to_tell_of(repository, tmp_path):
    """The inside of a repository is none that code lies in; a folder around a bare one has git's words for it."""
    run(tmp_path, "clone", "--bare", str(repository), str(tmp_path / "bare.git"))
    run(tmp_path, "clone", "--bare", str(repository), str(tmp_path / "within" / ".git"))

    assert gathered(tmp_path / "bare.git") is None
    assert "must be run in a work tree" in git.gather(tmp_path / "within").problem


def test_a_repository_of_another_owner_is_told_in_gits_words(repository, monkeypatch):
    """Where git speaks of dubious ownership, there is no fact, and its advice is passed on."""
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    refused = subprocess.run(["git", "status"], cwd=repository, capture_output=True, check=False).returncode
    if refused == 0:
        pytest.skip("this git does not look at owners")

    facts, problem = git.gather(repository)
    assert facts is None
    assert "dubious ownership" in problem and "safe.directory" in problem


def test_a_huge_diff_is_cut_at_a_line(repository, monkeypatch):
    """A diff over the limit ends with a whole line, and says that its end is missing."""
    monkeypatch.setattr(git, "_DIFF_BYTES", 5000)
    (repository / "train.py").write_text("".join(f"line {number}\n" for number in range(10_000)))

    facts = gathered(repository)

    assert facts["diff_truncated"] is True
    assert 4900 < len(facts["diff"]) <= 5000
    assert facts["diff"].endswith("\n")


@posix
def test_a_slow_search_for_untracked_files_costs_only_them(repository, monkeypatch, tmp_path, asked):
    """Where untracked files take too long to find, the rest is still told, by no more than three processes."""
    real = shutil.which("git")
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "git"
    program.write_text(f'#!/bin/sh\ncase "$*" in *--untracked-files=normal*) sleep 60;; esac\nexec {real} "$@"\n')
    program.chmod(0o755)
    (repository / "train.py").write_text("lr = 0.2\n")
    (repository / "new.py").touch()
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    ask = host.ask

    def hurry(command, *, timeout, **how):
        return ask(command, timeout=1.0 if "--untracked-files=normal" in command else timeout, **how)

    monkeypatch.setattr(host, "ask", hurry)
    start = time.monotonic()

    facts = gathered(repository)

    assert time.monotonic() - start < 50
    assert "untracked" not in facts
    assert "+lr = 0.2" in facts["diff"]
    assert len(asked) == 3


def test_the_module_starts_nothing_when_imported():
    """Importing the facts loads no module for processes or metadata."""
    heavy = ("subprocess", "threading", "importlib.metadata", "platform", "hashlib", "socket", "json")
    code = (
        "import sys, re, pathlib, typing, contextlib; before = set(sys.modules)\n"
        "import expframe.facts.host, expframe.facts.git, expframe.facts.packages, expframe.facts.sources\n"
        f"print([name for name in {heavy} if name in sys.modules and name not in before])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert done.stdout.strip() == "[]"


def test_nothing_is_found_above_a_ceiling(repository, monkeypatch):
    """A search that begins below a folder of `GIT_CEILING_DIRECTORIES` ends below it; it may itself be asked."""
    below = repository / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", os.pathsep.join(["relative", str(repository)]))

    assert repository == git.find_root(repository)
    assert git.find_root(below) is None
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(repository.parent))
    assert repository == git.find_root(below)

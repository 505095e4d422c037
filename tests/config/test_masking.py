"""What is secret, and how it is shown."""

import copy
import json
import pickle

import pytest

from expframe.config.frozen import freeze
from expframe.config.secrets import (
    MASK,
    Secret,
    is_masked,
    is_secret_name,
    mask,
    mask_plain,
    mask_text,
    mask_words,
    secrets_in,
    secrets_of,
)


@pytest.mark.parametrize(
    "name",
    ["password", "db_password", "passwd", "secret", "token", "HF_TOKEN", "api_key", "aws_access_key", "private_key"]
    + ["api-key", "github-token", "API_KEY"],
)
def test_secret_names(name):
    """A name that is or ends in a secret word is secret, in any case, with `_` or `-`."""
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name", ["tokens", "passwords", "secrets", "key", "tokenizer", "max_tokens", "broken", "", 3, None]
)
def test_other_names(name):
    """Plurals and other words are not, nor is what is no text."""
    assert not is_secret_name(name)


def test_only_texts_are_masked():
    """Numbers, None and the empty text are shown under any name; a Secret is masked under any."""
    assert [False, False, False, True, True] == [
        is_masked("token", 3),
        is_masked("token", None),
        is_masked("token", ""),
        is_masked("token", "x"),
        is_masked("lr", Secret("x")),
    ]


class TestSecret:
    """A Secret is a text to functions, and a mask to whoever prints its repr."""

    def test_functions_see_it(self):
        """It equals, joins and formats as the text that it is."""
        key = Secret("hunter2")

        assert key == "hunter2"
        assert "Bearer hunter2" == f"Bearer {key}" == "Bearer " + key

    def test_it_is_not_shown(self):
        """Its repr, alone and in containers, is masked."""
        assert "Secret('********')" == repr(Secret("hunter2"))
        assert "hunter2" not in repr({"a": [Secret("hunter2")]})

    def test_it_stays_one(self):
        """Copies and pickles of it are Secrets with the text."""
        for again in (copy.deepcopy(Secret("x")), pickle.loads(pickle.dumps(Secret("x")))):
            assert (Secret, "x") == (type(again), str(again))


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("postgres://me:hunter2@host/db", f"postgres://{MASK}@host/db"),
        ("postgres://me:hun@ter2@host/db", f"postgres://{MASK}@host/db"),
        ("https://ghp_token@github.com/a/b.git", f"https://{MASK}@github.com/a/b.git"),
        ("a git+ssh://u:p@h and https://x:y@z/", f"a git+ssh://{MASK}@h and https://{MASK}@z/"),
        ("url='mysql://a:b@c', mail", f"url='mysql://{MASK}@c', mail"),
        ("https://host/path?mail=me@host", "https://host/path?mail=me@host"),
        ("see https://host, or mail me@host", "see https://host, or mail me@host"),
        ("git@github.com:a/b.git", "git@github.com:a/b.git"),
    ],
)
def test_credentials_in_urls(text, masked):
    """What stands before the `@` of a URL's host is masked, and nothing else."""
    assert masked == mask_text(text)


def test_secrets_in_text():
    """Secrets are masked where they stand, longer ones first, also as a repr escapes them; short ones are not."""
    assert f"<{MASK}> <{MASK}>" == mask_text("<hunter2> <hunter22>", ["hunter2", "hunter22"])
    assert f"KeyError: '{MASK}'" == mask_text(f"KeyError: {chr(10) + 'hunt'!r}", ["\nhunt"])
    assert "a cat" == mask_text("a cat", ["cat", "a"])


def test_masked_copies():
    """`mask` masks by name at any depth, in lists and tuples as well, and leaves the data alone."""
    data = {"db": {"password": "p", "port": 1}, "token": ["a", ("b",)], "url": "x://a:b@c", "list": [{"secret": "s"}]}
    before = copy.deepcopy(data)

    assert {
        "db": {"password": MASK, "port": 1},
        "token": [MASK, (MASK,)],
        "url": f"x://{MASK}@c",
        "list": [{"secret": MASK}],
    } == mask(data)
    assert before == data


def test_what_is_made_of_a_secret_is_one():
    """A text that holds one of the given secrets stands as the mask, whole; a URL keeps its host."""
    data = {"made": "<hunter2>", "url": "x://me:hunter2@host", "deep": [("a hunter2",)], "plain": "p"}

    assert {"made": None, "url": f"x://{MASK}@host", "deep": [(None,)], "plain": "p"} == mask(
        data, shown=None, secrets=["hunter2"]
    )


def test_plain_data():
    """`mask_plain` masks texts at any depth and keeps keys and what it is told to keep."""
    data = {"hunter2": ["a hunter2", {"kind": "hunter2", "n": 1}]}

    assert {"hunter2": [f"a {MASK}", {"kind": "hunter2", "n": 1}]} == mask_plain(data, ["hunter2"], keep="kind")


def test_secrets_in_a_config():
    """Secrets are found at any depth, under names, as Secrets, and as passwords in URLs."""
    data = {
        "api_key": "one",
        "deep": [{"password": "two"}, Secret("three")],
        "url": "postgres://me:four@host/db",
        "clone": "https://ghp_0123456789abcdef@github.com",
        "lr": 0.1,
        "ssh": "ssh://git@host",
        "set": {Secret("five")},
    }

    expected = {"one", "two", "three", "four", "five", "ghp_0123456789abcdef"}
    assert expected == secrets_in(data) == secrets_in(freeze(data))


@pytest.mark.parametrize(
    ("words", "masked"),
    [
        (["api_key=abc"], [f"api_key={MASK}"]),
        (["db.password='a b'"], [f"db.password={MASK}"]),
        (["+new.token=x", "token+=y"], [f"+new.token={MASK}", f"token+={MASK}"]),
        (["--api-token", "abc", "with"], ["--api-token", MASK, "with"]),
        (["--api-token=abc"], [f"--api-token={MASK}"]),
        (["url=postgres://a:b@c/d"], [f"url=postgres://{MASK}@c/d"]),
        (["db={'password': 'hunter2'}", "note=hunter2"], [f"db={{'password': '{MASK}'}}", f"note={MASK}"]),
        (["lr=1", "--debug", "with"], ["lr=1", "--debug", "with"]),
        (["api_key=hunter2", "x=hunter2"], [f"api_key={MASK}", f"x={MASK}"]),
        ([], []),
    ],
)
def test_words_of_a_command_line(words, masked):
    """Values of secret names are masked whole, and wherever else they stand."""
    assert tuple(masked) == mask_words(words)


def test_secrets_of_words():
    """The texts that words give to secret names are found, as they are written and as they are read."""
    assert {"'a b'", "a b"} == secrets_of(["password='a b'"])
    assert {"abc"} == secrets_of(["--api-token", "abc"])
    assert {"pw"} == secrets_of(["db={'password': 'pw'}"])


def test_json_of_a_secret_is_its_text():
    """A library that dumps a Secret gets the text: masking is for what expframe stores."""
    assert '"hunter2"' == json.dumps(Secret("hunter2"))

"""What is secret, and how it is shown."""

import copy
import dataclasses
import json
import pickle
import threading
from pathlib import Path

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expframe.config.equality import same
from expframe.config.frozen import freeze
from expframe.config.json_values import from_json, to_json
from expframe.config.masking import Masking
from expframe.config.secrets import MASK, Masked, Names, Secret, credentials_in, mask_urls

LONG = "hunter2-hunter2"


class Thing:
    """Has attributes."""

    def __init__(self, **attributes):
        self.__dict__.update(attributes)


@dataclasses.dataclass
class Login:
    """Has a password."""

    user: str
    password: str


class TestNames:
    """Which entries are secret is told by their names, and for most tokens by their looks."""

    @pytest.mark.parametrize(
        "name",
        ["password", "db_password", "passwd", "passphrase", "secret", "client_secret", "api_key", "OPENAI_API_KEY"]
        + ["aws_access_key", "aws_secret_key", "private_key", "api-key", "API_KEY"]
        + ["token", "TOKEN", "auth_token", "access_token", "api_token", "bearer_token", "refresh_token"]
        + ["session_token", "my_access_token", "hf_token", "HF_TOKEN", "github-token", "GH_TOKEN", "wandb_token"],
    )
    def test_secret_names(self, name):
        """A name that is or ends in a secret word, or says whose token it is, is secret, in any case, `_` or `-`."""
        assert Names().covers(("group", name), "x")

    @pytest.mark.parametrize(
        "name",
        ["tokens", "passwords", "secrets", "api_keys", "key", "tokenizer", "max_tokens", "broken", "", 3, None]
        + ["cls_token", "pad_token", "eos_token", "mask_token", "unk_token", "token_type", "secretary", "passwordless"],
    )
    def test_other_names(self, name):
        """Plurals, other words and tokens of a vocabulary are not, nor is what is no text."""
        assert not Names().covers((name,), "<pad>")

    @pytest.mark.parametrize(
        "value",
        [
            "ghp_0123456789",
            "abcdefghij0123456789",
            "sk-abcdef",
            "123456789:AAbbccddeeffgghhiijj",
            "eyJhbGciOiJIUzI1NiJ9",
        ],
    )
    def test_what_looks_like_a_credential(self, value):
        """Any `*_token` is secret where its value is long, of letters and digits, or begins as credentials do."""
        assert Names().covers(("my_token",), value)

    @pytest.mark.parametrize(
        "value",
        [
            "<pad>",
            "[MASK]",
            "mean",
            "<|reserved_special_token_250|>",
            "a b c d e f g h i j k 1 2 3",
            "averyveryverylongword",
        ]
        + ["01234567890123456789", "hf_x", "</s>", "<|start_header_id|>", "▁the"],
    )
    def test_what_does_not(self, value):
        """Short values, words, and those with blanks or signs that no credential has, are shown."""
        assert not Names().covers(("pad_token",), value)

    def test_only_texts_are_secret(self):
        """Numbers, None and the empty text are shown under any name."""
        assert [False, False, False, True] == [Names().covers(("token",), value) for value in (3, None, "", "x")]

    @pytest.mark.parametrize(
        ("said", "path"),
        [
            ({"secret": ["pin"]}, ("pin",)),
            ({"secret": ["pin"]}, ("card", "pin")),
            ({"secret": ["card.pin"]}, ("my", "card", "pin")),
            ({"secret": ["*_dsn"]}, ("db", "main_dsn")),
            ({"secret": ["card"]}, ("card", "numbers", 0)),
            ({"secret": ["pin"], "public": ["p*"]}, ("pin",)),
            ({"secret": ["card.pin"], "public": ["card"]}, ("card", "pin")),
            ({"secret": ["p*"], "public": ["q*"]}, ("pin",)),
        ],
    )
    def test_what_is_named_is_secret(self, said, path):
        """Names and patterns are held against the end of a path; what is deeper, then what is exact, prevails."""
        names = Names(tuple(said.get("secret", ())), tuple(said.get("public", ())))

        assert names.covers(path, "x")
        assert names.covers(path, 1234)
        assert not names.covers(path, None)

    @pytest.mark.parametrize(
        ("said", "path"),
        [
            ({"secret": ["card.pin"]}, ("pin",)),
            ({"public": ["password"]}, ("db", "password")),
            ({"public": ["*_token"]}, ("hf_token",)),
            ({"public": ["db"]}, ("db", "password")),
            ({"secret": ["p*"], "public": ["password"]}, ("password",)),
            ({"secret": ["db"], "public": ["db.user"]}, ("db", "user")),
        ],
    )
    def test_what_is_named_is_public(self, said, path):
        """What is said to be public is shown, whatever it is called."""
        assert not Names(tuple(said.get("secret", ())), tuple(said.get("public", ()))).covers(path, "x")


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

    def test_json_of_a_secret_is_its_text(self):
        """A library that dumps a Secret gets the text: masking is for what expframe stores."""
        assert '"hunter2"' == json.dumps(Secret("hunter2"))


class TestFingerprints:
    """What stands for a secret tells it from another, by the store's own salt, and nothing else."""

    @staticmethod
    def masked(secret, salt=b"one"):
        """Return what stands for a secret."""
        return Masking(salt=lambda: salt).value({"api_key": secret})["api_key"]

    def test_the_same_secret_is_the_same(self):
        """With a common salt."""
        assert self.masked("a").is_same(self.masked("a")) is True
        assert self.masked("a").is_same(self.masked("b")) is False
        assert self.masked("a") == self.masked("a") != self.masked("b")

    def test_without_a_common_salt_nobody_knows(self):
        """Another store's, or none."""
        assert self.masked("a").is_same(self.masked("a", b"two")) is None
        assert self.masked("a", None).is_same(self.masked("a", None)) is None
        assert not same(self.masked("a", None), self.masked("a", None).__class__())
        assert same(self.masked("a", None), self.masked("b", None), unknown=True)

    def test_it_is_cut_to_24_bits(self):
        """Too few to tell which secret it is."""
        masked = self.masked("a")

        assert (6, 8) == (len(masked.fingerprint), len(masked.salt))
        assert MASK == masked
        assert masked == pickle.loads(pickle.dumps(masked)) == copy.deepcopy(masked)

    def test_urls_have_one_too(self):
        """A URL keeps its host, and tells one password from another."""
        one, two = (
            Masking(salt=lambda: b"one").value({"url": f"x://me:{word}@h"}, whole=True)["url"] for word in ("p", "q")
        )

        assert "x://********@h" == str(one) == str(two)
        assert one.is_same(two) is False

    def test_the_salt_is_asked_for_only_where_something_is_secret(self):
        """So that no file is made for nothing."""

        def refuse():
            raise AssertionError("asked")

        assert {"lr": 1} == Masking({"lr": 1}, salt=refuse).value({"lr": 1})


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
    assert masked == mask_urls(text) == Masking().text(text)


def test_passwords_of_urls_are_found():
    """The password, or a name as long as a token."""
    assert {"hunter2"} == credentials_in("postgres://me:hunter2@host/db")
    assert set() == credentials_in("ssh://git@host")
    assert {"ghp_0123456789abcdef"} == credentials_in("https://ghp_0123456789abcdef@github.com")


def test_secrets_in_text():
    """Secrets are masked where they stand, longer ones first, also as reprs and JSON write them; short ones are not."""
    masking = Masking({"token": ["hunter2-1", "hunter2-12", 'say "hunter"\n', "cat", "password"]})

    assert f"<{MASK}> <{MASK}>" == masking.text("<hunter2-1> <hunter2-12>")
    for form in (repr, json.dumps):
        assert "hunter" not in masking.text(form('say "hunter"\n'))
    assert "a cat has no ********" == masking.text("a cat has no password")


def test_lines_of_a_key_are_secret_each():
    """A key of many lines is found where its lines are indented."""
    lines = ["-----BEGIN PRIVATE KEY-----", "MIIEvQIBADANBgkqhkiG9w0B", "AQEFAASCBKcwggSjAgEAAoIB"]
    shown = Masking({"private_key": "\n".join(lines)}).text("".join(f"  | {line}\n" for line in lines))

    assert not any(line in shown for line in lines[1:])


def test_masked_copies():
    """Secrets are masked by name at any depth, in lists and tuples as well, and the data is left alone."""
    data = {"db": {"password": "p", "port": 1}, "token": ["a", ("b",)], "url": "x://a:b@c", "list": [{"secret": "s"}]}
    before = copy.deepcopy(data)

    assert {
        "db": {"password": MASK, "port": 1},
        "token": [MASK, (MASK,)],
        "url": f"x://{MASK}@c",
        "list": [{"secret": MASK}],
    } == Masking().value(data)
    assert before == data


@pytest.mark.parametrize(
    "value",
    [
        {"api_key": LONG},
        {"a": [{"db_password": LONG}]},
        {"token": [LONG, (LONG,)]},
        {"secret": {LONG}},
        {"private_key": frozenset([LONG])},
        {1: {"secret": LONG}},
        {"password": {1: LONG}},
        {LONG: 1},
        {("a", LONG): [LONG]},
        Secret(LONG),
        LONG,
        f"say {LONG}",
        LONG.encode(),
        bytearray(LONG.encode()),
        Path("/home") / LONG,
        f"postgres://me:{LONG}@host/db",
        {"x": (f"https://{LONG}@host",)},
        Login("me", LONG),
        Login(LONG, ""),
        Thing(password=LONG, parts=[{"api_key": LONG}]),
        Thing(deep=[Login("me", LONG)], path=Path(LONG), data=LONG.encode()),
        numpy.array([Secret(LONG), LONG], dtype=object),
        numpy.array([["a", f"<{LONG}>"]]),
        numpy.array([LONG.encode()]),
        numpy.array([(1, LONG)], dtype=[("n", int), ("text", "U20")]),
        {"access_key": numpy.str_(LONG)},
        KeyError(LONG),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_value_holds_a_secret(value):
    """Whatever it is in: neither the copy nor its JSON shows it."""
    shown = Masking({"password": LONG}).value(value)

    assert LONG not in repr(shown)
    assert LONG not in json.dumps(to_json(shown))
    assert LONG not in repr(getattr(shown, "__dict__", None))


def test_what_is_made_of_a_secret_is_one():
    """A text of a config that holds a secret stands as the mask, whole; a URL keeps its host."""
    data = {"made": f"<{LONG}>", "url": f"x://me:{LONG}@host", "deep": [(f"a {LONG}",)], "plain": "p"}
    shown = Masking({"password": LONG}).value(data, whole=True)

    assert {"made": MASK, "url": f"x://{MASK}@host", "deep": [(MASK,)], "plain": "p"} == shown
    assert [Masked, Masked, Masked, str] == [
        *map(type, (shown["made"], shown["url"], shown["deep"][0][0], shown["plain"]))
    ]


def test_secrets_in_a_config():
    """Secrets are found at any depth, under names, as Secrets, in objects, and as passwords in URLs."""
    data = {
        "api_key": "one",
        "deep": [{"password": "two"}, Secret("three")],
        "url": "postgres://me:four@host/db",
        "clone": "https://ghp_0123456789abcdef@github.com",
        "lr": 0.1,
        "ssh": "ssh://git@host",
        "set": {Secret("five")},
        "login": Login("me", "six"),
        "bytes": {"token": b"seven"},
    }

    expected = {"one", "two", "three", "four", "five", "six", "seven", "ghp_0123456789abcdef"}
    assert expected == Masking(data).texts == Masking(freeze(data)).texts


def test_a_container_that_contains_itself():
    """Secrets in it are masked all the same, and it ends."""
    data = {"password": LONG}
    data["self"] = data
    shown = Masking(data).value(data)

    assert LONG not in repr(shown)
    assert LONG not in json.dumps(to_json(shown))


@pytest.mark.parametrize(
    ("words", "masked"),
    [
        (["api_key=abc"], [f"api_key={MASK}"]),
        (["db.password='a b'"], [f"db.password={MASK}"]),
        (["+new.token=x", "token+=y"], [f"+new.token={MASK}", f"token+={MASK}"]),
        (["--api-token", "abc", "with"], ["--api-token", MASK, "with"]),
        (["--api-token=abc"], [f"--api-token={MASK}"]),
        (["url=postgres://a:b@c/d"], [f"url=postgres://{MASK}@c/d"]),
        (["postgres://a:b=c@c/d"], [f"postgres://{MASK}@c/d"]),
        (["db={'password': 'pw'}"], [f"db={{'password': '{MASK}'}}"]),
        (["tokenizer={'pad_token': '<pad>'}"], ["tokenizer={'pad_token': '<pad>'}"]),
        (["lr=1", "--debug", "with"], ["lr=1", "--debug", "with"]),
        ([f"api_key={LONG}", f"x={LONG}"], [f"api_key={MASK}", f"x={MASK}"]),
        (["cls_token=mean", "model=roberta-mean-pool"], ["cls_token=mean", "model=roberta-mean-pool"]),
        (["my_token=ghp_0123456789"], [f"my_token={MASK}"]),
        ([], []),
    ],
)
def test_words_of_a_command_line(words, masked):
    """Values of secret names are masked whole, and wherever else they stand."""
    assert tuple(masked) == Masking(words=words).words(words)


def test_secrets_of_words():
    """The texts that words give to secret names are found, as they are written and as they are read."""
    assert {"'a b'", "a b"} == Masking(words=["password='a b'"]).texts
    assert {"abc"} == Masking(words=["--api-token", "abc"]).texts
    assert {"pw"} == Masking(words=["db={'password': 'pw'}"]).texts


def test_a_vocabulary_eats_no_text():
    """Tokens of a tokenizer's config are shown, and nothing that holds the same words is masked."""
    config = {"cls_token": "mean", "pad_token": "<pad>", "model": "roberta-mean-pool"}
    masking = Masking(config)

    assert config == masking.value(config, whole=True)
    assert "the mean is <pad>" == masking.text("the mean is <pad>")


def test_what_is_named_is_masked_of_whatever_type():
    """What is said to be secret on purpose is masked as a number, bytes or object too."""
    names = Names(("pin", "vault"))
    shown = Masking(names=names).value({"pin": 1234, "vault": {"a": b"x", "b": [1.5, None]}, "lr": 1})

    assert {"pin": MASK, "vault": {"a": MASK, "b": [MASK, None]}, "lr": 1} == shown


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text("abc _-", max_size=6),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abc_", min_size=1, max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON)
def test_what_holds_no_secret_is_as_it_was(data):
    """A value without secrets is equal to its copy, which shares no container with it."""
    shown = Masking({"password": LONG}).value(data, snapshot=True)

    assert same(data, shown)
    assert not isinstance(data, dict | list) or shown is not data


def test_a_snapshot_is_whole_while_another_thread_writes():
    """What changes while it is copied is never read as a repr, nor is anything of it torn."""
    info = {"a": {}, "b": [1], "thing": Thing(counts={})}
    stop = threading.Event()

    def change():
        number = 0
        while not stop.is_set():
            number += 1
            for place in (info["a"], info["thing"].counts):
                place[number] = number
                if len(place) > 200:
                    place.clear()
            info[f"new{number % 50}"] = [number]
            info.pop(f"new{(number + 25) % 50}", None)

    threads = [threading.Thread(target=change) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(150):
            written = json.dumps(to_json(Masking().value(info, snapshot=True)))
            assert '"object"' not in written
            assert isinstance(from_json(json.loads(written))["a"], dict)
    finally:
        stop.set()
        for thread in threads:
            thread.join()

"""Messages to Slack and Telegram, which servers on the loopback stand for."""

import asyncio
import json
import sys
import types
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import requests
import sacred_events as events
import sacred_servers

from expframe.compat.sacred import Experiment
from expframe.compat.sacred.observers import SlackObserver, TelegramObserver

TRACE = ["Traceback\n", "  x\n", "ValueError: no\n"]


@pytest.fixture
def server():
    """A server that keeps what it is sent."""
    with sacred_servers.Recorder() as server:
        yield server


def tell_all(observer):
    """Tell an observer three runs: one ends well, one is stopped, one fails."""
    events.start(observer, "7")
    observer.completed_event(stop_time=events.T2, result=0.5)
    events.start(observer, "8")
    observer.interrupted_event(interrupt_time=events.T2, status="TIMEOUT")
    events.start(observer, "9")
    observer.failed_event(fail_time=events.T2, fail_trace=TRACE)


# ---------------------------------------------------------------------------------------------------------- slack


def test_slack_is_told_of_each_end(server):
    """A message says how the run ended, as Sacred's does."""
    tell_all(SlackObserver(server.url))

    expected = [
        ":white_check_mark: *ex* completed after _2 hours, 1 minute, 2 seconds_ with result=`0.5`",
        ":warning: *ex* interrupted after _2 hours, 1 minute, 2 seconds_",
        ":x: *ex* failed after _2 hours, 1 minute, 2 seconds_ with `ValueError: no`",
    ]
    assert [{"username": "sacred-bot", "icon_emoji": ":angel:", "text": text} for text in expected] == server.bodies()
    headers = {name.lower(): value for name, value in server.requests[0][2].items()}
    assert ("application/json", "text/plain") == (headers["content-type"], headers["accept"])


def test_slack_texts_are_templates(server):
    """Texts name facts of the run; an attribute that is None sends nothing."""
    observer = SlackObserver(
        server.url,
        completed_text="{_id} {config[a]} {command} {host_info[hostname]} {result} {start_time} {stop_time}",
        interrupted_text="{status} {interrupt_time}",
        failed_text="{error} {fail_time} {fail_trace[0]}",
    )
    tell_all(observer)
    assert [
        "7 1 main h 0.5 2020-01-02 03:04:05.000678 2020-01-02 05:05:07.200000",
        "TIMEOUT 2020-01-02 05:05:07.200000",
        "ValueError: no 2020-01-02 05:05:07.200000 Traceback\n",
    ] == [body["text"] for body in server.bodies()]
    observer.completed_text = observer.interrupted_text = observer.failed_text = None
    tell_all(observer)

    assert 3 == len(server.requests)


@pytest.mark.parametrize("kind", ["slack", "telegram"])
def test_messages_of_nested_runs_name_their_own(server, kind):
    """A run inside another changes nothing of what is said at the end of the outer one."""
    text = {"completed_text": "{config[x]} {result}", "started_text": None}
    if kind == "slack":
        observer = SlackObserver(server.url, completed_text=text["completed_text"])
    else:
        observer = TelegramObserver(Bot(server.url), 12, **text)
    ex = Experiment("nested")
    ex.observers.append(observer)
    ex.add_config(x="outer")

    @ex.command
    def inner():
        return "of inner"

    @ex.main
    def outer():
        ex.run("inner", {"x": "inner"})
        return "of outer"

    ex.run()

    assert ["inner of inner", "outer of outer"] == [body["text"] for body in server.bodies()]


def test_slack_texts_may_be_made(server):
    """A subclass makes texts of its own."""

    class Mine(SlackObserver):
        def get_completed_text(self):
            return f"mine {self.run['_id']}"

    observer = Mine(server.url)
    events.start(observer, 3)
    observer.completed_event(events.T2, None)

    assert "mine 3" == server.bodies()[0]["text"]


def test_a_message_that_slack_refuses_is_an_error(server):
    """The run says what was not sent."""
    server.answer = lambda *request: (403, {}, b"no")
    observer = SlackObserver(server.url)
    events.start(observer)
    with pytest.raises(requests.HTTPError, match="403"):
        observer.completed_event(events.T2, None)


def test_slack_comes_from_a_file():
    """Any config file holds the arguments."""
    Path("slack.yaml").write_text("webhook_url: http://x\nicon: ':x:'\n")
    observer = SlackObserver.from_config("slack.yaml")

    assert ("http://x", ":x:", 10) == (observer.webhook_url, observer.icon, observer.priority)


# ------------------------------------------------------------------------------------------------------- telegram


class Bot:
    """Speaks the Bot API to a server."""

    def __init__(self, url, token="token"):
        self.url = f"{url}/bot{token}/sendMessage"

    def send_message(self, **message):
        """Post a message."""
        request = urllib.request.Request(self.url, json.dumps(message).encode(), {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.read()
        except urllib.error.HTTPError as problem:
            problem.close()
            raise


class AsyncBot(Bot):
    """The same, as python-telegram-bot does it since its version 20."""

    is_open = False

    async def __aenter__(self):
        self.is_open = True

    async def __aexit__(self, *error):
        self.is_open = False

    async def send_message(self, **message):
        """Post a message."""
        assert self.is_open
        await asyncio.sleep(0)
        return super().send_message(**message)


class AwaitableBot(Bot):
    """Returns something to wait for."""

    def send_message(self, **message):
        """Return a coroutine that posts a message."""

        async def send():
            return Bot.send_message(self, **message)

        return send()


@pytest.mark.parametrize("kind", [Bot, AsyncBot, AwaitableBot])
def test_telegram_is_told_of_start_and_end(server, kind):
    """Messages say what Sacred's say; the start is silent."""
    tell_all(TelegramObserver(kind(server.url), 12))

    started = "♻ *ex* started at _2020-01-02 03:04:05.000678_ on host `h`"
    failed = "❌ *ex* failed after _2 hours, 1 minute, 2 seconds_ with `ValueError: no`\n\nBacktrace:\n```"
    assert [
        (started, True),
        ("✅ *ex* completed after _2 hours, 1 minute, 2 seconds_ with result=`0.5`", False),
        (started, True),
        ("⚠ *ex* interrupted after _2 hours, 1 minute, 2 seconds_", False),
        (started, True),
        (failed + "".join(TRACE) + "```", False),
    ] == [(body["text"], body["disable_notification"]) for body in server.bodies()]
    assert {(12, "Markdown")} == {(body["chat_id"], body["parse_mode"]) for body in server.bodies()}


def test_telegram_works_inside_a_running_loop(server):
    """An async bot is used from a notebook, too."""

    async def main():
        tell_all(TelegramObserver(AsyncBot(server.url), 12))

    asyncio.run(main())

    assert 6 == len(server.requests)


def test_telegram_texts_are_templates(server):
    """Texts are the caller's; None sends nothing; an end may be silent."""
    observer = TelegramObserver(
        Bot(server.url),
        12,
        silent_completion=True,
        started_text=None,
        completed_text="{_id}",
        failed_text="{backtrace}",
    )
    tell_all(observer)

    assert [
        ("7", True),
        ("⚠ *ex* interrupted after _2 hours, 1 minute, 2 seconds_", False),
        ("".join(TRACE), False),
    ] == [(body["text"], body["disable_notification"]) for body in server.bodies()]


def test_long_tracebacks_fit_into_a_message(server):
    """Of a long traceback the end is sent."""
    observer = TelegramObserver(Bot(server.url), 12, started_text=None)
    events.start(observer)
    observer.failed_event(events.T2, ["line\n"] * 2000 + ["ValueError: last\n"])

    (body,) = server.bodies()
    assert 4096 == len(body["text"])
    assert body["text"].endswith("ValueError: last\n```")


def test_what_is_no_markdown_is_sent_plainly(server):
    """A text that Telegram cannot parse is sent without marks."""
    server.answer = lambda method, path, headers, body: (400 if b"parse_mode" in body else 200, {}, b"")
    events.start(TelegramObserver(Bot(server.url), 12))

    assert [True, False] == ["parse_mode" in body for body in server.bodies()]


@pytest.mark.parametrize("kind", [Bot, AsyncBot])
def test_what_telegram_refuses_is_logged(server, kind, caplog):
    """A message that cannot be sent does not hurt the run."""
    server.answer = lambda *request: (500, {}, b"no")
    events.start(TelegramObserver(kind(server.url), 12))

    assert "failed to send message via telegram: HTTP Error 500" in caplog.text
    assert {"telegram-observer"} == {record.name for record in caplog.records}


def test_telegram_comes_from_a_file(monkeypatch):
    """A config file holds token, chat, texts and proxy."""
    made = types.SimpleNamespace(Bot=lambda token, **more: (token, more))
    monkeypatch.setitem(sys.modules, "telegram", made)
    request = types.SimpleNamespace(HTTPXRequest=lambda proxy: proxy)
    monkeypatch.setitem(sys.modules, "telegram.request", request)
    about = {"token": "t", "chat_id": 3, "completed_text": None, "silent_completion": True}
    Path("telegram.json").write_text(json.dumps(about))
    proxy = {"proxy_url": "http://proxy:1", "username": "u", "password": "p@"}
    Path("proxy.json").write_text(json.dumps({**about, **proxy}))
    Path("wrong.json").write_text('{"token": "t"}')
    observer = TelegramObserver.from_config("telegram.json")

    assert (("t", {}), 3, None, True) == (
        observer.bot,
        observer.chat_id,
        observer.completed_text,
        observer.silent_completion,
    )
    assert ("t", {"request": "http://u:p%40@proxy:1"}) == TelegramObserver.from_config("proxy.json").bot
    with pytest.raises(ValueError, match="must contain entries for 'token' and 'chat_id'"):
        TelegramObserver.from_config("wrong.json")

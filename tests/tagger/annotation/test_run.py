"""Whole runs of the command against a scripted endpoint: what is sent, kept, and asked again."""

from __future__ import annotations

import errno
import io
import json
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from launch.cli import main
from tagger.annotation.prompt import GUIDE_FILE, load_guide
from tagger.annotation.raw_log import read_log
from tagger.taxonomies.files import load_taxonomy
from tagger.taxonomies.taxonomy import REASONTYPE
from tagger.traces.labelled import read_labelled
from tests.tagger.annotation.scripted import (
    KEY,
    Answer,
    Request,
    ScriptedServer,
    completion,
    labels,
    serving,
    tag_for,
)

STEPS = 4
TRACES = 5
FAST = ("first_wait=0.01", "steps=2", "context=1")
Run = Callable[..., tuple[int, str, str]]


def rows(count: int = TRACES) -> list[dict[str, Any]]:
    """Traces of four steps: two requests each with steps=2."""
    return [
        {"id": f"t{i}", "question": f"q{i}", "steps": [f"t{i} step {j}" for j in range(STEPS)]}
        for i in range(count)
    ]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    # Each client reads all certificates anew, which plain http needs none of.
    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", lambda *_, **__: None)
    write(tmp_path, rows())
    return tmp_path


def write(folder: Path, content: list[dict[str, Any]]) -> None:
    text = "".join(json.dumps(row) + "\n" for row in content)
    (folder / "traces.jsonl").write_text(text, encoding="utf-8")


def argv(folder: Path, url: str, *words: str) -> list[str]:
    return [
        *("tagger", "annotate", str(folder / "traces.jsonl")),
        *("--output", str(folder / "labels.jsonl"), "--model", "m", "--base-url", url),
        *FAST,
        *words,
    ]


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command in this process; exit code, standard output, standard error."""

    def go(server: ScriptedServer | str, *words: str, yes: bool = True) -> tuple[int, str, str]:
        url = server if isinstance(server, str) else server.url
        code = main([*argv(folder, url, *words), *(["--yes"] if yes else [])])
        out, err = capsys.readouterr()
        for file in folder.iterdir():
            assert KEY not in file.read_text(encoding="utf-8")
        assert KEY not in out + err
        return code, out, err

    return go


def log_of(folder: Path, kind: str = "answer") -> list[dict[str, Any]]:
    return [row for row in read_log(folder / "labels.raw.jsonl") if row["kind"] == kind]


def labelled(folder: Path) -> dict[str, dict[int, str]]:
    tag = {t.name: t.tag for t in REASONTYPE.types}
    found = read_labelled(folder / "labels.jsonl")
    return {t.id: {i: tag[name] for i, name in t.labels.items()} for t in found}


def expected(count: int = TRACES) -> dict[str, dict[int, str]]:
    return {r["id"]: {i: tag_for(s) for i, s in enumerate(r["steps"])} for r in rows(count)}


def test_a_run_from_end_to_end(folder: Path, run: Run) -> None:
    content = rows()
    content[0] |= {"model": "R1", "dataset": "gsm8k", "reference": "7", "thinking": "unused"}
    write(folder, content)
    with serving() as server:
        code, out, _ = run(server, "concurrency=3")
    assert code == 0
    assert labelled(folder) == expected()
    assert f"{TRACES * STEPS} labelled steps of {TRACES} traces" in out

    first = json.loads((folder / "labels.jsonl").read_text().splitlines()[0])
    assert first.pop("labels") == {str(i): t for i, t in expected()["t0"].items()}
    assert first == {
        "id": "t0",
        "question": "q0",
        "steps": content[0]["steps"],
        "alternatives": {},
        "dataset": "gsm8k",
        "model": "R1",
        "reference": "7",
        "source": "annotate:m",
        "taxonomy": "reasontype",
        "guide": load_guide(None, REASONTYPE).sha256,
    }

    assert len(server.requests) == TRACES * 2
    assert set(server.times_asked().values()) == {1}
    sent = next(r for r in server.requests if r.asked == [2, 3] and "q0" in r.user)
    assert sent.headers["authorization"] == f"Bearer {KEY}"
    assert sent.body["messages"][0]["content"].startswith(GUIDE_FILE.read_text("utf-8").rstrip())
    assert sent.user.startswith('<question>\nq0\n</question>\n\n<step number="1">\nt0 step 1\n')
    assert (sent.body["model"], sent.body["temperature"]) == ("m", 0.0)
    assert sent.body["max_tokens"] == 1000
    form = sent.body["response_format"]
    assert (form["type"], form["json_schema"]["strict"]) == ("json_schema", True)
    answers = {a["key"]: a["body"] for a in log_of(folder)}
    assert len(answers) == TRACES * 2
    assert sorted(answers.values()) == sorted(completion(labels(r)) for r in server.requests)


def test_no_more_requests_at_once_than_allowed(folder: Path, run: Run) -> None:
    write(folder, rows(12))
    with serving(lambda n, r: Answer(completion(labels(r)), delay=0.05)) as server:
        assert run(server, "concurrency=3")[0] == 0
    assert server.most_at_once == 3
    # The first goes alone.
    assert server.requests[1].at - server.requests[0].at >= 0.05


def test_alternatives_are_kept(folder: Path, run: Run) -> None:
    def script(_: int, request: Request) -> Answer:
        entries = [{"step": i, "tag": "CASE", "alternative": "META"} for i in request.asked]
        return Answer(completion(json.dumps({"labels": entries})))

    with serving(script) as server:
        run(server)
    row = json.loads((folder / "labels.jsonl").read_text().splitlines()[0])
    assert row["alternatives"] == {str(i): "META" for i in range(STEPS)}


def test_another_taxonomy_is_asked_for_in_its_own_words(folder: Path, run: Run) -> None:
    taxonomy = load_taxonomy("thought-anchors")
    tag = taxonomy.tags[2]

    def script(_: int, request: Request) -> Answer:
        entries = [{"step": i, "tag": tag} for i in request.asked]
        return Answer(completion(json.dumps({"labels": entries})))

    with serving(script) as server:
        assert run(server, "taxonomy=thought-anchors")[0] == 0
    system = server.requests[0].body["messages"][0]["content"]
    assert all(f"| {t.tag} | {t.name} | {t.definition} |" in system for t in taxonomy.types)
    assert "VERIFY" not in system
    for trace in read_labelled(folder / "labels.jsonl", taxonomy):
        assert set(trace.labels.values()) == {taxonomy.types[2].name}
        assert trace.about["taxonomy"] == "thought-anchors"


def test_only_steps_that_are_labelled_already(folder: Path, run: Run) -> None:
    write(folder, [row | {"labels": {"1": "CASE", "3": "META"}} for row in rows()])
    with serving() as server:
        run(server, "only_labelled=true")
    assert {tuple(r.asked) for r in server.requests} == {(1, 3)}
    assert labelled(folder)["t0"] == {i: expected()["t0"][i] for i in (1, 3)}


def test_429_is_waited_out_by_all(folder: Path, run: Run) -> None:
    def script(number: int, _: Request) -> Answer | None:
        return Answer("slow down", 429, {"Retry-After": "1"}) if number == 2 else None

    with serving(script) as server:
        code, *_ = run(server, "concurrency=1")
    assert code == 0
    assert labelled(folder) == expected()
    assert server.requests[3].at - server.requests[2].at >= 1.0
    assert server.requests[3].user == server.requests[2].user
    assert [f["status"] for f in log_of(folder, "failure")] == [429]


def test_a_wait_that_is_too_long_ends_the_run(folder: Path, run: Run) -> None:
    def script(number: int, _: Request) -> Answer | None:
        return Answer("later", 429, {"Retry-After": "3600"}) if number == 2 else None

    with serving(script) as server:
        code, _, err = run(server, "concurrency=1")
    assert code == 2
    assert "answered 429 (later) and asks to wait 3600 s, more than max_wait" in err
    assert sum(len(tags) for tags in labelled(folder).values()) == 4


def test_500s_and_lost_answers_are_tried_again(folder: Path, run: Run) -> None:
    def script(number: int, request: Request) -> Answer | None:
        if number in (0, 1, 4):
            return Answer("oops", 500 + number)
        return Answer(completion(labels(request)), delay=1.5 if number == 6 else 0)

    with serving(script) as server:
        assert run(server, "concurrency=1", "timeout=1")[0] == 0
    assert labelled(folder) == expected()
    failures = log_of(folder, "failure")
    assert [f["status"] for f in failures] == [500, 501, 504, None]
    assert failures[3]["told"] == "gave no whole answer in 1 s"
    assert failures[3]["prompt_tokens"] > 0  # it may have been billed
    assert len(server.requests) == TRACES * 2 + 4


def test_an_endpoint_that_goes_down_and_comes_back(folder: Path, run: Run) -> None:
    down = threading.Event()

    def script(number: int, _: Request) -> Answer | None:
        if number >= 4:
            down.set()
        return Answer("no", 503) if down.is_set() else None

    with serving(script) as server:
        code, _, err = run(server, "concurrency=1", "retries=1", "max_failures=2")
        assert code == 2
        assert err.splitlines()[-1] == (
            f"suffice: {server.url} answered 503 (no), 2 requests in a row without a label; every "
            f"answer is kept in {folder / 'labels.raw.jsonl'}; run the same command with --resume "
            "to continue."
        )
        assert len(server.requests) == 4 + 2 * 2
        assert labelled(folder) == {k: expected()[k] for k in ("t0", "t1")}
    with serving() as server:
        assert run(server, "--resume")[0] == 0
        assert len(server.requests) == TRACES * 2 - 4
    assert labelled(folder) == expected()


def test_an_endpoint_that_was_never_there(folder: Path, run: Run) -> None:
    with serving() as server:
        url = server.url
    code, _, err = run(url, "retries=2")
    assert code == 2
    assert err.splitlines()[-1].startswith(f"suffice: {url} could not be reached (")
    # The first request alone finds it out.
    assert len(log_of(folder, "failure")) == 3
    assert not (folder / "labels.jsonl").exists()
    with serving() as server:
        assert run(server, "--resume")[0] == 0
    assert labelled(folder) == expected()


@pytest.mark.parametrize("status", [401, 404])
def test_what_no_request_can_mend_ends_the_run_at_once(folder: Path, run: Run, status: int) -> None:
    with serving(lambda n, r: Answer(f"bad key {KEY}", status)) as server:
        code, _, err = run(server)
    assert (code, len(server.requests)) == (2, 1)
    assert f"{server.url} answered {status} (bad key [API key])" in err


def test_a_key_in_an_answer_is_blotted_out(folder: Path, run: Run) -> None:
    with serving(lambda n, r: Answer(completion(labels(r) + KEY))) as server:
        assert run(server)[0] == 0  # `run` looks for the key in all files
    assert "[API key]" in log_of(folder)[0]["body"]


def test_one_request_that_is_refused_does_not_stop_the_others(folder: Path, run: Run) -> None:
    def script(_: int, request: Request) -> Answer | None:
        return Answer("too long", 400) if "t2 step 2" in request.user else None

    with serving(script) as server:
        code, out, err = run(server)
    assert code == 2
    assert "2 steps got no answer, because their requests failed" in err
    assert len(server.requests) == TRACES * 2
    assert labelled(folder) == expected() | {"t2": {i: expected()["t2"][i] for i in (0, 1)}}


def test_parts_that_an_endpoint_does_not_take_are_left_out(folder: Path, run: Run) -> None:
    def script(_: int, request: Request) -> Answer | None:
        for field in ("response_format", "temperature"):
            if field in request.body:
                return Answer(f"{field} is not supported", 422)
        if "max_tokens" in request.body:
            return Answer("use max_completion_tokens", 400)
        return None

    with serving(script) as server:
        assert run(server, "concurrency=3")[0] == 0
    assert len(server.requests) == TRACES * 2 + 3
    assert labelled(folder) == expected()


@pytest.mark.parametrize(
    ("bad", "fault"),
    [
        (completion("I would say VERIFY."), 'it holds no JSON object with a list "labels"'),
        (completion('{"labels": [{"step": 0, "ta', "length"), "it was cut at the token limit"),
        (completion('{"labels": [{"step": 7, "tag": "CASE"}]}'), "step 7 was not asked for"),
        (completion('{"labels": [{"step": 0, "tag": "CHECK"}]}'), "unknown tag 'CHECK'"),
        ("<html>hello</html>", "it is empty"),
        ('{"choices": []}', "it is empty"),
    ],
)
def test_nonsense_is_kept_and_asked_about_again(
    folder: Path, run: Run, bad: str, fault: str
) -> None:
    with serving(lambda n, r: Answer(bad) if n == 0 else None) as server:
        assert run(server)[0] == 0
    assert labelled(folder) == expected()
    assert len(server.requests) == TRACES * 2 + 1
    assert log_of(folder)[0]["body"] == bad
    again = server.requests[1].body["messages"]
    assert again[:2] == server.requests[0].body["messages"]
    assert fault in again[3]["content"]


def test_steps_with_nothing_but_nonsense_are_counted(folder: Path, run: Run) -> None:
    def script(_: int, request: Request) -> Answer | None:
        return Answer(completion("no")) if "q3" in request.user else None

    with serving(script) as server:
        code, out, _ = run(server, "answer_tries=2")
        assert code == 0
        assert "Without a label: 4 steps whose answers could not be used, 0 not" in out
        assert labelled(folder) == {k: v for k, v in expected().items() if k != "t3"}
        asked = len(server.requests)
        assert asked == 8 + 2 * 2
        # Nonsense is paid for too: it is not asked about again until more tries are allowed.
        assert run(server, "answer_tries=2", "--resume")[0] == 0
        assert len(server.requests) == asked
        assert run(server, "answer_tries=3", "--resume")[0] == 0
        assert len(server.requests) == asked + 2
        assert len(server.requests[-1].body["messages"]) == 4


def test_an_endpoint_of_pure_nonsense_is_left(folder: Path, run: Run) -> None:
    write(folder, rows(20))
    with serving(lambda n, r: Answer(completion("Moo."))) as server:
        code, _, err = run(server, "concurrency=1", "max_failures=3", "answer_tries=2")
    assert (code, len(server.requests)) == (2, 6)
    assert f"{server.url} brought no usable label (last answer: 'Moo.': it holds no JSON" in err
    assert "3 requests in a row" in err and "--resume" in err
    assert len(log_of(folder)) == 6


def test_an_error_that_comes_as_a_success_is_told(folder: Path, run: Run) -> None:
    with serving(lambda n, r: Answer('{"error": "upstream is asleep"}')) as server:
        code, _, err = run(server, "max_failures=1", "answer_tries=1")
    assert code == 2
    assert "upstream is asleep" in err.splitlines()[-1]


def test_a_full_disk_ends_the_run(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.fsync

    def full(descriptor: int) -> None:
        if os.fstat(descriptor).st_size > 4000:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    with serving() as server:
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            code, _, err = run(server, "concurrency=2")
        assert code == 2
        assert "labels.raw.jsonl cannot be written (No space left on device); mend that" in err
        asked = len(server.requests)
        assert 1 < asked < TRACES * 2
        assert run(server, "--resume")[0] == 0
    # All of them were written, though the disk did not confirm the last ones.
    assert len(server.requests) == TRACES * 2
    assert labelled(folder) == expected()


@pytest.mark.parametrize(
    ("words", "typed", "goes_on"),
    [((), "y\n", True), ((), "\n", False), ((), "", False)]
    + [(("--yes",), "", True), (("--yes", "max_requests=9"), "n\n", False)]
    + [(("--yes", "max_requests=9"), "yes\n", True)],
)
def test_on_a_terminal_the_user_is_asked(
    folder: Path,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    typed: str,
    goes_on: bool,
) -> None:
    terminal = io.StringIO(typed)
    terminal.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stdin", terminal)
    with serving() as server:
        code, _, err = run(server, *words, yes=False)
    most = 9 if "max_requests=9" in words else 10
    assert len(server.requests) == (most if goes_on else 0)
    if goes_on and not words:
        assert code == 0
    if not goes_on:
        assert err.splitlines()[-1].endswith("because you did not agree to the estimate.")


def test_the_budget_ends_the_run(folder: Path, run: Run) -> None:
    """The endpoint takes many times what was estimated; 0.1 a request at these prices.

    The first answer tells, so that even two requests at once do not pass the budget.
    """

    def script(_: int, request: Request) -> Answer:
        return Answer(completion(labels(request), usage=(100_000, 0)))

    prices = ("prompt_price=1", "answer_price=1", "concurrency=2")
    with serving(script) as server:
        code, _, err = run(server, *prices, "max_cost=0.45")
        assert code == 2
        assert "was asked no further, because the next request would pass max_cost=0.45;" in err
        spent = len(server.requests)
        assert spent == 4
        code, _, err = run(server, *prices, "max_cost=0.45", "--resume")
        assert "The estimate passes max_cost=0.45, and nobody is there to ask" in err
        assert len(server.requests) == spent
        assert run(server, *prices, "max_cost=2", "--resume")[0] == 0
    assert len(server.requests) == TRACES * 2
    assert labelled(folder) == expected()


def test_requests_are_counted_even_when_they_fail(folder: Path, run: Run) -> None:
    with serving(lambda n, r: Answer("", 500) if n % 2 else None) as server:
        code, _, err = run(server, "max_requests=12")
    assert code == 2
    assert "would pass max_requests=12" in err
    assert len(server.requests) == 12


def test_tokens_are_estimated_where_the_endpoint_does_not_count(folder: Path, run: Run) -> None:
    with serving(lambda n, r: Answer(completion(labels(r), usage=None))) as server:
        run(server)
    for row in log_of(folder):
        assert row["prompt_tokens"] > 1000
        content = json.loads(row["body"])["choices"][0]["message"]["content"]
        assert row["answer_tokens"] == -(-len(content) // 3)


def test_nothing_is_sent_before_it_is_agreed_to(folder: Path, run: Run) -> None:
    with serving() as server:
        code, _, err = run(server, yes=False)
        assert (code, err.splitlines()[-1]) == (
            2,
            "suffice: Nobody is there to agree to the estimate; add --yes.",
        )
        code, _, err = run(server, "max_requests=9")
        assert code == 2
        assert "The estimate passes max_requests=9" in err
        code, out, err = run(server, "--dry-run", yes=False)
        assert code == 0
        assert "Estimate: 10 requests," in err
        assert '<step number="1" label="yes">\nt0 step 1' in out
        assert server.requests == []
    assert [p.name for p in folder.iterdir()] == ["traces.jsonl"]


def test_nothing_of_the_users_is_overwritten(folder: Path, run: Run) -> None:
    output = folder / "labels.jsonl"
    with serving() as server:
        assert run(server, "--resume")[2].endswith("to resume from; leave --resume out.\n")
        output.write_text("mine")
        assert "labels.jsonl already exists and is never overwritten" in run(server)[2]
        output.unlink()
        assert run(server)[0] == 0
        assert "already exists" in run(server)[2]
        written = output.read_bytes()
        assert run(server, "--resume")[0] == 0
        assert output.read_bytes() == written
        output.write_bytes(written.replace(b"VERIFY", b"META") + b"\n")
        assert "labels.jsonl was changed since annotate wrote it" in run(server, "--resume")[2]
        output.unlink()
        assert run(server, "--resume")[0] == 0
        assert output.read_bytes() == written
        assert "made with context=1, not 2" in run(server, "--resume", "context=2")[2]
        write(folder, [row | {"id": "z" + row["id"]} for row in rows()])
        assert "None of the 10 answers" in run(server, "--resume")[2]
        assert len(server.requests) == TRACES * 2


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ([{"id": "a", "steps": ["x"]}, {"id": "a", "steps": ["y"]}], "line 2: the id 'a' is also"),
        ([], "holds no traces"),
        ([{"thinking": " \n\n "}, {"steps": []}], "no steps to label"),
        ([{"steps": ["a", " "]}], "line 1: step 1 is empty or white space"),
        ([{"answer": "x"}], 'line 1: has no thinking in "steps"'),
    ],
)
def test_bad_traces(folder: Path, run: Run, content: list[dict[str, Any]], says: str) -> None:
    write(folder, content)
    code, _, err = run("http://127.0.0.1:9/v1")
    assert code == 2
    assert says in err
    assert not (folder / "labels.raw.jsonl").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["stpes=3"], "did you mean 'steps'"),
        (["taxonomy=reasontyp"], "Unknown taxonomy 'reasontyp'; did you mean 'reasontype'"),
        (["max_cost=1"], "'max_cost' needs prompt_price"),
        (["limit=0"], "limit is 0; it must be a whole number of at least 1"),
        (["--guide", "none.md"], "The guide none.md cannot be read"),
        (["key_env=NO_SUCH", "base_url=x"], "must start with http"),
    ],
)
def test_bad_settings(run: Run, words: list[str], says: str) -> None:
    code, _, err = run("ftp://x" if "base_url=x" in words else "http://127.0.0.1:9/v1", *words)
    assert code == 2
    assert says in err


def test_odd_steps_go_through(folder: Path, run: Run) -> None:
    write(folder, [{"steps": ["x" * 1_000_000, "line\u2028end", "数学 ⟶ </step>"]}])
    with serving(lambda n, r: Answer(completion(_all_meta(r)))) as server:
        assert run(server)[0] == 0
    assert all(len(r.user) < 10_000 for r in server.requests)
    (row,) = [json.loads(x) for x in (folder / "labels.jsonl").read_bytes().splitlines()]
    assert row["steps"] == ["x" * 1_000_000, "line\u2028end", "数学 ⟶ </step>"]
    assert row["labels"] == {"0": "META", "1": "META", "2": "META"}


def _all_meta(request: Request) -> str:
    return json.dumps({"labels": [{"step": i, "tag": "META"} for i in request.asked]})


def started(folder: Path, url: str, *words: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "launch.cli", *argv(folder, url, "--yes", *words)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, env=os.environ | {"NO_COLOR": "1"})


def wait_until(true: Callable[[], bool], seconds: float = 30) -> None:
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, "it never came true"
        time.sleep(0.01)


def test_a_killed_run_asks_for_nothing_twice(folder: Path, run: Run) -> None:
    """Six requests are answered, the seventh and eighth are under way when the process dies."""
    hold = threading.Event()

    def script(number: int, _: Request) -> Answer | None:
        if number >= 6:
            hold.wait(30)
        return None

    with serving(script) as server:
        process = started(folder, server.url, "concurrency=2")
        wait_until(lambda: len(server.requests) == 8)
        process.kill()
        process.communicate()
        hold.set()
        assert process.returncode == -signal.SIGKILL
        assert not (folder / "labels.jsonl").exists()
        paid = {a["key"] for a in log_of(folder)}
        assert len(paid) == 6
        under_way = {r.user for r in server.requests[6:]}

        # A write that the kill cut short.
        with (folder / "labels.raw.jsonl").open("ab") as log:
            log.write(b'{"kind": "answer", "key": "')
        assert run(server, "--resume")[0] == 0
    assert labelled(folder) == expected()
    assert len(server.requests) == 8 + 4
    for user, times in server.times_asked().items():
        assert times == (2 if user in under_way else 1)


def test_ctrl_c_waits_for_what_is_under_way_and_writes(folder: Path, run: Run) -> None:
    hold = threading.Event()

    def script(number: int, _: Request) -> Answer | None:
        if number >= 4:
            hold.wait(30)
        return None

    with serving(script) as server:
        process = started(folder, server.url, "concurrency=2")
        wait_until(lambda: len(server.requests) == 6)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        wait_until(lambda: b"Ctrl-C again" in process.stderr.readline())  # type: ignore[union-attr]
        hold.set()
        _, err = process.communicate(timeout=30)
        assert process.returncode == 130
        assert b"run the same command with --resume to continue." in err
        assert len(server.requests) == 6
        assert sum(len(tags) for tags in labelled(folder).values()) == 6 * 2
        assert run(server, "--resume")[0] == 0
        assert len(server.requests) == TRACES * 2
    assert labelled(folder) == expected()


def test_ctrl_c_twice_does_not_wait(folder: Path) -> None:
    with serving(lambda n, r: Answer("", delay=20) if n >= 4 else None) as server:
        process = started(folder, server.url, "concurrency=2")
        wait_until(lambda: len(server.requests) == 6)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        wait_until(lambda: b"Ctrl-C again" in process.stderr.readline())  # type: ignore[union-attr]
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=15)
        assert process.returncode == 130
        assert time.monotonic() - began < 15
    assert sum(len(tags) for tags in labelled(folder).values()) == 4 * 2

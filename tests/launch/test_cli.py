"""Every command says what it does, at once, and imports nothing heavy to say it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from launch.cli import build_parser, main, parse
from launch.command import output_folder
from launch.commands import COMMANDS
from tagger.errors import UserError
from tests.launch.light import HELP_NEEDS_NOT, light

THINKING = "3 + 4 is 7.\n\nSo the answer is 7.\n\nWait, let me check: 7 - 4 is 3."
TRACE = {"id": "a", "thinking": THINKING}


def test_names_and_summaries_of_all_commands_are_in_the_help() -> None:
    done = light("--help", heavy=HELP_NEEDS_NOT)
    assert done.returncode == 0, done.stderr
    for command in COMMANDS:
        assert command.name.split()[0] in done.stdout


@pytest.mark.parametrize("command", ["tag", "compare", "train"])
def test_help_of_a_command_imports_nothing_it_does_not_need(command: str) -> None:
    done = light(command, "--help", heavy=HELP_NEEDS_NOT)
    assert done.returncode == 0, done.stderr
    assert "example:" in done.stdout


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.name)
def test_help_shows_an_example_that_parses(
    command: object, capsys: pytest.CaptureFixture[str]
) -> None:
    name, example = command.name, command.example  # type: ignore[attr-defined]
    with pytest.raises(SystemExit) as exit_:
        main([*name.split(), "--help"])
    assert exit_.value.code == 0
    assert example in capsys.readouterr().out
    words = example.rpartition("suffice ")[2].split()
    assert parse(words).run is command.run  # type: ignore[attr-defined]


def test_tagging_is_light_and_prints_view_and_table() -> None:
    done = light("tag", "-", stdin=json.dumps(TRACE) + "\n")
    assert done.returncode == 0, done.stderr
    for part in ("VERIFY", "Wait, let me check: 7 - 4 is 3.", "3 steps in 1 trace"):
        assert part in done.stdout


def test_tagging_for_machines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, copy = tmp_path / "traces.jsonl", tmp_path / "tagged.jsonl"
    file.write_text((json.dumps(TRACE) + "\n") * 3)
    assert main(["tag", str(file), "--json", "--output", str(copy), "limit=2"]) == 0
    out = capsys.readouterr().out
    assert copy.read_text() == out
    records = [json.loads(line) for line in out.splitlines()]
    assert len(records) == 2
    assert [step["tag"] for step in records[0]["steps"]][-1] == "VERIFY"
    assert [step["text"] for step in records[0]["steps"]] == TRACE["thinking"].split("\n\n")
    assert main(["tag", str(file), "--json", "--output", str(copy)]) == 2
    assert copy.read_text() == out
    assert "never overwritten" in capsys.readouterr().err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["tagged.jsonl", "traces.jsonl"]


def test_the_view_shows_some_traces_and_counts_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "traces.jsonl"
    file.write_text("".join(json.dumps({**TRACE, "id": f"trace-{i}"}) + "\n" for i in range(3)))
    assert main(["tag", str(file), "show=1"]) == 0
    out = capsys.readouterr().out
    assert "trace-0" in out
    assert "trace-1" not in out
    assert "2 more traces not shown; show=3 shows all." in out
    assert "9 steps in 3 traces" in out


def test_a_reader_that_goes_away_is_no_error() -> None:
    traces = (json.dumps(TRACE) + "\n") * 2000
    code = "import sys; from launch.cli import main; sys.exit(main(['tag', '-', '--json']))"
    done = subprocess.run(
        f"{sys.executable} -c \"{code}\" | head -1 && exit ${{PIPESTATUS[0]}}",
        shell=True, executable="/bin/bash", input=traces, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1


def test_overrides_stand_anywhere() -> None:
    args = parse(["train", "a=1", "--seed", "3", "b.c=2", "--output", "x", "d=[1, 2]"])
    assert args.overrides == ["a=1", "b.c=2", "d=[1, 2]"]
    assert (args.seed, args.output) == (3, Path("x"))


def test_overrides_behind_files_may_be_mappings_and_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a=1.jsonl").touch()
    given = ["reward.terms={laser: {weight: 0.1}}", f"output={'x' * 300}"]
    args = parse(["rewards", "score", "run", *given, "a=1.jsonl:math"])
    assert args.overrides == given
    assert args.rollouts == ["run", "a=1.jsonl:math"]


@pytest.mark.parametrize(
    ("argv", "part"),
    [
        (["trian"], "Unknown command of suffice 'trian'; did you mean 'train'?"),
        (["tagger", "tran"], "Unknown command of suffice tagger 'tran'; did you mean 'train'?"),
        (["train", "--sead", "1"], "'--sead'; did you mean '--seed'?"),
        (["train", "--seed", "x"], "Argument --seed: 'x' is no whole number from 0 to 4294967295;"),
        (["train", "--seed"], "Argument --seed: expected one argument; see suffice train --help"),
        (["tag"], "Name a file, a folder, - or --dataset; see suffice tag --help."),
        (["evaluate", "samples=2"], "Name the policy before the settings"),
        (["train", "--resume", "x", "seed=1"], "keeps its own config, seed and folder"),
        (["quickstart", "--resume", "x", "--seed", "1"], "keeps its own config, seed and folder"),
        (["compare", "--resume", "x", "--output", "y"], "keeps its own folder"),
    ],
)
def test_bad_words_are_told_in_one_sentence(
    refused: Callable[..., str], argv: list[str], part: str
) -> None:
    assert part in refused(*argv)


def test_groups_and_the_bare_program_print_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert "quickstart" in capsys.readouterr().out
    assert main(["tagger"]) == 0
    assert "train the step tagger" in capsys.readouterr().out


def test_default_folders_are_new_and_existing_ones_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("time.strftime", lambda _: "now")
    assert output_folder(None, "train") == Path("runs/train-now")
    Path("runs/train-now").mkdir(parents=True)
    assert output_folder(None, "train") == Path("runs/train-now-2")
    assert output_folder(Path("mine"), "train") == Path("mine")
    with pytest.raises(UserError, match="never overwritten"):
        output_folder(Path("runs/train-now"), "train")


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    from importlib.metadata import version

    with pytest.raises(SystemExit):
        build_parser().parse_args(["--version"])
    assert capsys.readouterr().out == f"suffice {version('suffice')}\n"


def test_a_refusal_that_quotes_a_row_sends_no_control_characters(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "esc\x1b[31m.jsonl"
    file.write_text('{"a\\u001b[2J\\u009b": 1}\n')
    assert main(["tag", str(file)]) == 2
    said = capsys.readouterr().err
    assert "a␛[2J\ufffd" in said and "esc␛[31m.jsonl" in said
    assert "\x1b" not in said and "\x9b" not in said

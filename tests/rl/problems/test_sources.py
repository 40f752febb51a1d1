"""Sources of problems: data sets in local folders, named sets, reasoning-gym, keys that fit."""

import builtins
import json
from pathlib import Path
from typing import Any

import datasets
import pytest

from rl.problems.problem import score_answer
from rl.problems.registry import find_source, load_problems
from rl.problems.sources.named import named_sets
from tagger.errors import UserError

MATHS = [{"Frage": f"{i} + 1 = ?", "Antwort": str(i + 1), "level": i % 2} for i in range(5)]
COLUMNS = {"question": "Frage", "reference": "Antwort", "band": "level"}
GPQA = {
    "Question": "Which is a metal?",
    "Correct Answer": "Iron",
    "Incorrect Answer 1": "Neon",
    "Incorrect Answer 2": "Argon",
    "Incorrect Answer 3": "Xenon",
    "Record ID": "r1",
    "Subdomain": "Chemistry",
}
MMLU = {
    "question_id": 7,
    "question": "What is 2 + 3?",
    "options": ["4", "5", "6"],
    "answer": "B",
    "answer_index": 1,
    "category": "math",
}


def jsonl(folder: Path, rows: list[dict[str, Any]], name: str = "train.jsonl") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


@pytest.mark.parametrize("kind", ["disk", "dict", "parquet", "jsonl"])
def test_hf_reads_every_kind_of_folder(tmp_path: Path, cache: None, kind: str) -> None:
    folder = tmp_path / "set"
    table = datasets.Dataset.from_list(MATHS)
    if kind == "disk":
        table.save_to_disk(folder)
    elif kind == "dict":
        datasets.DatasetDict({"train": table}).save_to_disk(folder)
    elif kind == "parquet":
        folder.mkdir()
        table.to_parquet(folder / "train.parquet")
    else:
        jsonl(folder, MATHS)
    problems = load_problems(f"hf:{folder}", columns=COLUMNS)
    assert [(p.question, p.reference, p.band) for p in problems] == [
        (f"{i} + 1 = ?", str(i + 1), str(i % 2)) for i in range(5)
    ]
    assert [p.id for p in problems] == [f"set/train:{i}" for i in range(1, 6)]


def test_hf_draws_and_streams(tmp_path: Path) -> None:
    folder = f"hf:{jsonl(tmp_path / 'set', MATHS)}"
    two = load_problems(folder, size=2, seed=1, columns=COLUMNS)
    assert two == load_problems(folder, size=2, seed=1, columns=COLUMNS)
    streamed = load_problems(folder, size=4, columns=COLUMNS, settings={"streaming": True})
    assert len({p.question for p in streamed}) == 4


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"split": "tset"}, "Unknown split of data set .*'tset'; did you mean 'test'"),
        ({}, "has the splits .*; choose one by problems.split"),
        (
            {"split": "test", "columns": {"question": "Frge"}},
            "no column 'Frge', named by columns.q",
        ),
        ({"split": "test", "columns": {**COLUMNS, "reference": "leer"}}, "row 1: .*'leer'.* empty"),
        ({"split": "test", "size": 9, "columns": COLUMNS}, "size is 9, but .* holds 5 problems"),
        ({"split": "test", "settings": {"stream": True}}, "'stream'.*'streaming'"),
        ({"split": "test", "settings": {"streaming": True}}, "streaming needs problems.size"),
        ({"split": "test", "columns": {"frage": "Frage"}}, "columns.frage"),
        ({"split": "test", "config": "main", "columns": COLUMNS}, "BuilderConfig 'main' not found"),
    ],
)
def test_hf_refuses(tmp_path: Path, cache: None, keys: dict[str, Any], words: str) -> None:
    rows = [{**row, "leer": " "} for row in MATHS]
    jsonl(jsonl(tmp_path / "set", rows), rows, "test.jsonl")
    with pytest.raises(UserError, match=words):
        load_problems(f"hf:{tmp_path / 'set'}", **keys)


def test_hf_refuses_what_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    with pytest.raises(UserError, match="nobody/nothing cannot be loaded .* load it once with a n"):
        load_problems("hf:nobody/nothing")
    with pytest.raises(UserError, match="There is no folder"):
        load_problems(f"hf:{tmp_path}/none/at/all")


def test_named_set_maps_a_local_copy(tmp_path: Path) -> None:
    rows = [{"question": "2 + 3?", "answer": "2+3=<<2+3=5>>5\n#### 5"}]
    folder = jsonl(tmp_path / "gsm8k", rows, "test.jsonl")
    settings = {"path": str(folder)}
    (problem,) = load_problems("gsm8k", "test", settings=settings)
    assert (problem.reference, problem.metadata["checker"]) == ("5", "equivalent")
    with pytest.raises(UserError, match="split .*'train'"):
        load_problems("gsm8k", settings=settings)  # for training, and the copy has none
    with pytest.raises(UserError, match="math-500 has no split for this purpose"):
        load_problems("math-500", settings=settings)


def test_named_set_of_choices_shuffles_what_comes_first(tmp_path: Path) -> None:
    rows = [{**GPQA, "Question": f"{GPQA['Question']} {i}", "Record ID": str(i)} for i in range(24)]
    folder = jsonl(tmp_path / "gpqa", rows)
    problems = load_problems("gpqa-diamond", "test", settings={"path": str(folder)})
    assert {p.reference for p in problems} == set("ABCD")
    for problem in problems:
        assert f"\n({problem.reference}) Iron" in problem.question
        assert score_answer(problem, rf"\boxed{{{problem.reference}}}")
        assert score_answer(problem, "The answer is Iron.")
        assert not score_answer(problem, "The answer is Neon.")
    assert problems[0].id == "0" and problems[0].family == "Chemistry"


def test_named_set_of_choices_reads_letters(tmp_path: Path) -> None:
    folder = jsonl(tmp_path / "mmlu", [MMLU], "test.jsonl")
    (problem,) = load_problems("mmlu-pro", "test", settings={"path": str(folder)})
    assert problem.question == "What is 2 + 3?\n(A) 4\n(B) 5\n(C) 6"
    assert (problem.reference, problem.id, problem.family) == ("B", "7", "math")
    columns = {"question": "question", "choices": "options", "reference": "answer_index"}
    (by_place,) = load_problems(f"hf:{folder}", columns=columns)
    assert (by_place.question, by_place.reference) == (problem.question, "B")
    (by_name,) = load_problems(f"hf:{folder}", columns={"choices": "options"})
    assert (by_name.question, by_name.reference) == (problem.question, "B")


def test_named_set_keeps_its_reference_among_options_that_are_letters(tmp_path: Path) -> None:
    row = {**MMLU, "options": ["C", "A", "B"], "answer": "B", "answer_index": 1}
    folder = jsonl(tmp_path / "mmlu", [row], "test.jsonl")
    (problem,) = load_problems("mmlu-pro", "test", settings={"path": str(folder)})
    assert problem.question.endswith("(A) C\n(B) A\n(C) B")
    assert problem.reference == "B"


def test_named_sets_are_whole() -> None:
    sets = named_sets()
    assert {"gsm8k", "math", "math-500", "aime-2024", "aime-2025", "amc23"} < set(sets)
    assert {"gpqa-diamond", "mmlu-pro", "olympiadbench"} < set(sets)
    for name, entry in sets.items():
        assert entry.columns.question and entry.columns.reference, name
        assert find_source(name).splits == tuple(entry.splits)


def test_reasoning_gym_draws_by_name_and_settings() -> None:
    pytest.importorskip("reasoning_gym")
    settings = {"min_numbers": 3, "max_numbers": 3}
    problems = load_problems("reasoning_gym:countdown", size=3, seed=5, settings=settings)
    assert problems == load_problems("reasoning_gym:countdown", size=3, seed=5, settings=settings)
    for problem in problems:
        assert len(problem.metadata["numbers"]) == 3 and problem.family == "countdown"
        assert score_answer(problem, rf"\boxed{{{problem.reference}}}")
        assert not score_answer(problem, r"\boxed{1}")
    for name, keys, words in (
        ("countdwn", {}, "'countdwn'; did you mean 'countdown'"),
        ("countdown", {"min_numbrs": 3}, "'min_numbrs'; did you mean 'min_numbers'"),
        ("countdown", {"min_numbers": 99}, "refuses the settings .*max_numbers must be >="),
        ("countdown", {"seed": 1}, "is set by problems.seed"),
    ):
        with pytest.raises(UserError, match=words):
            load_problems(f"reasoning_gym:{name}", size=1, settings=keys)


def test_reasoning_gym_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("reasoning_gym"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UserError, match=r"pip install 'suffice\[reasoning-gym\]'"):
        load_problems("reasoning_gym:countdown", size=1)


@pytest.mark.parametrize(
    ("source", "keys", "words"),
    [
        ("{file}", {"split": "test"}, "'split' of problems .*a file holds one split"),
        ("{file}", {"config": "main"}, "'config' of problems"),
        ("{file}", {"settings": {"streaming": True}}, "'settings' of problems"),
        ("overthinker", {"columns": COLUMNS, "size": 1}, "'columns' of problems"),
        ("overthinker", {"settings": {"bands": 1}, "size": 1}, "bands of .* must be of type list"),
        ("overthinker", {"settings": {"band": ["easy"]}, "size": 1}, "did you mean 'bands'"),
        ("reasoning_gym:countdown", {"split": "test", "size": 1}, "another seed gives others"),
        ("reasoning_gym:countdown", {}, "size is missing"),
        ("gsm8k", {"columns": COLUMNS}, "a named set brings its own"),
        ("gsm9k", {}, "Unknown problem set 'gsm9k'; did you mean 'gsm8k'"),
        ("hub:gsm8k", {}, "hub:gsm8k does not exist; name a"),
        ("{file}", {"checker": "exakt"}, "Unknown checker 'exakt'"),
        ("{file}", {"columns": {"reference": "nil"}}, "line 1: there is no column 'nil'"),
    ],
)
def test_load_problems_refuses(
    tmp_path: Path, source: str, keys: dict[str, Any], words: str
) -> None:
    file = jsonl(tmp_path, [{"question": "1+1?", "answer": "2"}]) / "train.jsonl"
    with pytest.raises(UserError, match=words):
        load_problems(source.format(file=file), **keys)

"""Named sets in the layouts of their repositories: as a folder, and offline from both caches."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import datasets
import httpx
import pytest
from huggingface_hub.errors import HfHubHTTPError

from rl.problems.problem import score_answer
from rl.problems.registry import load_problems
from rl.problems.sources import hub
from tagger.errors import UserError
from tests.rl.problems.test_sources import GPQA, MMLU

COMMIT = "89abcdef01234567" * 2 + "89abcdef"
GSM8K = {"question": "2 + 3?", "answer": "2+3=<<2+3=5>>5\n#### 5"}
SOCRATIC = {"question": "2 + 3?", "answer": "What is it? ** <<2+3=5>>5\n#### 6"}
MATH = {"problem": "$1+1$?", "level": "Level 1", "type": "Algebra", "solution": r"It is \boxed{2}."}
MATH_500 = {
    "problem": "$1+1$?", "solution": r"\boxed{2}", "answer": "2", "subject": "Algebra",
    "level": 1, "unique_id": "test/algebra/1.json",
}  # fmt: skip
AIME_2024 = {
    "id": 60, "problem": "Find it.", "solution": r"\boxed{204}", "answer": "204",
    "url": "u", "year": "2024",
}  # fmt: skip
OLYMPIAD = {
    "id": 1606, "question": "Find $n$.", "solution": ["So 2."], "final_answer": ["2"],
    "modality": "Text-only", "is_multiple_answer": False, "unit": None,
    "answer_type": "Numerical", "subfield": "Algebra", "language": "English",
}  # fmt: skip


def card(*configs: tuple[str, str, str]) -> str:
    """Header of a repository's card: configuration, split and path of each."""
    entries = [
        f"- config_name: {name}\n  data_files:\n  - split: {split}\n    path: {path}\n"
        for name, split, path in configs
    ]
    return "---\nconfigs:\n" + "".join(entries) + "---\n\n# Data\n"


Layout = dict[str, list[dict[str, Any]] | str]
REPOSITORIES: dict[str, tuple[str, Layout, str]] = {
    "gsm8k": (
        "openai/gsm8k",
        {
            "README.md": card(("main", "test", "main/test-*"), ("socratic", "test", "socratic/*")),
            "main/test-00000-of-00001.parquet": [GSM8K],
            "socratic/test-00000-of-00001.parquet": [SOCRATIC],
        },
        "5",
    ),
    "math": (
        "DigitalLearningGmbH/MATH-lighteval",
        {
            "README.md": card(("default", "test", "data/test-*")),
            "data/test-00000-of-00001.parquet": [MATH],
        },
        "2",
    ),
    "math-500": ("HuggingFaceH4/MATH-500", {"README.md": "# M\n", "test.jsonl": [MATH_500]}, "2"),
    "aime-2024": (
        "HuggingFaceH4/aime_2024",
        {
            "README.md": card(("default", "train", "data/train-*")),
            "data/train-00000-of-00001.parquet": [AIME_2024],
        },
        "204",
    ),
    "aime-2025": (
        "math-ai/aime25",
        {"test.jsonl": [{"problem": "Find it.", "answer": "70", "id": "0"}]},
        "70",
    ),
    "amc23": (
        "math-ai/amc23",
        {
            "README.md": card(("default", "test", "data/test-*")),
            "data/test-00000-of-00001.parquet": [
                {"id": 0, "question": "Find it.", "answer": "27.0", "url": "u"}
            ],
        },
        "27",
    ),
    "gpqa-diamond": (
        "Idavidrein/gpqa",
        {
            "README.md": card(
                ("gpqa_extended", "train", "gpqa_extended.csv"),
                ("gpqa_diamond", "train", "gpqa_diamond.csv"),
            ),
            "gpqa_extended.csv": [{**GPQA, "Correct Answer": "Steel"}],
            "gpqa_diamond.csv": [GPQA],
        },
        "Iron",
    ),
    "mmlu-pro": (
        "TIGER-Lab/MMLU-Pro",
        {
            "README.md": card(("default", "test", "data/test-*")),
            "data/test-00000-of-00001.parquet": [MMLU],
        },
        "B",
    ),
    "olympiadbench": (
        "Hothan/OlympiadBench",
        {
            "README.md": card(
                ("OE_TO_maths_en_COMP", "train", "OlympiadBench/OE_TO_maths_en_COMP/*.parquet"),
                ("OE_TO_physics_en_COMP", "train", "OlympiadBench/OE_TO_physics_en_COMP/*"),
            ),
            "OlympiadBench/OE_TO_maths_en_COMP/OE_TO_maths_en_COMP.parquet": [OLYMPIAD],
            "OlympiadBench/OE_TO_physics_en_COMP/OE_TO_physics_en_COMP.parquet": [
                {**OLYMPIAD, "final_answer": ["3"]}
            ],
        },
        "2",
    ),
}
each_set = pytest.mark.parametrize("name", REPOSITORIES)


def copy_of(name: str, folder: Path) -> Path:
    """Write a repository's files."""
    for path, content in REPOSITORIES[name][1].items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            file.write_text(content)
        elif file.suffix == ".parquet":
            datasets.Dataset.from_list(content).to_parquet(file)
        elif file.suffix == ".csv":
            datasets.Dataset.from_list(content).to_csv(file)
        else:
            file.write_text("".join(json.dumps(row) + "\n" for row in content))
    return folder


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Empty caches of an offline machine; that of huggingface_hub."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "datasets")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def check(name: str, settings: dict[str, Any]) -> None:
    (problem,) = load_problems(name, "test", settings=settings)
    answer = REPOSITORIES[name][2]
    assert score_answer(problem, f"The answer is {answer}.")
    assert not score_answer(problem, "The answer is 9.")


@each_set
def test_named_set_reads_a_copy_of_its_repository(name: str, tmp_path: Path) -> None:
    check(name, {"path": str(copy_of(name, tmp_path / "copy"))})


@each_set
def test_named_set_reads_the_cache_of_huggingface_hub_offline(name: str, offline: Path) -> None:
    place = offline / f"datasets--{REPOSITORIES[name][0].replace('/', '--')}"
    copy_of(name, place / "snapshots" / COMMIT)
    (place / "refs").mkdir()
    (place / "refs" / "main").write_text(COMMIT)
    check(name, {})
    assert not list(offline.parent.glob("datasets/*/*/*")), "nothing is copied"


def test_named_set_reads_the_cache_of_datasets_offline(offline: Path, tmp_path: Path) -> None:
    from datasets.packaged_modules.parquet.parquet import Parquet

    folder = copy_of("gsm8k", tmp_path / "gsm8k")
    files = {"test": [str(folder / "main/test-00000-of-00001.parquet")]}
    loaded = Parquet(
        cache_dir=str(tmp_path / "elsewhere"),
        dataset_name="gsm8k",
        config_name="main",
        data_files=files,
    )
    loaded.download_and_prepare()
    place = tmp_path / "datasets" / "openai___gsm8k" / "main" / "0.0.0"  # as `datasets` names it
    place.mkdir(parents=True)
    Path(loaded.cache_dir).rename(place / COMMIT)
    assert len(datasets.load_dataset("openai/gsm8k", "main", split="test")) == 1
    check("gsm8k", {})


def test_named_set_that_is_in_no_cache_is_refused_offline(offline: Path) -> None:
    with pytest.raises(UserError, match="openai/gsm8k cannot be loaded .* load it once with a net"):
        load_problems("gsm8k", "test")


def hub_raises(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the Hub fail, and a snapshot be cached."""

    def load(name: str, *_: Any, **__: Any) -> str:
        if name == "/snapshots/abc":
            return "rows"
        raise error

    monkeypatch.setattr(datasets, "load_dataset", load)
    monkeypatch.setattr(hub, "_snapshot", lambda name: "/snapshots/abc")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)


def http_error(status: int) -> Exception:
    request = httpx.Request("GET", "https://huggingface.co")
    return HfHubHTTPError(f"status {status}", response=httpx.Response(status, request=request))


def caused(by: Exception) -> Exception:
    error = ValueError("wrapped")
    error.__cause__ = by
    return error


@pytest.mark.parametrize(
    "error",
    [
        ConnectionError("Couldn't reach 'o/n' on the Hub"),
        httpx.ConnectTimeout("slow"),
        caused(httpx.ConnectError("refused")),
        http_error(503),
        http_error(429),
    ],
)
def test_snapshot_is_read_after_a_network_failure_and_named(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hub_raises(error, monkeypatch)
    assert hub._from_files(Path("o/n"), "o/n", None, False) == "rows"
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "reading the cached snapshot /snapshots/abc." in said
    assert type(error).__name__ in said and "data set o/n" in said


@pytest.mark.parametrize(
    "error",
    [
        datasets.exceptions.DatasetNotFoundError("Dataset 'o/n' is a gated dataset on the Hub."),
        ValueError("BuilderConfig 'x' not found"),
        http_error(403),
        caused(http_error(404)),
    ],
)
def test_snapshot_is_not_read_after_an_answer_of_the_hub(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hub_raises(error, monkeypatch)
    with pytest.raises(type(error)):
        hub._from_files(Path("o/n"), "o/n", None, False)
    assert not capsys.readouterr().err

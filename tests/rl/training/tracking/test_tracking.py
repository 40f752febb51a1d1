"""What trackers get: fakes that record it, and the real package of W&B in a training."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rl.training.config import config_from_dict
from rl.training.run_folder import RunFolder
from rl.training.tracking.base import grouped
from rl.training.tracking.callback import Tracking, finish_tracking, make_tracking
from rl.training.tracking.completions import NewRollouts, as_html, as_markdown, table
from rl.training.tracking.tensorboard_tracker import TensorBoardTracker
from rl.training.tracking.trackio_tracker import TrackioTracker
from rl.training.tracking.wandb_tracker import WandbTracker, log_artifacts
from tagger.errors import UserError
from tests.rl.dashboard.making import make_run, rollout, row

ARGS = SimpleNamespace()


class Config(dict[str, Any]):
    def update(self, *args: Any, allow_val_change: bool, **_: Any) -> None:  # type: ignore[override]
        assert allow_val_change
        super().update(*args)


class FakeWandb:
    """Records what is logged."""

    def __init__(self) -> None:
        self.logged: list[dict[str, Any]] = []
        self.artifacts: list[Any] = []
        self.config = Config()
        self.run: Any = SimpleNamespace(
            config=self.config, name="my run/1", id="abc", log_artifact=self.artifacts.append
        )
        self.plot = SimpleNamespace(line_series=lambda **chart: chart)

    def log(self, values: dict[str, Any], step: int | None = None) -> None:
        self.logged.append(values | ({} if step is None else {"step": step}))

    def finish(self) -> None:
        self.run = None

    def Html(self, data: str, inject: bool = True) -> str:
        return data

    def Table(self, **table: Any) -> dict[str, Any]:
        return table

    def Artifact(self, name: str, type: str, metadata: dict[str, Any]) -> Any:
        made = SimpleNamespace(name=name, type=type, metadata=metadata, files=[])
        made.add_dir = lambda folder: made.files.extend(
            sorted(file.name for file in Path(folder).iterdir())
        )
        return made


def state(step: int) -> Any:
    return SimpleNamespace(global_step=step, is_world_process_zero=True)


def test_grouped_puts_panels_together() -> None:
    found = grouped(row(10) | {"loss": 0.1, "facts/step_length": None})
    assert found["steps by type"] == {"VERIFY": 3.0, "SUBSTITUTE": 2.0, "META": 0.0}
    assert found["weights"] == {"correctness": 1.0, "step_count": 0.1}
    assert found["audit"] == {"VERIFY": 3.0, "audit_verification": 3.0, "unfamiliar": 0.02}
    assert grouped({"loss": 1.0}) == {}


def test_new_rollouts_come_once_and_not_before_their_step(tmp_path: Path) -> None:
    root = make_run(tmp_path / "run", rollouts=[rollout(True, 9)] * 20)
    later = gzip.compress(json.dumps(rollout(False, 5)).encode() + b"\n")
    (root / "rollouts" / "step-000025.jsonl.gz").write_bytes(later)
    kept = NewRollouts(root / "rollouts")
    assert {step: len(found) for step, found in kept.read(24).items()} == {1: 16}
    assert kept.read(24) == {}
    assert [r["tokens"] for r in kept.read(25)[25]] == [5]
    assert NewRollouts(root / "rollouts", after=25).read(99) == {}


def test_completions_are_coloured_and_escaped() -> None:
    evil = rollout(True, 9, "a < b <script>")
    html = as_html(evil)
    assert "#e8590c" in html and "a &lt; b &lt;script&gt;" in html and "<script" not in html
    assert "no thinking" in as_html({**evil, "steps": []})
    assert "* **Verification** a < b <script>" in as_markdown(evil)
    head, (cells,) = table([evil], ["shown"])
    found = dict(zip(head, cells, strict=True))
    assert (found["thinking"], found["types"], found["verification_steps"]) == (
        "shown", "VERIFY", 1,
    )  # fmt: skip
    assert (found["correctness"], found["step_count"], found["advantage"]) == (1.0, None, 0.5)


def test_wandb_gets_config_panels_completions_and_charts(tmp_path: Path) -> None:
    root = make_run(tmp_path / "run", steps=3, rollouts=[rollout(True, 9)])
    wandb = FakeWandb()
    tracking = Tracking(
        [WandbTracker(lambda: wandb)],
        {"tagger_fingerprint": "f"},
        NewRollouts(root / "rollouts"),
        root / "metrics.jsonl",
    )
    tracking.on_train_begin(ARGS, state(0), ARGS)
    assert wandb.config == {"suffice": {"tagger_fingerprint": "f"}}
    tracking.on_log(ARGS, state(1), ARGS, {"eval_loss": 1.0})
    assert wandb.logged == []
    tracking.on_log(ARGS, state(1), ARGS, row(1) | {"loss": 0.1})
    tracking.on_log(ARGS, state(2), ARGS, row(2) | {"loss": 0.1})
    panels, completions, later = wandb.logged
    assert panels["steps by type/VERIFY"] == 3.9 and panels["train/global_step"] == 1
    assert "Verification" in completions["rollouts"]["data"][0][4]
    assert later["audit/audit_verification"] == 3.8 and "rollouts" not in later
    tracking.on_train_end(ARGS, state(3), ARGS)
    charts = {name: chart for one in wandb.logged for name, chart in one.items() if "chart" in name}
    assert set(charts) == {"charts/steps by type", "charts/tokens by type", "charts/weights"}
    steps = charts["charts/steps by type"]
    assert (steps["xs"], steps["keys"]) == ([1, 2, 3], ["VERIFY", "SUBSTITUTE"])
    assert steps["ys"] == [[3.9, 3.8, 3.7], [2.0, 2.0, 2.0]]


def test_wandb_without_a_run_gets_nothing(tmp_path: Path) -> None:
    wandb = FakeWandb()
    wandb.run = None
    tracker = WandbTracker(lambda: wandb)
    tracker.begin({})
    tracker.metrics(1, row(1))
    tracker.completions(1, [rollout(True, 9)])
    tracker.end(make_run(tmp_path / "run", steps=2) / "metrics.jsonl")
    assert wandb.logged == [] and wandb.config == {}


def test_finish_tracking_uploads_only_what_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tagger.frozen import FrozenTagger

    policy, tagger = tmp_path / "policy", FrozenTagger.load("linear")
    policy.mkdir()
    (policy / "model.safetensors").write_bytes(b"x")
    for asked in (False, True):
        wandb = FakeWandb()
        monkeypatch.setitem(sys.modules, "wandb", wandb)
        config = config_from_dict({"report_to": "wandb", "report_artifacts": asked})
        finish_tracking(config, policy, tagger, {"step": 3})
        assert wandb.run is None
        assert [(one.name, one.type) for one in wandb.artifacts] == (
            [("policy-my-run-1", "model"), (f"tagger-{tagger.fingerprint[:12]}", "tagger")]
            if asked
            else []
        )
    model, typed = wandb.artifacts
    assert model.metadata == {"step": 3, "tagger_fingerprint": tagger.fingerprint}
    assert model.files == ["model.safetensors"]
    assert {"tagger.json", "weights.safetensors"} <= set(typed.files)


def test_report_artifacts_needs_wandb() -> None:
    with pytest.raises(UserError, match="report_artifacts acts only with report_to=wandb"):
        config_from_dict({"report_to": "tensorboard", "report_artifacts": True})


def test_trackio_gets_config_and_completions() -> None:
    trackio = FakeWandb()
    tracker = TrackioTracker(lambda: trackio)
    tracker.begin({"commit": "c"})
    assert trackio.config == {"suffice": {"commit": "c"}}
    tracker.metrics(1, row(1))
    tracker.completions(1, [rollout(True, 9)])
    (logged,) = trackio.logged
    frame = logged["rollouts"]["dataframe"]
    assert "**Verification** 2 + 3 = 5." in frame["thinking"][0] and logged["step"] == 1
    assert "#e8590c" in logged["completion"]


def test_tensorboard_gets_config_panels_and_completions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[Any, ...]] = []

    class TensorBoardCallback:
        tb_writer = SimpleNamespace(
            add_text=lambda *args: calls.append(args),
            add_custom_scalars=lambda layout: calls.append(("layout", layout)),
            flush=lambda: calls.append(("flush",)),
        )

    root = make_run(tmp_path / "run", steps=1, rollouts=[rollout(True, 9)])
    (root / "provenance.json").write_text('{"commit": "c"}')
    config = config_from_dict({"report_to": ["tensorboard"]})
    tracking = make_tracking(config, RunFolder(root), lambda: [TensorBoardCallback()], 0)
    tracking.on_train_begin(ARGS, state(0), ARGS)
    tracking.on_log(ARGS, state(1), ARGS, row(1) | {"loss": 0.1})
    tracking.on_train_end(ARGS, state(1), ARGS)
    (text, (_, layout), completions, end) = calls
    assert text[0] == "suffice" and '"commit": "c"' in text[1]
    assert layout["suffice"]["steps by type"] == ["Multiline", ["train/facts/count/.*"]]
    assert layout["suffice"]["audit"][1][1] == "train/facts/audit_verification"
    assert completions[0] == "rollouts" and "**Verification**" in completions[1]
    assert (completions[2], end) == (1, ("flush",))
    TensorBoardTracker(lambda: None).completions(1, [rollout(True, 9)])  # no writer yet


def test_make_tracking_speaks_to_nobody_by_default(tmp_path: Path) -> None:
    root = make_run(tmp_path / "run", steps=1)
    (root / "provenance.json").write_text("{}")
    tracking = make_tracking(config_from_dict({}), RunFolder(root), list, 0)
    assert tracking._trackers == []


def test_log_artifacts_are_named_as_wandb_allows(tmp_path: Path) -> None:
    from tagger.frozen import FrozenTagger

    wandb = FakeWandb()
    wandb.run.name = None
    log_artifacts(wandb, tmp_path, FrozenTagger.load("linear"), {})
    assert wandb.artifacts[0].name == "policy-abc"

"""Signals during training: the step is finished, a second Ctrl-C ends at once."""

from __future__ import annotations

import os
import signal
from types import SimpleNamespace

import pytest

from rl.training.callbacks import StopOnSignal
from rl.training.processes import check_launch
from tagger.errors import UserError


class Watch:
    """A clock that is set by hand, and a death that is noted."""

    def __init__(self, every: int = 1) -> None:
        self.now = 0.0
        self.died: list[int] = []
        self.stop = StopOnSignal(
            lambda step: step % every == 0, clock=lambda: self.now, die=self.died.append
        )

    def step(self, number: int) -> SimpleNamespace:
        control = SimpleNamespace(should_save=False, should_log=False, should_training_stop=False)
        self.stop.on_step_end(None, SimpleNamespace(global_step=number), control)
        return control


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_stops_at_the_end_of_the_step(
    number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    watch = Watch()
    assert not watch.step(1).should_training_stop
    with watch.stop.listening():
        os.kill(os.getpid(), number)
    control = watch.step(2)
    assert control.should_save and control.should_training_stop and not control.should_log
    assert watch.stop.number == number
    assert "writing a checkpoint" in capsys.readouterr().err


def test_a_run_stops_only_where_it_can_be_resumed_exactly() -> None:
    watch = Watch(every=4)
    watch.stop.receive(signal.SIGTERM)
    assert [watch.step(n).should_training_stop for n in (1, 2, 3, 4)] == [False] * 3 + [True]


@pytest.mark.parametrize(
    ("numbers", "seconds", "died"),
    [
        ([signal.SIGINT, signal.SIGINT], 5.0, [signal.SIGINT]),
        ([signal.SIGINT, signal.SIGINT], 0.01, []),  # terminal and launcher pass on one Ctrl-C
        ([signal.SIGINT, signal.SIGTERM], 5.0, []),  # the launcher ends its workers
        ([signal.SIGTERM, signal.SIGTERM], 5.0, []),
    ],
)
def test_only_a_second_ctrl_c_ends_at_once(
    numbers: list[int], seconds: float, died: list[int]
) -> None:
    watch = Watch()
    for number in numbers:
        watch.stop.receive(number)
        watch.now += seconds
    assert watch.died == died


def test_handlers_are_put_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with Watch().stop.listening():
        assert signal.getsignal(signal.SIGTERM) not in before
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == before


def test_several_gpus_without_a_launcher_are_refused_with_the_command() -> None:
    words = "torchrun --nproc-per-node 4 --no-python suffice train …', or .* CUDA_VISIBLE_DEVICES=0"
    with pytest.raises(UserError, match=words):
        check_launch(4, {})
    for gpus, environment in ((0, {}), (1, {}), (4, {"LOCAL_RANK": "2"})):
        check_launch(gpus, environment)

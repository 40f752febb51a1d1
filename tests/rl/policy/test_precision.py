"""Data type, device and quantization, by what the machine has."""

from __future__ import annotations

import pytest

from rl.policy import precision
from rl.policy.precision import check_quantization, device_of, resolve_dtype
from tagger.errors import UserError


@pytest.mark.parametrize(
    ("gpus", "environment", "device"),
    [
        (0, {"LOCAL_RANK": "1"}, "cpu"),
        (1, {}, "cuda:0"),
        (4, {"LOCAL_RANK": "2"}, "cuda:2"),
        (1, {"LOCAL_RANK": "2"}, "cuda:0"),  # the launcher shows each process its own GPU only
    ],
)
def test_device_is_that_of_the_local_rank(
    gpus: int, environment: dict[str, str], device: str
) -> None:
    assert device_of(gpus, environment) == device


@pytest.mark.parametrize(
    ("device", "bf16", "small", "trained", "dtype"),
    [
        ("cpu", False, False, False, "float32"),
        ("cuda:0", True, False, False, "bfloat16"),
        ("cuda:0", False, False, False, "float32"),
        ("cuda:0", True, True, False, "float32"),  # the overthinker
        ("cuda:0", True, False, True, "float32"),  # updates of 1e-6 vanish in bfloat16
    ],
)
def test_auto_dtype(device: str, bf16: bool, small: bool, trained: bool, dtype: str) -> None:
    assert resolve_dtype("auto", device, bf16=bf16, small=small, trained=trained) == dtype


@pytest.mark.parametrize(("dtype", "device"), [("float16", "cpu"), ("bfloat16", "cuda:0")])
def test_dtype_that_the_device_lacks_is_refused(dtype: str, device: str) -> None:
    with pytest.raises(UserError, match=f"dtype is {dtype}"):
        resolve_dtype(dtype, device, bf16=False, small=False, trained=False)


def test_quantization_needs_a_gpu_and_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    check_quantization(None, "cpu")
    with pytest.raises(UserError, match="needs a GPU"):
        check_quantization("nf4", "cpu")
    monkeypatch.setattr(precision, "find_spec", lambda _name: None)
    with pytest.raises(UserError, match=r"suffice\[quant\]"):
        check_quantization("nf4", "cuda:0")

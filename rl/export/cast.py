"""Weights in another data type, file by file."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from rl.export.files import CONFIG, COPIED, INDEX, weight_files
from tagger.files import read_json, write_json

DType = Literal["float32", "bfloat16", "float16"]
DTYPES: tuple[DType, ...] = ("float32", "bfloat16", "float16")


def cast_weights(folder: Path, dtype: DType) -> None:
    """Rewrite the floating-point tensors of a model or adapter folder, and what says their type.

    Args:
        folder: The folder; its files are replaced.
        dtype: The data type.
    """
    import torch
    from safetensors import safe_open
    from safetensors.torch import save_file

    wanted, size = getattr(torch, dtype), 0
    for file in weight_files(folder):
        tensors = {}
        with safe_open(file, framework="pt") as stored:
            metadata = stored.metadata()
            for name in stored.keys():  # noqa: SIM118  (it is no mapping)
                tensor = stored.get_tensor(name)
                tensors[name] = tensor.to(wanted) if tensor.is_floating_point() else tensor
        size += sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
        save_file(tensors, file, metadata=metadata)
    index = folder / INDEX
    if index.is_file():
        content = read_json(index, COPIED)
        content["metadata"] = {**content.get("metadata", {}), "total_size": size}
        write_json(index, content)
    config = folder / CONFIG
    if config.is_file():
        content = read_json(config, COPIED)
        content.pop("torch_dtype", None)  # the key of earlier versions
        write_json(config, {**content, "dtype": dtype})


def dtype_of(folder: Path) -> str:
    """Data type of the weights, the commonest of their floating-point tensors."""
    from collections import Counter

    from safetensors import safe_open

    count: Counter[str] = Counter()
    for file in weight_files(folder):
        with safe_open(file, framework="np") as stored:
            for name in stored.keys():  # noqa: SIM118
                count[stored.get_slice(name).get_dtype()] += 1
    return _NAMES.get(found := count.most_common(1)[0][0], found)


_NAMES = {"F32": "float32", "BF16": "bfloat16", "F16": "float16"}

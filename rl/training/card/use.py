"""How a policy is loaded and asked, and the header that the Hub reads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rl.policy.config import QUESTION

HERE = "FOLDER_OR_REPOSITORY"
"""Stands in an exported card where the policy is named, until it is pushed."""
_REPOSITORY = re.compile(r"\w[\w.-]*/\w[\w.-]*")


def on_hub(base: str) -> bool:
    """Whether a base is named as a repository of the Hub and is no folder here."""
    return _REPOSITORY.fullmatch(base) is not None and not Path(base).exists()


def header(config: Mapping[str, Any], base: str, adapter: bool) -> str:
    """The YAML that the Hub reads.

    Args:
        config: The run's config.
        base: The base; left out unless it is a repository of the Hub, as others are refused there.
        adapter: Whether the folder holds an adapter alone.
    """
    import yaml

    content: dict[str, Any] = {}
    if on_hub(base):
        content["base_model"] = base
        content["base_model_relation"] = "adapter" if adapter else "finetune"
    source = str((config.get("problems") or {}).get("source", ""))
    if source.startswith("hf:") and on_hub(source.removeprefix("hf:")):
        content["datasets"] = [source.removeprefix("hf:")]
    content["library_name"] = "peft" if adapter else "transformers"
    content["pipeline_tag"] = "text-generation"
    content["tags"] = ["grpo", "trl", "suffice", "reasoning", *(["lora"] if adapter else [])]
    return f"---\n{yaml.safe_dump(content, sort_keys=False)}---\n\n"


def use_section(config: Mapping[str, Any], base: str, adapter: bool) -> str:
    """Code and commands that load the policy, and how it was asked in training.

    Args:
        config: The run's config.
        base: Name under which others find the base.
        adapter: Whether the folder holds an adapter alone.
    """
    loading = (
        f'base = AutoModelForCausalLM.from_pretrained("{base}")\n'
        "model = PeftModel.from_pretrained(base, path)"
        if adapter
        else "model = AutoModelForCausalLM.from_pretrained(path)"
    )
    imports = "from peft import PeftModel\n" if adapter else ""
    serving = (
        f"vllm serve {base} --enable-lora --lora-modules policy={HERE}"
        if adapter
        else f"vllm serve {HERE}\ntransformers serve {HERE}"
    )
    return f"""```python
{imports}from transformers import AutoModelForCausalLM, AutoTokenizer

path = "{HERE}"
tokenizer = AutoTokenizer.from_pretrained(path)
{loading}
```

```bash
{serving}
```

{_asked(config)}"""


def _asked(config: Mapping[str, Any]) -> str:
    system = config.get("system_prompt")
    template = config.get("prompt_template") or QUESTION
    options = config.get("chat_template_kwargs")
    found = [f"with the system prompt {system!r}" if system else "without a system prompt"]
    if template != QUESTION:
        found.append(f"by the user turn {template!r}")
    if options:
        found.append(f"with the options of the chat template {dict(options)}")
    temperature = (config.get("grpo") or {}).get("temperature", 1.0)
    return f"In training it was asked {', '.join(found)}, and sampled at temperature {temperature}."

"""YAML as every file and override of the kit is read."""

from __future__ import annotations

from collections.abc import Hashable
from functools import cache
from typing import Any, cast


@cache
def yaml_loader() -> Any:
    """Safe YAML 1.1 with numbers such as 5e-5 read as numbers, and duplicate keys refused.

    Returns:
        A loader class for ``yaml.load``; builds plain data only, as ``yaml.safe_load`` does.
    """
    import re

    import yaml

    class Loader(yaml.SafeLoader):
        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            seen: set[Any] = set()
            for key_node, _ in node.value:
                key = self.construct_object(key_node, deep=True)
                wrong = "is no plain value" if not isinstance(key, Hashable) else ""
                if wrong or key in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key {key!r} {wrong or 'stands there twice'}",
                        key_node.start_mark,
                    )  # fmt: skip
                seen.add(key)
            return cast("dict[Any, Any]", super().construct_mapping(node, deep))

    Loader.add_implicit_resolver(
        "tag:yaml.org,2002:float",
        re.compile(r"^[-+]?(?:\d+\.?\d*|\.\d+)[eE][-+]?\d+$"),
        list("-+0123456789."),
    )
    return Loader

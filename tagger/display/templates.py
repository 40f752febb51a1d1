"""Pages from templates: every value is escaped, and a value that is missing is an error.

A template is named by its package and file, ``tagger.display/document.html.j2``, and stands next to
the code that fills it. What is markup already, such as a drawing of `tagger.display.svg`, is passed
as `markup`.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup


def render(name: str, **values: Any) -> str:
    """Fill a template.

    Args:
        name: Package and file, e.g. ``rl.report/page.html.j2``.
        values: What it uses, by name.

    Raises:
        jinja2.UndefinedError: It uses a value that is not given.
    """
    return _environment().get_template(name).render(values)


def markup(text: str) -> Markup:
    """Text that is markup already and comes from the kit's own drawing code or files."""
    from markupsafe import Markup

    return Markup(text)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    made = Environment(
        loader=FunctionLoader(_source),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["breakable"] = _breakable
    return made


def _source(name: str) -> str:
    package, _, file = name.partition("/")
    return resources.files(package).joinpath(file).read_text(encoding="utf-8")


def _breakable(text: str) -> Markup:
    """A name that may be broken after underscores and dashes, so that columns stay narrow."""
    from markupsafe import escape

    return escape(text).replace("_", markup("_<wbr>")).replace("-", markup("-<wbr>"))

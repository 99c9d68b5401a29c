"""The templates of pages: what a value holds is text there, never markup."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Template


def page_template(
    name: str, filters: Mapping[str, Callable[..., Any]] = MappingProxyType({})
) -> Template:
    """The template of a page, `templates/NAME`, with `filters` beside `number` (12,345)."""
    from jinja2 import Environment, PackageLoader

    environment = Environment(
        loader=PackageLoader("trialect.converters.writers"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": "{:,}".format, **filters}
    return environment.get_template(name)

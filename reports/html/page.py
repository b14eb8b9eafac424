"""The page around a report: templates, styles and scripts put into one file under a strict content policy."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from reports.html.figures import told
from reports.html.text import marked, shown, visible
from reports.plaintext import counted

_STYLES: Final = ("assets/page.css", "assets/parts.css", "assets/load.css")
_SCRIPTS: Final = ("assets/page.js",)
_CHART_STYLES: Final = ("vendor/uplot.css",)
_CHART_SCRIPTS: Final = ("vendor/uplot.js", "assets/charts.js")


def render(template: str, values: Mapping[str, Any], *, charts: bool = False) -> str:
    """Return one part of a page.

    Whatever a template shows goes through ``visible`` and is escaped, unless it already is markup.

    Args:
        template: file name below ``templates``.
        values: its variables.
        charts: whether the page draws charts.
    """
    return (
        _environment()
        .get_template(template)
        .render(
            styles=[*_CHART_STYLES, *_STYLES] if charts else _STYLES,
            scripts=[*_CHART_SCRIPTS, *_SCRIPTS] if charts else _SCRIPTS,
            **values,
        )
    )


def encode(page: str) -> bytes:
    """Return a page as UTF-8; it holds no lone surrogate, for those are shown as escapes."""
    return page.encode("utf-8")


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("reports.html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # Every text that a template shows passes here, so that none can be forgotten.
        finalize=lambda value: value if isinstance(value, Markup | int | float) else visible(value),
    )
    made.filters.update(shown=shown, marked=marked, counted=counted, percent=_percent, told=told)
    made.globals.update(asset=_asset, policy=_policy)
    return made


@cache
def _asset(name: str) -> Markup:
    """Return a style or script of ours, to stand between its tags."""
    text = (Path(__file__).parent / name).read_text(encoding="utf-8")
    assert "</s" not in text.lower(), f"{name} would end its element"
    return Markup(text)  # noqa: S704 - a file of this package


def _policy(styles: tuple[str, ...], scripts: tuple[str, ...]) -> str:
    """Return the content policy: nothing is loaded, and nothing runs but our own styles and scripts, by hash."""
    style, script = (" ".join(_hash(name) for name in names) for names in (styles, scripts))
    return (
        f"default-src 'none'; script-src {script}; style-src {style}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


@cache
def _hash(name: str) -> str:
    digest = hashlib.sha256(str(_asset(name)).encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def _percent(number: float) -> str:
    """Return a coordinate as a percentage of the drawing."""
    return f"{number:.3f}%"

"""Style sheets, scripts and icons: one style sheet and one script for each audience, made once at start.

There is no build step. A style sheet goes into the cascade layer named after its folder. A script is wrapped
in a block, so that its declarations stay its own. Names carry a hash of the content, so browsers may keep
them.
"""

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, request
from markupsafe import Markup, escape

from cohortmgr.base.web.responses import FOREVER

FOLDER = Path(__file__).resolve().parents[2] / "assets"
AUDIENCES = ("candidate", "company", "staff")
MIRRORED = frozenset({"arrow-next", "arrow-back", "sign-out"})
LAYERS = "@layer tokens, base, components, pages, print;\n"
MARK_COLOUR = "#0c5a3c"


@dataclass(frozen=True)
class Asset:
    """A file as it is served: its name with the hash, its media type, its bytes, and the same bytes compressed."""

    name: str
    mimetype: str
    body: bytes
    packed: bytes


def _sources(folder: Path, pattern: str) -> list[Path]:
    return sorted(folder.glob(pattern))


def _layer(name: str, path: Path) -> str:
    text = re.sub(r"/\*.*?\*/", "", path.read_text("utf-8"), flags=re.S)
    text = re.sub(r"\n\s*", "\n", text).strip()
    return f"@layer {name} {{\n{text}\n}}\n"


def style_sheet(audience: str, folder: Path = FOLDER) -> str:
    """Return all styles of an audience, in the order tokens, base, components, pages, print."""
    css = folder / "css"
    parts = [("tokens", css / "tokens.css"), ("base", css / "base.css")]
    parts += [("components", path) for path in _sources(css / "components", "*.css")]
    parts += [("pages", path) for path in _sources(css / "pages" / audience, "*.css")]
    parts += [("print", css / "print.css")]
    return LAYERS + "".join(_layer(layer, path) for layer, path in parts)


def script(audience: str, folder: Path = FOLDER) -> str:
    """Return all scripts of an audience: those of every page, then its own, each in a block of its own."""
    paths = _sources(folder / "js" / "everywhere", "*.js") + _sources(folder / "js" / audience, "*.js")
    return '"use strict";\n' + "".join(map(_block, paths))


def _block(path: Path) -> str:
    # Lines of comments stay in the source, as those of styles do: a telephone pays for each byte.
    text = re.sub(r"^\s*//.*\n", "", path.read_text("utf-8"), flags=re.M).strip()
    return f"{{\n{text}\n}}\n"


def _asset(name: str, mimetype: str, text: str) -> Asset:
    body = text.encode("utf-8")
    stem, _, ending = name.rpartition(".")
    digest = hashlib.sha256(body).hexdigest()[:16]
    return Asset(f"{stem}.{digest}.{ending}", mimetype, body, gzip.compress(body, 9, mtime=0))


def build(folder: Path = FOLDER) -> dict[str, Asset]:
    """Make every asset, keyed by its plain name (``candidate.css``, ``staff.js``, ``khatam.svg``)."""
    assets: dict[str, Asset] = {}
    for audience in AUDIENCES:
        assets[f"{audience}.css"] = _asset(f"{audience}.css", "text/css", style_sheet(audience, folder))
        assets[f"{audience}.js"] = _asset(f"{audience}.js", "text/javascript", script(audience, folder))
    mark = (folder / "icons" / "khatam.svg").read_text("utf-8").replace("currentColor", MARK_COLOUR)
    assets["khatam.svg"] = _asset("khatam.svg", "image/svg+xml", mark)
    return assets


class Icons:
    """The icons of ``assets/icons``, put into pages as inline SVG."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.drawings = {path.stem: self._drawing(path) for path in _sources(folder / "icons", "*.svg")}
        self._drawn = lru_cache(maxsize=1024)(self._draw)

    @staticmethod
    def _drawing(path: Path) -> str:
        return path.read_text("utf-8").strip().replace(' xmlns="http://www.w3.org/2000/svg"', "")

    def __call__(self, name: str, label: str | None = None, css: str = "") -> Markup:
        """Return the icon as markup, decorative unless a label says what it means. Raises KeyError for
        unknown names."""
        return self._drawn(name, label, css)

    def _draw(self, name: str, label: str | None, css: str) -> Markup:
        classes = " ".join(filter(None, ("icon", "mirror" if name in MIRRORED else "", css)))
        meaning = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
        opening = f'<svg class="{escape(classes)}" {meaning} focusable="false" '
        # Safe markup: the drawings are our own files, and the arguments are escaped above.
        return Markup(self.drawings[name].replace("<svg ", opening, 1))


def _accepts_gzip() -> bool:
    return request.accept_encodings["gzip"] > 0


def _serve(asset: Asset, asked: str) -> Response:
    packed = _accepts_gzip()
    response = Response(asset.packed if packed else asset.body, mimetype=asset.mimetype)
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["X-Content-Type-Options"] = "nosniff"
    # A page made just before an upgrade asks for the old name. It gets the new content, which may not be cached.
    response.headers["Cache-Control"] = FOREVER if asked == asset.name else "no-store"
    return response


def init_assets(app: Flask) -> None:
    """Make the assets, serve them under ``/assets/`` and give templates ``asset_url`` and ``icon``."""
    assets = build()
    blueprint = Blueprint("assets", __name__)

    # Served below the site's root: each page names three assets, and `asset_url` writes their addresses itself.
    @blueprint.get("/assets/<name>")
    def bundle(name: str) -> Response:
        plain = re.sub(r"\.[0-9a-f]{16}(?=\.[a-z]+$)", "", name)
        if plain not in assets:
            abort(404)
        return _serve(assets[plain], name)

    def asset_url(name: str) -> str:
        return f"{request.script_root}/assets/{assets[name].name}"

    app.register_blueprint(blueprint)
    app.jinja_env.globals.update(asset_url=asset_url, icon=Icons())

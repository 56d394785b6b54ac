"""What a request says, read where it enters: numbers, each bounded, names to keep, and the site that a header names."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import current_app, request

from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.paging import ListPlace
from cohortmgr.base.typed import MOST, is_broken, parse_json, texts_entered, texts_in, whole

# What an address says of the place in a list.
PLACE = ("page", "after", "before", "end")
# In bytes: a definition with all its texts has a tenth of it.
LARGEST_TEXT = 1024 * 1024


def place_asked() -> ListPlace:
    """Return the place in a list that the address asks for: its beginning if it asks for none."""
    number, after, before, end = (request.args.get(name, "") for name in PLACE)
    return ListPlace(whole(number, 1) or 0, after, before, bool(end))


def place_arguments() -> dict[str, str]:
    """Return what the address says of the place in a list, for an address that leads back to it."""
    return {name: request.args[name] for name in PLACE if request.args.get(name)}


def kept_arguments(endpoint: str | None = None) -> dict[str, list[str]]:
    """Return the arguments of the address that a link to this endpoint may repeat; without one, to the same page.

    Anybody writes names into an address: those that `url_for` takes for its own, and those of the target's path, are
    left out. Nothing else hands names of an address on to `url_for`."""
    targets = current_app.url_map.iter_rules(endpoint or request.endpoint)
    taken = {"endpoint"}.union(*(rule.arguments for rule in targets))
    given = request.args.to_dict(flat=False)
    return {name: texts for name, texts in given.items() if name not in taken and not name.startswith("_")}


def texts_sent() -> dict[str, str]:
    """Return the first text of each name that the address or the form sends, for a form with names of its own making:
    to read, never to hand on to `url_for`."""
    return request.values.to_dict()


def number_sent(name: str, most: int = MOST) -> int | None:
    """Return a field's whole number, or None if the form sends none within 0 and `most`."""
    return whole(request.form.get(name), 0, most)


def file_sent(otherwise: str) -> tuple[str, str]:
    """Return the text and the name of the file that was sent as `file`; one without a name is called `otherwise`.

    Raises Refused if there is none, it is larger than LARGEST_TEXT, or no text in UTF-8."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise Refused(Problem(N_("Choisissez un fichier."), {}, "file"))
    data = sent.stream.read(LARGEST_TEXT + 1)
    sent.close()
    if len(data) > LARGEST_TEXT:
        raise Refused(Problem(N_("Le fichier dépasse %(limit)s Mo."), {"limit": 1}, "file"))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused(Problem(N_("Le fichier n’est pas un texte en UTF-8."), {}, "file")) from None
    name = "".join(c for c in sent.filename.replace("\\", "/").rpartition("/")[2] if c.isprintable())[:80]
    return text, name or otherwise


def json_sent() -> Any:
    """Return what the request's JSON says, or None if it does not read or nests too deeply. Its texts hold no half of
    a surrogate pair and no control sign, as those of a form hold none."""
    try:
        found = parse_json(request.get_data())
    except ValueError:
        return None
    return None if any(map(is_broken, texts_in(found))) else texts_entered(found)


def number_in_header(name: str) -> int | None:
    """Return the whole number of a header, or None."""
    return whole(request.headers.get(name))


def site_in_header(name: str) -> str | None:
    """Return the host, and the port if one is given, of the address in a header; None if there is none that reads.

    No other place reads such a header: what is typed there is anybody's, and `urlsplit` raises at some of it."""
    try:
        address = urlsplit(request.headers.get(name, ""))
        readable = address.hostname is not None and (address.port is None or address.port >= 0)
    except ValueError:  # a bracket that does not close, a port that is none, signs that become others
        return None
    return address.netloc.lower() if readable else None


def is_from_here() -> bool:
    """Whether the request says that a page of this site sent it. What does not read is another site."""
    name = "Origin" if "Origin" in request.headers else "Referer"
    return site_in_header(name) == request.host.lower()


def names_no_site() -> bool:
    """Whether a header says whence the request comes, and does not read. `null` reads: a browser that keeps its page
    to itself says so."""
    given = {name: request.headers.get(name, "") for name in ("Origin", "Referer")}
    return any(said not in ("", "null") and site_in_header(name) is None for name, said in given.items())

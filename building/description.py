"""The description that a package index shows."""

import configparser
import re
from pathlib import Path

HERE = Path(__file__).parents[1]


def describe() -> str:
    """Return README.md with its links to files of the repository made absolute.

    An index shows the text alone, so each link names the files of this very release.
    """
    config = configparser.ConfigParser()
    config.read(HERE / "setup.cfg", encoding="utf-8")
    url = config["metadata"]["url"]
    version = re.search(r'__version__ = "(.+)"', _read("engine/__init__.py"))
    assert version, "engine/__init__.py has the version"

    def make_absolute(link: re.Match[str]) -> str:
        kind = "raw" if link["picture"] else "blob"
        return f"{link['text']}({url}/{kind}/v{version[1]}/{link['path']})"

    # A link begins behind its text; one to a heading of the page stays as it is.
    text = _read("README.md")
    link = r"(?P<text>(?P<picture>!?)\[[^][]*\])\((?!https?://|#)(?P<path>[^()\s]+)\)"
    return re.sub(link, make_absolute, text)


def _read(path: str) -> str:
    return (HERE / path).read_text(encoding="utf-8")

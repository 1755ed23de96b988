"""A headless Chromium for tests of pages: Debian's, driven by Playwright."""

import contextlib
import os
import shutil

import pytest

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextlib.contextmanager
def chromium():
    """The browser; where there is none, tests are skipped, but not in CI."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if os.environ.get("DOTGRAD_TEST_PROGRAMS") != "all":
        pytest.importorskip("playwright", reason="playwright is not installed")
        if program is None:
            pytest.skip("chromium is not installed: apt install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def quiet_page(browser, **options):
    """A page on which no error and no warning may appear."""
    page = browser.new_page(**options)
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    try:
        yield page
        assert said == []
    finally:
        page.close()

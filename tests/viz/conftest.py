import pytest
from chromium import chromium
from pages import Pages


@pytest.fixture(scope="module")
def browser():
    """One browser for the tests of a file."""
    with chromium() as started:
        yield started


@pytest.fixture
def pages(browser):
    """Opens pages in it, and sees to it that nothing went wrong in them."""
    made = Pages(browser)
    yield made
    made.close()

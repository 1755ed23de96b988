"""Film the explorer page for the README: python docs/make_film.py

It needs Chromium (apt install chromium) and pip install '.[test]'. What is seen is the
page itself, driven by mouse and keyboard; only the pointer is drawn in afterwards, as a
screenshot has none.
"""

import io
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path += [str(ROOT / "docs"), str(ROOT / "tests" / "support")]

import graphs  # noqa: E402
from chromium import chromium  # noqa: E402
from PIL import Image, ImageDraw  # noqa: E402
from playwright.sync_api import Page  # noqa: E402

from viz import explore  # noqa: E402
from viz.film.animate import share_palette  # noqa: E402

FILM = ROOT / "docs" / "pictures" / "explorer.gif"
SIZE = {"width": 960, "height": 430}
POINTER = [(0, 0), (0, 17), (4, 13), (7, 19), (10, 18), (7, 12), (12, 12)]


class Camera:
    """Takes the pictures of a film from a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.images: list[Image.Image] = []
        self.times: list[int] = []
        self.at: tuple[float, float] | None = None

    def shoot(self, seconds: float) -> None:
        """One picture, with the pointer where it is."""
        image = Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")
        if self.at:
            x, y = self.at
            corners = [(x + dx, y + dy) for dx, dy in POINTER]
            ImageDraw.Draw(image).polygon(corners, fill="white", outline="black")
        self.images.append(image)
        self.times.append(round(1000 * seconds))

    def point(self, selector: str, across: float = 0.5) -> None:
        """Move the pointer to an element."""
        box = self.page.locator(selector).first.bounding_box()
        assert box
        self.at = box["x"] + across * box["width"], box["y"] + box["height"] / 2
        self.page.mouse.move(*self.at)

    def save(self, path: Path) -> None:
        """All pictures as a GIF with the same colours throughout."""
        made = share_palette(self.images)
        made[0].save(
            path, save_all=True, append_images=made[1:], duration=self.times, loop=0,
            optimize=True,
        )  # fmt: skip


def act(page: Page, camera: Camera) -> None:
    """Step by step through the film of backpropagation, then a leaf is dragged."""
    page.keyboard.press("Home")
    camera.point("#forward")
    camera.shoot(1.2)
    while not page.is_disabled("#forward"):
        page.click("#forward")
        camera.shoot(0.9)
    camera.point("[data-value='2']")
    camera.shoot(3.0)
    slider = "#sliders li:first-child input[type=range]"
    camera.point(slider)
    camera.shoot(0.6)
    page.mouse.down()
    for step in [*range(52, 76, 3), *range(72, 18, -3), *range(20, 52, 4)]:
        camera.point(slider, step / 100)
        page.wait_for_timeout(40)
        camera.shoot(0.12)
    camera.shoot(0.8)
    page.mouse.up()
    camera.point("#theme")
    page.click("#theme")
    page.click("#theme")
    camera.shoot(2.5)


def main() -> None:
    """Write the film."""
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        path = explore(graphs.fan_out(), Path(folder, "page.html"))
        page = browser.new_page(viewport=SIZE, reduced_motion="reduce")
        page.goto(path.as_uri())
        camera = Camera(page)
        act(page, camera)
        camera.save(FILM)
    print(f"{FILM}: {len(camera.images)} pictures, {FILM.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()

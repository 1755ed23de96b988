"""Pages in a browser, and what is asked of every one of them."""

_WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation",
  (event) => window.violations.push(event.violatedDirective + " " + event.blockedURI));
"""


class Pages:
    """Opens pages, and sees to it that nothing goes wrong in them unnoticed."""

    def __init__(self, browser):
        self.browser = browser
        self.opened = []

    def open(self, path, at="", **options):
        options = {"viewport": {"width": 1100, "height": 640}} | options
        options = {"reduced_motion": "reduce"} | options
        context = self.browser.new_context(**options)
        context.add_init_script(_WATCH)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.troubles = []
        page.on("console", lambda m: page.troubles.append(f"{m.type}: {m.text}"))
        page.on("dialog", lambda d: (page.troubles.append(d.message), d.dismiss()))
        page.on("pageerror", lambda error: page.troubles.append(str(error)))
        page.on("request", lambda r: page.troubles.append(r.url) if _far(r.url) else 0)
        page.goto(path.as_uri() + at)
        self.opened.append(page)
        return page

    def close(self):
        """No errors, no requests, nothing that the policy had to stop."""
        for page in self.opened:
            troubles = page.troubles + page.evaluate("window.violations")
            page.context.close()
            assert troubles == []


def _far(url):
    return not url.startswith(("file:", "blob:", "data:"))

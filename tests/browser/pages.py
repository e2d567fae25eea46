"""Pages in the browser: who is signed in, what goes wrong in them unseen, what keeps people from using them."""

from collections.abc import Collection

from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.waiting import PATIENCE_SECONDS

WIDE, NARROW = 1440, 390
HEIGHTS = {WIDE: 900, NARROW: 844}

REPORT_VIOLATIONS = """
    document.addEventListener("securitypolicyviolation", (event) =>
        reportFault(`the policy stops ${event.violatedDirective}: ${event.blockedURI} ${event.sample}`));
"""
TRANSITIONS_ENDED = "Promise.allSettled(document.getAnimations().map((each) => each.finished)).then(() => null)"
AUDITED = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# without `preload` it asks for style sheets again, which the policy forbids to scripts
AUDIT = {"runOnly": AUDITED, "resultTypes": ["violations"], "preload": False}


class Visitor:
    """One person's browser: its pages share cookies. What goes wrong in them is in `faults`."""

    def __init__(self, browser: Browser, server: str, user: User | None) -> None:
        self.faults: list[str] = []
        self.context: BrowserContext = browser.new_context(base_url=server)
        self.context.set_default_timeout(PATIENCE_SECONDS * 1000)
        self.context.expose_function("reportFault", lambda fault: self.faults.append(fault))
        self.context.add_init_script(REPORT_VIOLATIONS)
        self.context.on("console", self._console)
        self.context.on("weberror", lambda error: self.faults.append(f"{error.page.url}: {error.error}"))
        if user is not None:
            self.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session_of(user), "url": server}])

    def new_page(self) -> Page:
        return at(self.context.new_page(), WIDE)

    def _console(self, message: ConsoleMessage) -> None:
        # that a page itself was refused, the browser writes there too
        if message.type in ("error", "warning") and message.location["url"] != message.page.url:
            self.faults.append(f"{message.page.url}: {message.text}")


def session_of(user: User) -> str:
    """The cookie of a session as this user, who was not asked for a password."""
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def at(page: Page, width: int, scheme: str = "light") -> Page:
    """The same page in a window of this width, WIDE or NARROW, on a machine set to the light or the dark scheme."""
    page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
    page.emulate_media(color_scheme=scheme)
    page.evaluate(TRANSITIONS_ENDED)
    return page


def audit(page: Page, allowed: Collection[str] = ()) -> list[str]:
    """What axe finds in the page that keeps people from using it, but for the rules that are allowed, a line each."""
    violations = Axe().run(page, options=AUDIT).response["violations"]
    return [
        f"{each['impact']} {each['id']}: {' '.join(node['target'])} {node['html'][:200]}"
        for each in violations
        if each["impact"] in ("critical", "serious") and each["id"] not in allowed
        for node in each["nodes"]
    ]


def findings(page: Page, url: str, allowed: Collection[str] = (), status: int = 200) -> dict[str, list[str]]:
    """What is wrong with the page at this address: wide and light, then narrow and dark."""
    answer = page.goto(url)
    assert (answer.status, page.url.endswith(url)) == (status, True)
    found = {
        f"{url} {width} {scheme}": audit(at(page, width, scheme), allowed)
        for width, scheme in ((WIDE, "light"), (NARROW, "dark"))
    }
    return {look: lines for look, lines in found.items() if lines}

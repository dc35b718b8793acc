"""Looking at pages in a real Chromium: a picture, and the proof that nothing is wrong with the page.

`Looker.look(url, name, size, theme, lang)` keeps a screenshot under shots/ and fails when the page writes an error to
the console, asks another origin, breaks the content security policy, scrolls sideways or has an axe violation.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import axe_playwright_python
from playwright.sync_api import Browser, BrowserContext, Page, Playwright

SHOTS = Path(__file__).resolve().parents[2] / "shots"
SIZES = {"desk": (1440, 900), "phone": (390, 844), "narrow": (320, 640)}
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
# What Chromium would otherwise fetch for itself in the background.
QUIET = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--disable-features=OptimizationHints,MediaRouter,Translate",
    "--no-first-run",
    "--no-pings",
]
WATCH = """
window.__refused = [];
document.addEventListener('securitypolicyviolation', e => window.__refused.push(
  e.violatedDirective + ' ' + (e.blockedURI || '') + ' ' + (e.sourceFile || '') + ':' + e.lineNumber));
"""


def chromium(playwright: Playwright) -> Browser:
    """The system's Chromium when there is one, else the one Playwright brought."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    arguments = [*QUIET, "--no-sandbox"] if os.geteuid() == 0 else QUIET
    return playwright.chromium.launch(executable_path=found, args=arguments)


@dataclass
class Seen:
    """What a page did while it was looked at."""

    page: Page
    origin: str
    complaints: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Note from now on every console error, script error and request to another origin."""
        self.page.add_init_script(WATCH)
        self.page.on("console", lambda line: self.complaints.append(line.text) if line.type == "error" else None)
        self.page.on("pageerror", lambda problem: self.complaints.append(str(problem)))
        self.page.on("request", lambda request: self._note(request.url))

    def _note(self, url: str) -> None:
        if not url.startswith(("blob:", "data:")) and not url.startswith(self.origin):
            self.strangers.append(url)

    def follow(self, selector: str) -> None:
        """Click on what leads to another page, and wait until that is there whole."""
        with self.page.expect_navigation(wait_until="load"):
            self.page.locator(selector).click()

    def refused(self) -> list[str]:
        """Violations of the content security policy."""
        return list(self.page.evaluate("window.__refused || []"))

    def sideways(self) -> list[str]:
        """The elements that stick out to the right, when the page scrolls sideways; else nothing."""
        return list(
            self.page.evaluate(
                """() => {
                  const width = document.documentElement.clientWidth;
                  if (document.documentElement.scrollWidth <= width) return [];
                  return [...document.querySelectorAll('body *')]
                    .filter(e => e.getBoundingClientRect().right > width + 1)
                    .slice(0, 8).map(e => e.tagName + '.' + e.getAttribute('class'));
                }"""
            )
        )

    def axe(self) -> list[str]:
        """Accessibility violations, each with its first places."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        told = self.page.evaluate(f"axe.run(document, {{runOnly: {json.dumps(TAGS)}}})")
        return [
            f"{found['id']}: {found['help']} at {[node['target'] for node in found['nodes'][:4]]}"
            for found in told["violations"]
        ]

    def faults(self, *, expected_status: int = 200) -> list[str]:
        """Everything wrong with the page as it stands. A console line about the expected status is no fault."""
        excused = f"status of {expected_status}"
        complaints = [line for line in self.complaints if expected_status == 200 or excused not in line]
        return [
            *(f"console: {line}" for line in complaints),
            *(f"another origin: {url}" for url in self.strangers),
            *(f"policy: {line}" for line in self.refused()),
            *(f"sideways: {line}" for line in self.sideways()),
            *(f"axe: {line}" for line in self.axe()),
        ]


@dataclass
class Looker:
    """Opens pages as somebody would and keeps their pictures."""

    browser: Browser
    cookies: list[dict[str, str]] = field(default_factory=list)

    @contextmanager
    def open(
        self, url: str, size: str = "desk", theme: str = "light", lang: str = "zh-CN", *, scripts: bool = True
    ) -> Iterator[Seen]:
        """The page at `url`, watched. `size` is a name of SIZES; `theme` light or dark; `lang` the browser's."""
        context = self._context(size, theme, lang, scripts)
        try:
            parts = urlsplit(url)
            seen = Seen(context.new_page(), f"{parts.scheme}://{parts.netloc}")
            seen.watch()
            seen.page.goto(url, wait_until="networkidle")
            yield seen
        finally:
            context.close()

    def _context(self, size: str, theme: str, lang: str, scripts: bool) -> BrowserContext:
        width, height = SIZES[size]
        context = self.browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if theme == "dark" else "light",
            locale=lang,
            timezone_id="Asia/Shanghai",
            reduced_motion="reduce",
            java_script_enabled=scripts,
        )
        context.add_cookies([dict(cookie) for cookie in self.cookies])  # type: ignore[misc]
        return context

    def look(
        self,
        url: str,
        name: str,
        size: str = "desk",
        theme: str = "light",
        lang: str = "zh-CN",
        *,
        expected_status: int = 200,
    ) -> Path:
        """A picture of the whole page under shots/; raises AssertionError with every fault found."""
        with self.open(url, size, theme, lang) as seen:
            SHOTS.mkdir(exist_ok=True)
            # A field that took the focus may have scrolled; the picture begins at the top.
            seen.page.evaluate("window.scrollTo(0, 0)")
            picture = SHOTS / f"{name}-{size}-{theme}-{lang}.png"
            seen.page.screenshot(path=picture, full_page=True)
            faults = seen.faults(expected_status=expected_status)
            for other in {"narrow", "phone", "desk"} - {size}:
                width, height = SIZES[other]
                seen.page.set_viewport_size({"width": width, "height": height})
                faults += [f"sideways at {width}: {line}" for line in seen.sideways()]
        assert not faults, f"{url} ({size}, {theme}, {lang}):\n" + "\n".join(faults)
        return picture

"""The HTML page in a real browser: Debian's Chromium, and the rules of axe for who sees little or uses no mouse."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, expect, sync_playwright

from certification.judged import whole
from report.example_report import example
from report.hostile import hostile
from storagedriver.report import Outcome, Report
from storagedriver.report.page import render

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed; on Debian: apt install chromium")
    with sync_playwright() as playwright:
        # As root, which CI often is, there is no sandbox.
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens the page of some reports; what the browser complains of, as of a script that it did not let in, fails."""
    complaints: list[str] = []
    contexts = []

    def open_page(*reports: Report, link: str = "", history: Report | None = None, **settings: object) -> Page:
        file = tmp_path / "page.html"
        text = render(
            {f"{number}.json": each for number, each in enumerate(reports)}, {"old": history} if history else {}
        )
        file.write_text(text, encoding="utf-8")
        context = browser.new_context(offline=True, **settings)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        page.goto(f"{file.as_uri()}{link}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints


def shown(page: Page) -> list[str]:
    """The requirements that are shown."""
    ids: list[str] = page.locator("details.clause:visible").evaluate_all("all => all.map(each => each.id)")
    return ids


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("report", [example, hostile], ids=["example", "hostile"])
def test_axe_finds_nothing(opened: Open, report: Callable[[], Report], scheme: str, width: int) -> None:
    """With everything opened, in both colour schemes, wide and narrow."""
    page = opened(
        report(), history=report(), color_scheme=scheme, viewport={"width": width, "height": 900}, bypass_csp=True
    )
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")

    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]})

    assert not found.response["violations"], found.generate_report()


@pytest.mark.parametrize("width", [1280, 390])
def test_page_is_not_wider_than_the_window(opened: Open, width: int) -> None:
    """Wide tables and scripts scroll by themselves."""
    page = opened(
        *(whole(f"driver{number}@server") for number in range(20)), hostile(), viewport={"width": width, "height": 900}
    )
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")

    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_link_opens_what_it_leads_to(opened: Open) -> None:
    page = opened(whole("inmemory", "s3@minio"), link="#CONT-2--s3-minio-process")

    row = page.locator("#CONT-2--s3-minio-process")
    row.wait_for(state="visible")
    assert shown(page).count("CONT-2") == 1
    assert page.locator("details.clause[open]").evaluate_all("all => all.map(each => each.id)") == ["CONT-2"]


def test_search_and_filter(opened: Open) -> None:
    page = opened(whole("inmemory", but={"CONT-2": Outcome.FAILED, "DEL-1": Outcome.SKIPPED}), whole("s3@minio"))
    everything = shown(page)

    page.keyboard.press("/")
    page.keyboard.type("move-4")
    assert shown(page) == ["MOVE-4"]
    assert "1 of" in page.locator("#found").inner_text()
    page.keyboard.press("Escape")
    expect(page.locator("#found")).to_have_text("")
    assert shown(page) == everything

    page.check("#open-only")
    assert shown(page) == ["CONT-2", "DEL-1"]
    page.select_option("#one", label="s3@minio (process)")
    assert shown(page) == []
    page.uncheck("#open-only")
    page.select_option("#other", label="inmemory")
    assert shown(page) == ["CONT-2", "DEL-1"]
    page.click("button[type=reset]")
    expect(page.locator("#found")).to_have_text("")
    assert shown(page) == everything


def test_everything_can_be_read_without_a_script(opened: Open) -> None:
    page = opened(example(), java_script_enabled=False)

    assert page.locator("#filter").is_hidden()
    page.click("#CONT-2 > summary")
    page.click("#CONT-2 details.evidence > summary")
    assert page.locator("#CONT-2 pre.script").first.is_visible()


def test_reproducer_is_copied(opened: Open) -> None:
    page = opened(example(), link="#CONT-2", permissions=["clipboard-read", "clipboard-write"])
    page.click("#CONT-2 details.evidence > summary")
    script = page.locator("#CONT-2 pre.script").first

    page.locator("#CONT-2 button").first.click()

    page.locator("#CONT-2 button", has_text="Copied").or_(
        page.locator("#CONT-2 button", has_text="Selected")
    ).wait_for()
    if page.locator("#CONT-2 button", has_text="Copied").count():
        assert page.evaluate("navigator.clipboard.readText()") == script.text_content()
    else:
        assert page.evaluate("getSelection().toString()").strip() == (script.text_content() or "").strip()


def test_print_shows_what_was_folded_away(opened: Open) -> None:
    page = opened(example())
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")

    assert page.locator("details.clause:not([open])").count() == 0
    assert page.locator("#filter").is_hidden()

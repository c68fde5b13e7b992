"""The page in a real browser, Chromium: accessible, silent, readable without JavaScript, and what the script adds."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from report.example_report import example
from report.hostile import EVIL, hostile
from servers import need
from storagedriver.report.site import render
from storagedriver.report.site.pictures import Pictures

from .example_pages import at, better

SVG = b"""<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20" onload="parent.document.title='run'">
<script>parent.document.title = 'run'</script><image href="http://127.0.0.1:9/x.png"/></svg>"""

PAGES = ("example", "hostile")

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium")
    need(None if program else "Chromium is not installed; install it with: apt install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def axe() -> str:
    """The source of axe-core, which judges accessibility."""
    npm = shutil.which("npm")
    need(None if npm else "npm is not installed; install it with: apt install npm")
    assert npm is not None
    root = (
        os.environ.get("AXE_CORE")
        or subprocess.run(
            [npm, "root", "--global"], capture_output=True, text=True, check=True, timeout=60
        ).stdout.strip()
    )
    script = Path(root) / "axe-core" / "axe.min.js"
    need(None if script.is_file() else "axe-core is not installed; install it with: npm install --global axe-core")
    return script.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("pages")
    picture = made / "picture.svg"
    picture.write_bytes(SVG)
    beside = {"a.json": Pictures(lambda _: picture.with_suffix(".py"))}
    older = {f"{days}.json": at(better() if days == 30 else example(), days=-days) for days in (90, 60, 30)}
    texts = {
        "example": render({"a.json": example("a reason")}, older=older, beside=beside),
        "hostile": render({EVIL: hostile()}, older={f"{EVIL} before": at(hostile(), days=-1)}, title=EVIL),
    }
    for name, text in texts.items():
        (made / f"{name}.html").write_text(text, encoding="utf-8")
    return made


@pytest.fixture
def opened(browser: Browser, folder: Path) -> Iterator[Open]:
    """Opens a page of `folder`. At the end: nothing but the page was asked for, and the console is empty."""
    contexts, said, asked = [], [], []

    def go(name: str = "example", address: str = "", **more: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **more})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append(dialog.message))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{(folder / f'{name}.html').as_uri()}{address}")
        return page

    yield go
    for context in contexts:
        context.close()
    assert said == []
    assert {url for url in asked if not url.startswith((folder.as_uri(), "data:image/svg+xml;base64,"))} == set()


def open_all(page: Page) -> None:
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing(opened: Open, axe: str, name: str, scheme: str, width: int) -> None:
    page = opened(name, color_scheme=scheme, viewport={"width": width, "height": 900})
    open_all(page)
    page.evaluate(axe)
    found = page.evaluate("axe.run({resultTypes: ['violations']})")

    assert [(each["id"], [node["html"][:200] for node in each["nodes"][:3]]) for each in found["violations"]] == []
    assert len(found["passes"]) > 20


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_wider_than_the_window(opened: Open, name: str, width: int) -> None:
    page = opened(name, viewport={"width": width, "height": 900})
    open_all(page)

    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_no_script_of_a_report_runs(opened: Open) -> None:
    page = opened("example")
    open_all(page)
    picture = page.locator("img").first
    picture.scroll_into_view_if_needed()

    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 40
    assert page.title() == "Storage drivers and the contract"


def test_the_policy_refuses_other_scripts_and_styles(browser: Browser, folder: Path) -> None:
    text = (folder / "example.html").read_text(encoding="utf-8")
    forged = text.replace("<main", "<script>document.title = 'run'</script><main style='color: red'", 1)
    (folder / "forged.html").write_text(forged, encoding="utf-8")
    context = browser.new_context()
    page = context.new_page()
    page.goto((folder / "forged.html").as_uri())

    assert page.title() == "Storage drivers and the contract"
    assert page.locator("main").evaluate("main => getComputedStyle(main).color") != "rgb(255, 0, 0)"
    context.close()


def test_it_reads_without_javascript(opened: Open) -> None:
    page = opened("example", java_script_enabled=False)

    expect(page.locator("#matrix tbody tr").first).to_contain_text("2/2")
    expect(page.locator("form").first).to_be_hidden()
    expect(page.locator("#differing tbody tr")).to_have_count(11)
    page.locator("details.group#CONT > summary").click()
    page.locator("details.requirement#CONT-2 > summary").click()
    evidence = page.locator("[id='s3@seaweedfs/CONT-2/evidence']")
    expect(evidence).to_be_visible()
    expect(evidence).to_contain_text("b'shorter than before'")
    expect(evidence).to_contain_text("from storagedriver import factory")


@pytest.mark.parametrize("place", ["s3@seaweedfs/CONT-2", "s3@seaweedfs/CONT-2/evidence", "CONT-2", "inmemory"])
@pytest.mark.parametrize("scripts", [True, False])
def test_a_deep_link_opens_its_place(opened: Open, place: str, scripts: bool) -> None:
    page = opened("example", f"#{place}", java_script_enabled=scripts)

    expect(page.locator(f"[id='{place}']")).to_be_in_viewport()


def test_a_cell_leads_to_its_requirement(opened: Open) -> None:
    page = opened("example")
    page.locator("#differing tr", has_text="CONT-2").locator("td.failed a").click()

    expect(page.locator("[id='s3@seaweedfs/CONT-2']")).to_be_in_viewport()
    assert page.url.endswith("#s3@seaweedfs/CONT-2")


def test_search_and_filter_stand_in_the_address(opened: Open) -> None:
    page = opened("example")
    shown = page.locator("details.requirement:not([hidden])")
    page.locator("#filter [name=q]").fill("cont no tail")
    expect(shown).to_have_count(1)
    expect(shown).to_contain_text("CONT-2")
    expect(page.locator("#filter output")).to_have_text("1 of 65 requirements")

    page.locator("#filter [name=q]").fill("")
    page.locator("#filter [name=outcome]").select_option("failed")
    expect(shown).to_have_count(3)
    page.reload()
    expect(shown).to_have_count(3)
    assert "outcome=failed" in page.url

    page.locator("#filter [type=reset]").click()
    expect(shown).to_have_count(65)
    assert "outcome" not in page.url


def test_a_link_to_what_the_filter_hides_shows_it(opened: Open) -> None:
    page = opened("example", "?outcome=errored")
    page.locator("#against a").nth(1).click()

    expect(page.locator("[id='s3@seaweedfs/CONT-2']")).to_be_in_viewport()


def test_a_link_to_where_the_address_is_shows_it_again(opened: Open) -> None:
    page = opened("example")
    link = page.locator("#differing tr", has_text="CONT-2").locator("td.failed a")
    place = page.locator("[id='s3@seaweedfs/CONT-2']")
    link.click()
    page.locator("#filter [name=outcome]").select_option("errored")
    expect(place).to_be_hidden()

    link.click()

    expect(place).to_be_in_viewport()


def test_a_telephone_shows_the_newest_release_and_no_broken_sign(opened: Open) -> None:
    page = opened("example", viewport={"width": 390, "height": 900})
    open_all(page)

    newest = page.locator(".plot").first.locator("circle").last.bounding_box()
    assert newest is not None
    assert newest["x"] + newest["width"] <= 390
    signs = page.locator(".tally > span")
    assert signs.count() > 65
    assert signs.evaluate_all("signs => signs.every(sign => sign.getClientRects().length === 1)")


def test_keys(opened: Open) -> None:
    page = opened("example")
    page.keyboard.press("/")
    field = page.locator("#filter [name=q]")
    expect(field).to_be_focused()
    page.keyboard.type("CONT-2/")
    expect(field).to_have_value("CONT-2/")
    page.keyboard.press("Escape")
    expect(field).to_have_value("")

    page.locator("#matrix tbody a").first.focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowDown", "ArrowRight", "ArrowUp"):
        page.keyboard.press(key)
    expect(page.locator("#matrix tbody tr:nth-child(2) td:nth-child(3) a")).to_be_focused()


def test_two_targets_are_compared(opened: Open) -> None:
    page = opened("example")
    page.locator("#compare [name=first]").select_option("inmemory")
    page.locator("#compare [name=second]").select_option("inmemory")
    expect(page.locator("#differing tbody tr:not([hidden])")).to_have_count(0)
    expect(page.locator("#compare output")).to_have_text("0 requirements differ")

    page.locator("#compare [name=second]").select_option("s3@seaweedfs")
    expect(page.locator("#differing tbody tr:not([hidden])")).to_have_count(11)
    assert "second=1" in page.url


def test_print_shows_the_evidence(opened: Open) -> None:
    page = opened("example")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(page.locator("[id='s3@seaweedfs/CONT-2/evidence'] pre").first).to_be_visible()
    expect(page.locator("nav")).to_be_hidden()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate("document.querySelectorAll('details.group[open]').length") == 0


def test_a_reproducer_is_copied(opened: Open) -> None:
    page = opened("example", "#s3@seaweedfs/CONT-2/evidence")
    page.locator("[id='s3@seaweedfs/CONT-2/evidence'] .copy").first.click()

    expect(page.locator("[id='s3@seaweedfs/CONT-2/evidence'] .copy").first).to_have_text("Copied")

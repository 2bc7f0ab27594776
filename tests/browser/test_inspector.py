"""An inspector works in a real browser: signs in, confirms a case by keyboard, sees the rating and the queue change."""

from __future__ import annotations

import re
import typing
from collections.abc import Callable

import pytest

if typing.TYPE_CHECKING:
    from tests.browser.conftest import Browser, Site

PASSWORD = "a pass phrase for tests"
LANGUAGES = ("zh", "en")


def sign_in(browser: Browser, site: Site) -> None:
    page = browser.page
    page.goto(site.url)
    page.fill("[name=username]", "inspector")
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/queue")


def clean(browser: Browser) -> None:
    assert browser.errors == []
    assert browser.strangers == []


def credit_of(page: typing.Any) -> set[str]:
    """The credit factors of the shown rows of the queue."""
    return {text.split(" × ")[1] for text in page.locator("tbody td.sub.figures").all_inner_texts()}


@pytest.mark.slow
def test_an_inspector_confirms_a_case_and_sees_rating_and_queue_change(browser: Browser, site: Site) -> None:
    page = browser.page
    sign_in(browser, site)
    href = page.locator('tbody a[href^="/institutions/"]').first.get_attribute("href")
    code = href.rsplit("/", 1)[1]
    page.goto(f"{site.url}/queue?institution={code}")
    waiting = int(page.locator(".head .muted").inner_text().split()[0])
    assert credit_of(page) == {"0.80"}
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/cases/*")
    case_id = page.locator("h1").inner_text()
    amount = page.locator("[data-amount]").inner_text()
    lines = page.locator("table[data-decide] select")
    assert lines.count() > 0
    for _ in range(4):  # the fourth reason to confirm is fraud, which gives the lowest grade at once
        page.keyboard.press("Shift+Digit1")
    assert set(lines.evaluate_all("all => all.map(each => each.value)")) == {"fraud"}
    page.keyboard.press("n")
    page.keyboard.type("s 1 typed, not obeyed")
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    page.wait_for_selector(".notice")
    assert re.search(r"机构评分 — → \d+ D", page.locator(".notice").inner_text())
    assert page.locator("[data-confirmed]").inner_text() == amount
    assert "s 1 typed, not obeyed" in page.locator(".history").inner_text()
    page.click(f'a[href="{href}"]')
    page.wait_for_url("**/institutions/*")
    assert page.locator("[data-rating] b").inner_text() == "D"
    assert page.locator(f'a[href="/cases/{case_id}"]').count() > 0
    page.goto(f"{site.url}/queue?institution={code}")
    assert int(page.locator(".head .muted").inner_text().split()[0]) == waiting - 1
    assert credit_of(page) == {"1.60"}
    assert page.locator(f'tbody a[href="/cases/{case_id}"]').count() == 0
    clean(browser)


@pytest.mark.slow
def test_keys_move_set_and_clear_single_lines(browser: Browser, site: Site) -> None:
    page = browser.page
    sign_in(browser, site)
    page.keyboard.press("Shift+Slash")
    assert page.locator("dialog[open]").count() == 1
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("j")
    second = page.locator('tbody tr:nth-child(2) a[href^="/cases/"]').get_attribute("href")
    assert page.locator("tr.at a").first.get_attribute("href") == second
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{second}")
    first = page.locator("table[data-decide] select").first
    seen = []
    for key in ("1", "1", "2", "3", "0"):
        page.keyboard.press(key)
        seen.append(first.input_value())
    assert seen == ["as_found", "records_checked", "policy_exception", "records_missing", ""]
    page.keyboard.press("u")
    page.wait_for_url("**/queue")
    clean(browser)


@pytest.mark.slow
def test_every_page_is_accessible_in_both_languages(
    browser: Browser, site: Site, unavailable: Callable[[str, str], typing.NoReturn]
) -> None:
    try:
        from axe_playwright_python.sync_playwright import Axe
    except ModuleNotFoundError:
        unavailable("services", "no axe: pip install axe-playwright-python")
    axe = Axe()
    page = browser.page
    found: dict[str, list[str]] = {}

    def check(name: str) -> None:
        result = axe.run(page)
        found[name] = [f"{each['id']}: {each['nodes'][0]['html'][:120]}" for each in result.response["violations"]]

    for lang in LANGUAGES:
        page.goto(f"{site.url}/login?lang={lang}")
        check(f"login {lang}")
    sign_in(browser, site)
    case = page.locator('tbody a[href^="/cases/"]').first.get_attribute("href")
    institution = page.locator('tbody a[href^="/institutions/"]').first.get_attribute("href")
    page.goto(site.url + "/leads")
    lead = page.locator('tbody a[href^="/leads/"]').first.get_attribute("href")
    for lang in LANGUAGES:
        for path in ("/queue", case, "/institutions", institution, "/leads", lead):
            page.goto(f"{site.url}{path}?lang={lang}")
            check(f"{path} {lang}")
        page.goto(f"{site.url}{case}?lang={lang}")
        page.keyboard.press("Shift+Digit1")
        check(f"deciding {lang}")
        page.keyboard.press("Shift+Digit2")
        check(f"refuting {lang}")
    page.keyboard.press("s")
    page.wait_for_selector(".notice")
    check("decided")
    page.goto(site.url + institution)
    check("rated")
    assert {name: each for name, each in found.items() if each} == {}
    clean(browser)


@pytest.mark.slow
def test_an_inspector_goes_from_the_queue_to_a_lead_by_keyboard(browser: Browser, site: Site) -> None:
    page = browser.page
    sign_in(browser, site)
    assert page.locator(".explored").count() > 0
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/cases/*")
    assert "0.90" in page.locator("[data-signal]").inner_text()
    signals = page.locator("[data-signals]")
    assert "不作为认定依据" in signals.inner_text()
    assert "次均 12.5 元，同组 4.25 元" in signals.inner_text()
    page.goto(f"{site.url}/leads")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/leads/L*")
    box = page.locator("svg.network").bounding_box()
    assert box is not None
    assert box["width"] > 300
    page.keyboard.press("u")
    page.wait_for_url("**/leads")
    clean(browser)

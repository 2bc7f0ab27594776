"""`xiezhi demo` as a user runs it: what it prints is enough to sign in, confirm a case by keyboard, and see rating and queue follow."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

if typing.TYPE_CHECKING:
    from tests.browser.conftest import Browser

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Demo:
    """A demonstration that serves, and what it printed."""

    url: str
    users: list[str]
    password: str


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The whole program in a process of its own, ended by Ctrl+C."""
    home = tmp_path_factory.mktemp("demo")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("XIEZHI_")}
    command = [
        sys.executable,
        "-m",
        "xiezhi.cli",
        "demo",
        "--persons",
        "300",
        "--months",
        "3",
        "--seed",
        "11",
        "--serve",
        "--port",
        str(port),
    ]
    with (home / "stderr").open("w") as stderr:
        process = subprocess.Popen(
            command, env={**kept, "XIEZHI_HOME": str(home), "PYTHONUNBUFFERED": "1"}, stdout=subprocess.PIPE, stderr=stderr, text=True
        )
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if "Ctrl+C" in line:
                break
        found = re.search(r"(http://\S+)/\n账号 users: (.+)\n.*password, shown once: (\S+)\n", said)
        assert found, f"{said}\n{(home / 'stderr').read_text('utf-8')[-2000:]}"
        wait_for(port, process, home / "stderr")
        yield Demo(found[1], found[2].split(), found[3])
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        process.stdout.close()


def wait_for(port: int, process: subprocess.Popen[str], stderr: Path) -> None:
    while process.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(0.5)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail(stderr.read_text("utf-8")[-2000:])


def sign_in(page: typing.Any, site: Demo, name: str) -> None:
    page.context.clear_cookies()
    page.goto(f"{site.url}/login")
    page.fill("[name=username]", name)
    page.fill("[name=password]", site.password)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: not url.endswith("/login"))


def queue(page: typing.Any, site: Demo, query: str = "") -> dict[str, typing.Any]:
    answer: dict[str, typing.Any] = page.request.get(f"{site.url}/queue.json{query}").json()
    return answer


def test_an_inspector_confirms_a_case_of_the_demo(browser: Browser, site: Demo) -> None:
    """Kills: a password that does not sign in, a demo without cases, a decision that moves neither rating nor queue."""
    page = browser.page
    sign_in(page, site, "inspector")
    page.wait_for_selector("tbody tr")
    # The panel of the demonstration may have lowered some ratings already: take an institution that still has the best one.
    code = min(queue(page, site)["cases"], key=lambda row: row["factors"]["credit"])["institution_code"]
    mine = f"?institution={code}"
    before = queue(page, site, mine)
    page.goto(f"{site.url}/institutions/{code}")
    assert "D" not in page.locator("[data-rating] b").all_inner_texts()
    page.goto(f"{site.url}/queue{mine}")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/cases/*")
    case_id = page.locator("h1").inner_text()
    for _ in range(4):  # the fourth reason to confirm is fraud
        page.keyboard.press("Shift+Digit1")
    page.keyboard.press("s")
    page.wait_for_selector(".notice")
    page.goto(f"{site.url}/institutions/{code}")
    assert page.locator("[data-rating] b").inner_text() == "D"
    after = queue(page, site, mine)
    assert case_id in {row["case_id"] for row in before["cases"]}
    assert case_id not in {row["case_id"] for row in after["cases"]}
    assert after["total"]["cases"] == before["total"]["cases"] - 1
    raised = {row["case_id"]: row["factors"]["credit"] for row in after["cases"]}
    assert raised
    assert min(raised.values()) > max(row["factors"]["credit"] for row in before["cases"])
    assert (browser.errors, browser.strangers) == ([], [])


def test_the_institution_sees_its_own_cases_only(browser: Browser, site: Demo) -> None:
    page = browser.page
    sign_in(page, site, "inspector")
    everybody = queue(page, site)["total"]["cases"]
    sign_in(page, site, "institution")
    own = queue(page, site)
    assert 0 < own["total"]["cases"] < everybody
    assert len({row["institution_code"] for row in own["cases"]}) == 1
    assert len(site.users) == 11

"""Pages and their twins: signing in, scope, filters, deciding, and what a form of somebody else may not do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import supervision_ui
from supervision_ui.words import WORDS, english
from xiezhi.storage.sql.audit_log import rows_of, verify_log

SignIn = Callable[[str], TestClient]
TOKEN = re.compile(r'name="csrf" value="([^"]+)"')


def token(page: str) -> str:
    found = TOKEN.search(page)
    assert found
    return found[1]


def first_case(client: TestClient) -> dict[str, object]:
    found: dict[str, object] = client.get("/queue.json").json()["cases"][0]
    return found


def decision(client: TestClient, case_id: object, code: str) -> dict[str, str]:
    """The form of a case with one reason for every line."""
    page = client.get(f"/cases/{case_id}").text
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version
    names = re.findall(r'<select name="(reason:[^"]+)"', page)
    assert names
    return {"csrf": token(page), "version": version[1], "note": "checked", **dict.fromkeys(names, code)}


@pytest.mark.parametrize("path", ["/", "/queue", "/cases/C0", "/institutions", "/institutions/H1"])
def test_nothing_is_shown_before_signing_in(client: TestClient, path: str) -> None:
    answer = client.get(path, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    if path != "/":
        assert client.get(path + ".json").status_code == 401


def test_a_wrong_password_and_a_form_without_token_are_refused(client: TestClient) -> None:
    sent = {"csrf": token(client.get("/login").text), "username": "inspector", "password": "wrong"}
    assert client.post("/login", data=sent).status_code == 401
    assert client.post("/login", data={**sent, "csrf": ""}).status_code == 403
    assert client.get("/queue", follow_redirects=False).status_code == 303


def test_every_answer_has_strict_headers_and_the_cookie_is_closed_to_scripts(sign_in: SignIn) -> None:
    client = sign_in("inspector")
    for path in ("/queue", "/queue.json", "/cases/nope", "/institutions"):
        policy = client.get(path).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
    page = client.get("/login", follow_redirects=False)
    assert page.status_code == 303
    client.cookies.clear()
    for header in client.get("/login").headers.get_list("set-cookie"):
        assert "httponly" in header.lower()
        assert "samesite" in header.lower()


def test_pages_hold_no_inline_script_or_style_and_no_other_host(sign_in: SignIn) -> None:
    client = sign_in("inspector")
    case = first_case(client)
    for path in ("/queue", f"/cases/{case['case_id']}", "/institutions", f"/institutions/{case['institution_code']}"):
        text = client.get(path).text
        assert not re.search(r"\son[a-z]+=|\sstyle=|<style|<script(?! src=\"/static/)", text), path
        assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", text), path


def test_the_queue_is_by_priority_and_pages_do_not_overlap(sign_in: SignIn) -> None:
    client = sign_in("inspector")
    rows, after = [], ""
    while True:
        page = client.get("/queue.json", params={"after": after}).json()
        rows += page["cases"]
        after = page["next"]
        if not after:
            break
    assert len({row["case_id"] for row in rows}) == len(rows) == page["total"]["cases"] > 50
    assert [row["priority"] for row in rows] == sorted((row["priority"] for row in rows), reverse=True)
    assert client.get("/queue", headers={"accept": "application/json"}).json()["cases"] == rows[:50]


def test_filters_restrict_and_wrong_ones_are_told(sign_in: SignIn) -> None:
    client = sign_in("inspector")
    code = first_case(client)["institution_code"]
    found = client.get("/queue.json", params={"institution": code, "least": "10"}).json()["cases"]
    assert found
    assert all(row["institution_code"] == code and row["amount_fen"] >= 1000 for row in found)
    for wrong in ({"state": "x"}, {"verdict": "x"}, {"least": "x"}, {"after": "x"}):
        assert client.get("/queue", params=wrong).status_code == 422, wrong


def test_a_scope_and_a_role_bound_every_page(sign_in: SignIn) -> None:
    client = sign_in("inspector")
    case = first_case(client)
    paths = [f"/cases/{case['case_id']}", f"/institutions/{case['institution_code']}"]
    sign_in("elsewhere")
    assert client.get("/queue.json").json()["total"]["cases"] == 0
    assert client.get("/institutions.json").json() == {"institutions": []}
    assert [client.get(path).status_code for path in paths] == [404, 404]
    sign_in("admin")
    assert [client.get(path).status_code for path in ("/queue", "/institutions", *paths)] == [403] * 4


def test_the_person_is_masked_and_a_look_is_logged(sign_in: SignIn) -> None:
    client = sign_in("inspector")
    case = next(row for row in client.get("/queue.json").json()["cases"] if row["person_masked"])
    path = f"/cases/{case['case_id']}"
    page = client.get(path).text
    masked = re.search(r"data-person>([^<]+)<", page)
    assert masked
    assert "***" in masked[1]
    shown = re.search(r"data-person>([^<]+)<", client.post(path + "/reveal", data={"csrf": token(page)}).text)
    assert shown
    assert "*" not in shown[1]
    assert shown[1] not in page
    assert shown[1] not in client.get(path + ".json").text
    desk = client.app.state.desk  # type: ignore[attr-defined]
    with desk.database.read() as connection:
        seen = [(row.actor, row.action) for row in rows_of(connection, case["case_id"])]
    assert ("inspector", "person.revealed") in seen
    assert verify_log(desk.database).broken_at is None
    sign_in("hospital")
    assert "/reveal" not in client.get(path).text


def test_confirming_moves_the_rating_and_the_queue(sign_in: SignIn) -> None:
    client = sign_in("inspector")
    case = first_case(client)
    place = f"/institutions/{case['institution_code']}.json"
    before = client.get("/queue.json", params={"institution": case["institution_code"]}).json()
    assert client.get(place).json()["rating"] is None
    answer = client.post(f"/cases/{case['case_id']}/decide", data=decision(client, case["case_id"], "fraud"))
    assert answer.status_code == 200
    twin = client.get(f"/cases/{case['case_id']}.json").json()
    assert (twin["state"], twin["outcome"]) == ("closed", "confirmed")
    assert twin["confirmed_fen"] == twin["amount_fen"]
    assert {(each["actor"], each["note"]) for each in twin["decisions"]} == {("inspector", "checked")}
    rating = client.get(place).json()["rating"]
    assert rating["score"] < 1000
    after = client.get("/queue.json", params={"institution": case["institution_code"]}).json()
    assert case["case_id"] not in [row["case_id"] for row in after["cases"]]
    assert after["total"]["cases"] == before["total"]["cases"] - 1
    assert {row["factors"]["credit"] for row in after["cases"]} == {rating["queue"]}
    assert rating["queue"] > before["cases"][0]["factors"]["credit"]


def test_forged_stale_and_empty_decisions_change_nothing(sign_in: SignIn) -> None:
    client = sign_in("inspector")
    case_id = first_case(client)["case_id"]
    path, form = f"/cases/{case_id}/decide", decision(client, case_id, "as_found")
    before = client.get(f"/cases/{case_id}.json").json()
    assert client.post(path, data={**form, "csrf": "x"}).status_code == 403
    assert client.post(path, data=form, headers={"origin": "http://else.example"}).status_code == 403
    assert client.post(path, data={**form, "version": "99"}).status_code == 409
    assert client.post(path, data={name: form[name] for name in ("csrf", "version")}).status_code == 422
    assert client.post(path, data={**form, "reason:nope:": "as_found"}).status_code == 422
    assert client.post(path, content=b"\xff=1").status_code == 400
    assert client.get(f"/cases/{case_id}.json").json() == before
    sign_in("hospital")
    page = client.get("/queue").text
    assert client.post(path, data={**form, "csrf": token(page)}).status_code in (404, 422)
    sign_in("inspector")
    assert client.get(f"/cases/{case_id}.json").json() == before


def test_the_language_sticks(sign_in: SignIn) -> None:
    client = sign_in("inspector")
    assert 'lang="zh-CN"' in client.get("/queue").text
    assert '<html lang="en">' in client.get("/queue?lang=en").text
    english_page = client.get("/institutions").text
    assert '<html lang="en">' in english_page
    assert '<html lang="zh-CN">' in client.get("/queue?lang=zh").text


def test_the_catalogue_is_complete_and_holds_nothing_else() -> None:
    folder = Path(supervision_ui.__file__).parent
    used = {each for kind in WORDS.values() for each in kind.values()} | {"待办", "全部"}
    for path in folder.rglob("*.html"):
        used |= set(re.findall(r"""_\(["']([^"']+)["']\)""", path.read_text("utf-8")))
    for path in folder.rglob("*.py"):
        text = path.read_text("utf-8")
        used |= set(re.findall(r"""\._\(["']([^"']+)["']\)""", text)) | set(re.findall(r'with_status\(\d+, "([^"]+)"', text))
    assert used == set(english())
    assert all(text.strip() and not re.search("[\u4e00-\u9fff]", text) for text in english().values())
    stored = (folder / "locale" / "en.json").read_text("utf-8")
    assert list(json.loads(stored)) == sorted(json.loads(stored))

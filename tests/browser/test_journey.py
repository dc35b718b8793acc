"""Two journeys through the real pages: from a resident's report to the archive and the figures, and each refusal.

Slow (about a minute each): every page on the way is looked at with axe, in a real Chromium.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.browser.conftest import Served
from tests.browser.looking import SHOTS, Looker, Seen
from tests.browser.test_portal import ask, fill_in, go_on, press

pytestmark = [pytest.mark.browser, pytest.mark.commits]
KEPT = "配件明天到，后天上午装好。"


@pytest.fixture
def city(settings: Any, served: Served) -> Any:
    """The cast, committed, in a demonstration, a month at work."""
    from datetime import timedelta

    from fengqiao.kernel.now import at, now
    from tests.cast import build

    settings.FENGQIAO_DEMO = True
    with at(now() - timedelta(days=30)):
        return build()


def sound(seen: Seen, *, status: int = 200) -> None:
    """Nothing is wrong with the page as it stands."""
    faults = seen.faults(expected_status=status)
    assert not faults, f"{seen.page.url}:\n" + "\n".join(faults)
    seen.complaints.clear()


def at_the_desk(seen: Seen, served: Served, post: Any) -> None:
    """From here on this browser is signed in as that post, with both factors."""
    from django.conf import settings as program
    from django.test import Client

    from tests.accounts.entering import enter

    client = enter(Client(), post)
    name = program.SESSION_COOKIE_NAME
    seen.page.context.clear_cookies()
    seen.page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": served.origin}])


def visit(seen: Seen, served: Served, path: str, *, status: int = 200) -> str:
    """The words of a page, which is sound and answers with that status."""
    answer = seen.page.goto(served.url(path), wait_until="networkidle")
    assert answer is not None
    assert answer.status == status, path
    sound(seen, status=status)
    return seen.page.locator("main").inner_text()


def act(seen: Seen, served: Served, slug: str, action: str, *, status: int = 200, **told: Any) -> str:
    """Open an action from the matter's own page, fill its form in, press its button; what the next page says."""
    page = seen.page
    visit(seen, served, f"/desk/matters/{slug}/")
    press(seen, f"main a[href$='/do/{action}/']")
    sound(seen)
    for name, value in told.items():
        field = page.locator(f"main [name={name}]").first
        kind = field.evaluate("e => e.tagName + ' ' + (e.type || '')")
        if kind.startswith("SELECT"):
            page.select_option(f"main select[name={name}]", value)
        elif kind.endswith(" radio"):
            page.check(f"main [name={name}][value={value}]")
        elif kind.endswith(" checkbox"):
            page.check(f"main [name={name}]")
        else:
            field.fill(value)
    press(seen, "main form .b-1")
    sound(seen, status=status)
    return page.locator("main").inner_text()


def told_at_the_portal(seen: Seen, served: Served) -> tuple[Any, str]:
    """A resident tells; the order and its query code."""
    from fengqiao.kernel.access import SystemPost, acting_as
    from fengqiao.kernel.models import Matter

    visit(seen, served, "/")
    press(seen, "a.say")
    sound(seen)
    fill_in(seen)
    sound(seen)
    go_on(seen)
    sound(seen)
    code = seen.page.locator(".code").inner_text()
    assert re.fullmatch(r"\d{4} \d{4} \d{4}", code)
    with acting_as(SystemPost("keeper")):
        return Matter.objects.order_by("-pk")[0], code


def slug_of(matter: Any) -> str:
    from fengqiao.ground.numbers import parse

    return parse(matter.number).slug


def state_of(matter: Any) -> str:
    from fengqiao.kernel.access import SystemPost, acting_as
    from fengqiao.kernel.models import Matter

    with acting_as(SystemPost("keeper")):
        return Matter.objects.get(pk=matter.pk).state


def test_from_a_residents_report_to_the_archive_and_the_figures(
    served: Served, browser_page: Looker, city: Any
) -> None:
    from datetime import timedelta

    from fengqiao.kernel import analyse
    from fengqiao.kernel.now import today
    from fengqiao.offices.figures.recount import recount
    from tests.cast import an_order

    with browser_page.open(served.url("/"), "phone") as seen:
        matter, code = told_at_the_portal(seen, served)
    slug = slug_of(matter)
    with browser_page.open(served.url("/"), "desk") as seen:
        at_the_desk(seen, served, city.chen)
        assert matter.title in visit(seen, served, "/desk/")
        act(seen, served, slug, "dispatch", unit="water", note="请尽快看看。")
        assert state_of(matter) == "dispatched"
        at_the_desk(seen, served, city.li)
        assert matter.title in visit(seen, served, "/desk/")
        act(seen, served, slug, "take")
        act(seen, served, slug, "start")
        act(seen, served, slug, "reply", text="路灯已经修好，今晚会亮。", solved="yes")
        assert state_of(matter) == "replied"
        at_the_desk(seen, served, city.chen)
        act(seen, served, slug, "call_back", reached=True, solved="yes", grade="good", note="已经亮了。")
        act(seen, served, slug, "close")
        act(seen, served, slug, "archive")
        assert state_of(matter) == "closed"
        assert "路灯已经修好" in visit(seen, served, f"/desk/matters/{slug}/")
        # Fewer than five are shown alike: four more calls bring the figure into sight.
        for each in range(4):
            an_order(city.chen, title=f"另一盏路灯 {each}")
        analyse.update_cells()
        assert recount(today() - timedelta(days=2), today()) == []
        figures = visit(seen, served, "/desk/figures/?measure=K-301a&by=month"
                        f"&first={today() - timedelta(days=2)}&last={today()}")  # fmt: skip
        assert "K-301a" in figures
        assert seen.page.locator("main tbody tr:last-child td").first.inner_text().strip() == "5"
    with browser_page.open(served.url("/"), "phone") as seen:
        ask(seen, served, code, "5678")
        sound(seen)
        assert "路灯已经修好，今晚会亮。" in seen.page.locator("main").inner_text()


def test_two_orders_are_dispatched_from_the_list_by_the_keyboard_alone(
    served: Served, browser_page: Looker, city: Any
) -> None:
    from tests.cast import an_order

    for number in range(3):
        an_order(city.chen, title=f"第 {number} 盏路灯不亮", content=f"示例一村第 {number} 盏路灯坏了。")
    with browser_page.open(served.url("/"), "desk") as seen:
        at_the_desk(seen, served, city.chen)
        visit(seen, served, "/desk/")
        page, bar = seen.page, seen.page.locator(".batch")
        assert not bar.is_visible()
        for key in ("j", "x", "j", "x"):
            page.keyboard.press(key)
        bar.locator("button[value=dispatch]").wait_for()
        assert bar.locator("[data-n]").inner_text() == "2"
        sound(seen)
        page.screenshot(path=SHOTS / "worklist-ticked-desk-light.png")
        page.keyboard.press("Escape")
        assert not bar.is_visible()
        page.keyboard.press("x")
        page.keyboard.press("k")
        page.keyboard.press("Shift+X")
        bar.locator("button[value=dispatch]").wait_for()
        bar.locator("button[value=dispatch]").focus()
        with page.expect_navigation():
            page.keyboard.press("Enter")
        sound(seen)
        page.locator("[name=unit]").select_option("water")
        page.locator("[name=unit]").focus()
        with page.expect_navigation():
            page.keyboard.press("Control+Enter")
        sound(seen)
        assert "2 件都办好了" in page.locator("main").inner_text()
        assert "第 2 盏路灯不亮" in visit(seen, served, "/desk/?stage=new")


def test_what_a_person_was_not_content_with_is_put_right_by_another_unit(
    served: Served, browser_page: Looker, city: Any
) -> None:
    from fengqiao.kernel.access import SystemPost, acting_as
    from fengqiao.offices.reviews import give
    from tests.cast import an_order, do

    order = an_order(city.chen)
    do(city.chen, "hotline.dispatch", order, unit="water")
    for action in ("take", "start"):
        do(city.li, f"hotline.{action}", order)
    do(city.li, "hotline.reply", order, text="已经换好，请放心。", solved="yes")
    with acting_as(SystemPost("keeper")):
        source = order.sources.get()
    give.give(source, "poor", "等了三天没人来，来了也没修好。")
    for size, theme in (("phone", "dark"), ("desk", "light")):
        with browser_page.open(served.url("/"), size, theme) as seen:
            at_the_desk(seen, served, city.sun)
            assert "等了三天没人来" in visit(seen, served, "/desk/reviews/")
            seen.page.screenshot(path=SHOTS / f"reviews-{size}-{theme}.png")
            seen.follow("main a.b-1")
            sound(seen)
            seen.page.screenshot(path=SHOTS / f"review-act-{size}-{theme}.png")
            if size == "desk":
                seen.page.locator("textarea").fill("已经上门道歉，路灯换新。")
                seen.follow("main form button.b-1")
                sound(seen)
                assert "等了三天没人来" not in seen.page.locator("main").inner_text()


# Pairs of cells whose words lie on one another, and places of the navigation that are cut off.
CROWDED = """() => {
  const inked = cell => {
    const words = document.createRange();
    words.selectNodeContents(cell);
    return words.getBoundingClientRect();
  };
  const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
  const found = [];
  for (const row of document.querySelectorAll("table.list tbody tr")) {
    const cells = [...row.children].filter(cell => cell.innerText.trim());
    cells.forEach((cell, i) => cells.slice(i + 1).forEach(other => {
      if (meet(inked(cell), inked(other))) found.push(cell.innerText + " on " + other.innerText);
    }));
  }
  for (const link of document.querySelectorAll(".nav-side a"))
    if (link.getBoundingClientRect().right > innerWidth) found.push("cut: " + link.innerText);
  return found;
}"""


def test_on_a_phone_no_words_of_a_list_lie_on_others_and_every_place_of_the_desk_is_in_sight(
    served: Served, browser_page: Looker, city: Any
) -> None:
    from tests.cast import an_order, do

    do(city.chen, "hotline.dispatch", an_order(city.chen), unit="water")
    with browser_page.open(served.url("/"), "phone") as seen:
        at_the_desk(seen, served, city.li)
        for path in ("/desk/", "/desk/matters/", "/desk/figures/"):
            visit(seen, served, path)
            assert seen.page.locator("table.list tbody tr").count() > 0, path
            assert seen.page.evaluate(CROWDED) == [], path


def test_each_refusal_says_what_happened_and_keeps_what_was_typed(
    served: Served, browser_page: Looker, city: Any
) -> None:
    from datetime import timedelta

    from fengqiao.kernel.intake import Told
    from fengqiao.kernel.now import at, now
    from tests.cast import an_order, do

    with at(now() - timedelta(days=20)):
        late = an_order(city.chen, title="路灯二十天没修")
        do(city.chen, "hotline.dispatch", late, unit="water")
        do(city.li, "hotline.take", late)
    about_water = an_order(city.chen, title="投诉水务局", told=(Told(unit=city.units["water"].pk),))
    with browser_page.open(served.url("/"), "phone") as seen:
        page = seen.page
        ask(seen, served, "1234 5678 9012", "5678")
        assert page.locator(".err-box").count() == 1
        assert page.input_value("input[name=code]") == "1234 5678 9012"
        sound(seen, status=422)
    with browser_page.open(served.url("/"), "desk") as seen:
        page = seen.page
        at_the_desk(seen, served, city.li)
        hidden = visit(seen, served, f"/desk/matters/{slug_of(about_water)}/", status=404)
        missing = visit(seen, served, "/desk/matters/R2026-000-0000001/", status=404)
        assert hidden == missing
        said = act(seen, served, slug_of(late), "extend", status=409, days="5", explanation=KEPT)
        assert page.locator(".err-box").count() == 1
        assert KEPT in said or page.input_value("main [name=explanation]") == KEPT
        act(seen, served, slug_of(late), "reply", status=422, text=KEPT)
        assert page.locator(".err-box").count() == 1
        assert page.input_value("main [name=text]") == KEPT
        visit(seen, served, f"/desk/matters/{slug_of(late)}/do/reply/")
        do(city.lin, "hotline.remark", late, text="我先去看看。")
        page.fill("main [name=text]", KEPT)
        page.check("main [name=solved][value=yes]")
        press(seen, "main form .b-1")
        sound(seen, status=412)
        assert page.locator(".err-box").count() == 1
        assert page.input_value("main [name=text]") == KEPT
        at_the_desk(seen, served, city.chen)
        assert act(seen, served, slug_of(about_water), "dispatch", status=422, note=KEPT)
        assert page.locator("main select[name=unit] option[value=water]").count() == 0
        assert page.input_value("main [name=note]") == KEPT
        visit(seen, served, f"/desk/matters/{slug_of(late)}/do/close/")
        assert page.locator(".err-box").count() == 1
        at_the_desk(seen, served, city.administrator)
        visit(seen, served, f"/desk/matters/{slug_of(late)}/", status=404)

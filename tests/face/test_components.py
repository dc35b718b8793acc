"""The components as templates draw them."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.template import Context, Template, TemplateSyntaxError
from django.utils import translation

from fengqiao.doors.face.parts import Action, Entry, Fact, Light, LimitFacts, PersonLine, Step

HERE = ZoneInfo("Asia/Shanghai")


@pytest.fixture(autouse=True)
def in_chinese():
    with translation.override("zh-hans"):
        yield


def drawn(text: str, **context: object) -> str:
    return Template("{% load face face_forms face_masks %}" + text).render(Context(context))


@pytest.mark.parametrize(
    ("light", "words"),
    [
        (Light("g", 16, "day"), "<b>剩 16</b> 天"),
        (Light("y", 2), "<b>剩 2</b> 个工作日"),
        (Light("r"), "<b>今天</b>到期"),
        (Light("over", 1), "<b>超期 1</b> 个工作日"),
        (Light("stop", 4), "<b>停表</b> 第 4 天"),
        (Light("done", 3), "<b>用时 3</b> 个工作日"),
        (Light("y", at=datetime(2026, 11, 20, 14, 30, tzinfo=HERE)), "<b>14:30</b> 到期"),
    ],
)
def test_a_light_says_its_amount_and_its_unit(light, words):
    assert words in drawn("{% light light %}", light=light)


def test_a_light_never_says_a_negative_number():
    with pytest.raises(ValueError, match="negative"):
        Light("over", -1)


def test_a_tooltip_has_what_facts_and_source_and_is_named_by_its_light():
    light = Light("y", 2, limits=[LimitFacts("答复", "11月12日收到", "《示例规则》第三条")])
    html = drawn("{% light light key=7 %}", light=light)
    assert 'aria-describedby="tip-7"' in html
    assert (
        '<span class="tip" role="tooltip" id="tip-7"><b>答复</b><br>11月12日收到<br><em>《示例规则》第三条</em>' in html
    )


def test_a_tooltip_without_a_key_is_refused():
    with pytest.raises(TemplateSyntaxError, match="key"):
        drawn("{% light light %}", light=Light("y", 2, limits=[LimitFacts("a", "b", "c")]))


def test_one_primary_action_and_each_locked_one_has_its_reason():
    actions = [
        Action("签收", "/a", primary=True),
        Action("转办", "/b"),
        Action("终止", "/c", danger=True, note="要选理由"),
        Action("归档", locked="先写答复"),
    ]
    html = drawn("{% panel_act actions %}", actions=actions)
    assert html.count("b-1") == 1
    assert "先写答复" in html
    assert 'href="/c"' in html
    assert "归档</a>" not in html


def test_a_second_primary_action_is_refused():
    with pytest.raises(TemplateSyntaxError, match="one primary"):
        drawn("{% panel_act actions %}", actions=[Action("a", primary=True), Action("b", primary=True)])


def test_five_figures_in_a_panel_are_refused():
    with pytest.raises(TemplateSyntaxError, match="four"):
        drawn("{% facts facts %}", facts=[Fact("1", "a")] * 5)


def test_the_step_at_hand_is_announced():
    html = drawn("{% stepper steps %}", steps=[Step("登记", "done"), Step("办理", "now"), Step("归档")])
    assert html.count('aria-current="step"') == 1
    assert 'class="now" aria-current="step"' in html


def test_what_a_person_wrote_is_escaped_in_the_history():
    entry = Entry(datetime(2026, 11, 20, 9, tzinfo=HERE), "<i>", "<script>alert(1)</script>", quote="<b>x</b>\ny")
    html = drawn("{% timeline entries %}", entries=[entry])
    assert "<script>" not in html
    assert "&lt;b&gt;x&lt;/b&gt;<br>y" in html


def test_a_person_line_masks_whatever_it_is_given():
    html = drawn("{% person_line line %}", line=PersonLine("申请人", "楼建华", "13800002210", call="/call"))
    assert "楼*华" in html
    assert "138****2210" in html
    assert "楼建华" not in html
    assert "13800002210" not in html


def test_a_query_code_is_written_in_fours():
    assert drawn("{{ code|query_code }}", code="123456789012") == "1234 5678 9012"


class OneField(forms.Form):
    phone = forms.CharField(label="联系电话", help_text="11 位", max_length=11)


def test_a_field_keeps_what_was_typed_and_announces_hint_and_error():
    html = drawn("{% errors form %}{% field form.phone %}", form=OneField({"phone": "138 0000 22100"}))
    assert 'value="138 0000 22100"' in html
    assert 'aria-describedby="id_phone_hint id_phone_bad"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="id_phone_bad"' in html
    assert '<a href="#id_phone">联系电话</a>' in html


def test_a_form_without_errors_has_no_summary():
    assert drawn("{% errors form %}", form=OneField({"phone": "13800002210"})).strip() == ""


def test_an_unknown_icon_size_or_tone_is_refused():
    with pytest.raises(TemplateSyntaxError):
        drawn('{% icon "phone" "17" %}')
    with pytest.raises(TemplateSyntaxError):
        drawn('{% tag "a" "red" %}')

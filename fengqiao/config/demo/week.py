"""The stories taken in and handled, at their hours, by the posts that would do it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fengqiao.config.demo.stories import STORIES, Story
from fengqiao.kernel import handle, intake, now
from fengqiao.kernel.intake import PORTAL, Party, Receipt, Told
from fengqiao.kernel.models import Matter, Post
from fengqiao.offices.knowledge.library import search

HERE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Act:
    """An action some working hours after the one before; `by` is a username, or `unit` for the unit's handler."""

    hours: float
    key: str
    by: str = "unit"
    data: Mapping[str, Any] | None = None


DISPATCH = Act(0.4, "dispatch", "chen")
TAKE, START = Act(1.2, "take"), Act(0.6, "start")
SEEN = Act(2.0, "remark", data={"text": "已到现场看过，拍了照片，和反映人通了电话。"})
FIXED = Act(20.0, "reply", data={"text": "已经处理好了：当天到场，今天复查正常。再有问题请打 12345。", "solved": "yes"})
PARTLY = Act(22.0, "reply", data={"text": "已责令整改，设备下周到位，到时再复查并告诉您。", "solved": "partly"})
THANKS = Act(
    2.0, "call_back", "chen", {"reached": True, "solved": "yes", "grade": "good", "note": "来电人说已经好了。"}
)
SO_SO = Act(2.0, "call_back", "chen", {"reached": True, "solved": "partly", "grade": "fair", "note": "说比以前好些。"})
NOT_HAPPY = Act(2.0, "call_back", "chen", {"reached": True, "solved": "no", "grade": "poor", "note": "昨晚又响了。"})
CLOSE = Act(0.3, "close", "chen")
FILE = Act(1.0, "archive", "chen")
AGAIN = Act(1.0, "redo", "sun", {"ground": "dissatisfied", "note": "请在现场停工检查，并说明何时复工。"})
LONGER = Act(3.0, "extend", data={"days": 5, "explanation": "要等检测结果，最迟下周告诉您，抱歉让您多等几天。"})
NOT_OURS = Act(1.5, "ask_return", data={"reason": "站台雨棚归属镇里的小型设施，按权责清单不属于本部门。"})
RULING = Act(3.0, "settle_return", "sun", {"upheld": False, "note": "按渠道管理分工由水务部门牵头，镇里协助。"})
COURT = Act(
    0.5,
    "not_accept",
    "chen",
    {
        "reason": "litigation",
        "way": "借款纠纷可以先申请人民调解，不收钱；也可以带借条到法院起诉，一般从应还款那天起三年内。",
    },
)
DANGER = Act(0.02, "hand_over", "chen", {"to": "119", "note": "楼道有燃气味，已提醒不要开关电器、到室外等。"})

SCRIPTS: dict[str, tuple[Act, ...]] = {
    "received": (),
    "answered": (Act(0.05, "answer_now", "chen", {}),),
    "wrong_way": (COURT,),
    "emergency": (DANGER,),
    "dispatched": (DISPATCH,),
    "taken": (DISPATCH, TAKE),
    "in_progress": (DISPATCH, TAKE, START, SEEN),
    "extended": (DISPATCH, TAKE, START, SEEN, LONGER),
    "returned": (DISPATCH, NOT_OURS),
    "ruled": (DISPATCH, NOT_OURS, RULING, TAKE),
    "replied": (DISPATCH, TAKE, START, PARTLY),
    "callback": (DISPATCH, TAKE, START, SEEN, PARTLY, SO_SO),
    "redo": (DISPATCH, TAKE, START, PARTLY, NOT_HAPPY, AGAIN),
    "done_good": (DISPATCH, TAKE, START, SEEN, FIXED, THANKS, CLOSE, FILE),
    "done_fair": (DISPATCH, TAKE, START, SEEN, PARTLY, SO_SO, CLOSE),
    "done_poor": (DISPATCH, TAKE, START, PARTLY, NOT_HAPPY, AGAIN),
    "same_as_leak": (),
}


def play(posts: Mapping[str, Post]) -> int:
    """Take all stories in and act them out, in the order of time, up to now; how many matters there are."""
    today = now.today()
    handlers = {post.unit.key: post for post in posts.values() if post.role == "unit_handler"}
    handlers.update({"enforcement": posts["lin"], "services": posts["approver"]})
    done = 0
    for place, story in enumerate(STORIES):
        begun = datetime.combine(today - timedelta(days=story.days), datetime.min.time(), HERE)
        at = min(begun + timedelta(hours=story.hour), now.now() - timedelta(minutes=30 + place % 7))
        with now.at(at):
            matter = _receive(story, place, posts)
        _act_out(story, matter, at, posts, handlers)
        done += 1
    return done


def _receive(story: Story, place: int, posts: Mapping[str, Post]) -> Matter:
    by = PORTAL if story.channel in ("web", "wechat") else posts["chen"]
    told = (Told(level=story.whom if story.whom in ("village", "town") else ""),) if story.whom else ()
    receipt = Receipt(
        title=story.title,
        content=story.told,
        channel=story.channel,
        place=story.place,
        category=story.category,
        told=told,
        parties=(Party(name=story.name, phone=f"100{10_000_000 + place * 7919:08d}"),),
        data={"nature": story.nature},
        call_back=place % 2 == 0,
    )
    return intake.receive(by, "hotline", receipt).matter


def _act_out(
    story: Story, matter: Matter, at: datetime, posts: Mapping[str, Post], handlers: Mapping[str, Post]
) -> None:
    unit = handlers.get(story.unit)
    for act in SCRIPTS[story.script]:
        at = _office_hours(at + timedelta(hours=act.hours)) if act.hours > 0.1 else at + timedelta(hours=act.hours)
        if at >= now.now():
            return
        by = unit if act.by == "unit" else posts[act.by]
        if by is None:
            return
        with now.at(at):
            handle.perform(f"hotline.{act.key}", number=matter.number, data=_data(act, story), by=by)


def _data(act: Act, story: Story) -> dict[str, Any]:
    if act.key == "dispatch":
        return {"unit": story.unit}
    if act.key == "answer_now":
        found = search(story.title[:2]) or search("怎么")
        return {"version": str(found[0].pk), "text": "已在电话里逐条说明。"}
    return dict(act.data or {})


def _office_hours(at: datetime) -> datetime:
    """Work is done between half past eight and half past five."""
    local = at.astimezone(HERE)
    if local.hour + local.minute / 60 > 17.5:
        local = (local + timedelta(days=1)).replace(hour=8, minute=40)
    return local.replace(hour=8, minute=35) if local.hour + local.minute / 60 < 8.5 else local

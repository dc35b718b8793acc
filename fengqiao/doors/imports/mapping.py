"""Which of their columns is which of our fields: said in a mapping file, or guessed from the heading."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path

from django.utils.translation import gettext as _

from fengqiao.ground.refusals import Refused

# Our fields (engineering ruling 10, and the nature of a call), each with the names it bears in tables.
NAMES: Mapping[str, tuple[str, ...]] = {
    field: tuple(names.split())
    for field, names in {
        "title": "title subject 留言主题 主题 标题 工单标题 诉求标题 事项标题",
        "content": "content text description 留言详情 内容 留言内容 工单内容 诉求内容 详情 正文 事项内容 反映内容",
        "external_id": "external_id id number 留言编号 编号 工单编号 工单号 诉求编号 事项编号",
        "received_at": "received_at time date received 留言时间 时间 日期 受理时间 来电时间 登记时间 创建时间",
        "person": "person user name 留言用户 用户 姓名 来电人 诉求人 反映人 联系人",
        "phone": "phone mobile tel 电话 手机 手机号 联系电话 来电号码 手机号码",
        "place": "place address location 地点 地址 所在地 事发地址 事发地点 村社区 行政区划",
        "category": "category 类别 分类 事项类别 诉求类别 一级分类 一级标签",
        "nature": "nature 性质 诉求性质 诉求类型 事项性质 工单类型",
        "reply": "reply answer 答复意见 答复 答复内容 回复 回复内容 办理结果 处理结果",
        "replied_at": "replied_at reply_time reply_date 答复时间 回复时间 办结时间 答复日期",
    }.items()
}
FIELDS = tuple(NAMES)


def choose(columns: Sequence[str], wish: Mapping[str, str] | None = None) -> dict[str, str]:
    """Our field → their column. Raises Refused for unknown fields, columns that are not there, no content."""
    chosen = _wished(columns, wish) if wish else _guessed(columns)
    if "content" not in chosen:
        raise Refused(
            "no_content_column",
            _("No column holds the text of the matter. The file has: %(columns)s. Name it in a mapping: %(example)s.")
            % {"columns": ", ".join(name[:30] for name in columns[:20]), "example": '{"content": "…"}'},
        )
    return chosen


def read_file(path: Path) -> dict[str, str]:
    """A mapping file, `{our field: their column}`. Raises Refused."""
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise Refused(
            "no_mapping", _("The mapping cannot be read: %(why)s.") % {"why": error.strerror or error}
        ) from None
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(column, str) for column in found.values()):
        raise Refused(
            "bad_mapping", _('A mapping is a JSON object {our field: their column}, such as {"title": "主题"}.')
        )
    return {str(field): str(column) for field, column in found.items()}


def _wished(columns: Sequence[str], wish: Mapping[str, str]) -> dict[str, str]:
    for field, column in wish.items():
        if field not in NAMES:
            raise Refused(
                "unknown_field",
                _("The mapping names the field “%(field)s”, which does not exist. The fields are: %(fields)s.")
                % {"field": field[:40], "fields": ", ".join(FIELDS)},
            )
        if column not in columns:
            raise Refused(
                "no_such_column",
                _("The mapping names the column “%(column)s”, which the file has not. It has: %(columns)s.")
                % {"column": column[:40], "columns": ", ".join(name[:30] for name in columns[:20])},
            )
    return dict(wish)


def _guessed(columns: Sequence[str]) -> dict[str, str]:
    plain = {_plain(column): column for column in reversed(columns) if column}
    found = {}
    for field, names in NAMES.items():
        column = next((plain[_plain(name)] for name in names if _plain(name) in plain), None)
        if column is not None:
            found[field] = column
    return found


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", name)).lower()

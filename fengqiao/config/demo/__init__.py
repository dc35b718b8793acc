"""The demo city (演示数据，与真实的人和单位无关): an invented, believable week (domain ruling 1).

city      units and an account for each role that exists
stories   what people told in that week, invented
week      the stories, taken in and handled through the same doors as any other matter
load      all of it, once, into an empty database; deterministic but for keys, codes and passwords
"""

from __future__ import annotations

from fengqiao.config.demo.load import load

__all__ = ["load"]

"""The master table of limits (SPEC 3.4, corrected by the domain's rulings), read from data/limits.csv. Pure.

A row of the SPEC that sets several limits is several rows here, with a letter behind the id (T-M18a, b, c).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from fengqiao.ground.refusals import Refused
from fengqiao.ground.sentences import Sentence as _

DATA = Path(__file__).with_name("data") / "limits.csv"

UNITS = ("WD", "CD", "HOUR", "MONTH", "YEAR", "NONE")
SIDES = ("authority", "citizen")
MARKS = ("V", "S", "M", "D")
BOUNDS = ("within", "before", "at_least")
PAUSES = {
    "hearing": _("hearing"),
    "bidding": _("bidding"),
    "auction": _("auction"),
    "inspection": _("inspection"),
    "testing": _("testing"),
    "quarantine": _("quarantine"),
    "appraisal": _("expert appraisal"),
    "evaluation": _("evaluation"),
    "expert_review": _("expert review"),
    "third_party": _("asking a third party"),
    "other_organ": _("asking another organ"),
    "supplement": _("completing the material"),
    "verification": _("verification"),
    "suspension": _("suspension by law"),
    "force_majeure": _("force majeure"),
}
WHO = (
    "parties",
    "unit_head",
    "agency_head",
    "government_head",
    "disclosure_head",
    "review_head",
    "superior_police",
    "court_president",
    "commission_chair",
    "committee_and_parties",
    "sharing_authority",
    "approver",
)
_COLUMNS = [
    *("rule", "main", "label", "matter", "start", "length", "unit", "bound", "side", "pauses"),
    *("ext_who", "ext_length", "ext_unit", "ext_times", "ext_notice"),
    *("law", "article", "text_date", "mark", "promise", "promise_from", "reminder", "notes"),
]
_RULE = re.compile(r"(T-[A-Z]\d\d)([a-z]?)")
_DATED = re.compile(r"(\d{4}(-\d\d-\d\d)?)?")
_TERM = re.compile(r"(\d+) (WD|CD|HOUR|MONTH|YEAR)")
_COUNTED = {"WD": "working_days", "HOUR": "elapsed", "NONE": ""}


class LimitRefused(Refused):
    """A rule that cannot be used as asked, or a row that cannot be loaded; `parts` of an id with several."""

    def __init__(self, code: str, sentence: str, parts: tuple[str, ...] = ()) -> None:
        super().__init__(code, sentence)
        self.parts = parts
        if parts:
            self.more["parts"] = list(parts)


@dataclass(frozen=True, slots=True)
class ExtensionRule:
    """Who may extend, by how much at most (None: no cap in the text), how often (None: no cap).

    `notice`: the person must be told the reason before the old date passes (G14).
    """

    who: str
    length: int | None
    unit: str
    times: int | None
    notice: bool


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit of time.

    `bound`: `within` (done by then), `before` (so long before an event), `at_least` (lasts so long).
    `mark` is the SPEC's: V read in the text, S at second hand, M from memory, D our decision.
    `promise` is the office's own shorter term ("5 WD"); late in law is counted by the limit itself.
    `reminder`: past it, nobody is late (T-M01). `text_date`: day or year of the version that was read.
    """

    rule: str
    main: bool
    label: str
    matter: str
    start: str
    length: int | None
    unit: str
    bound: str
    side: str
    pauses: tuple[str, ...]
    extension: ExtensionRule | None
    law: str
    article: str
    text_date: str
    mark: str
    promise: str
    promise_from: str
    reminder: bool
    notes: str

    @property
    def row(self) -> str:
        """The SPEC's id, without the letter of the part."""
        return self.rule[:5]

    @property
    def changeable(self) -> bool:
        """An administrator may set it; what was read in the law ([V]) is not his to change."""
        return self.mark != "V"

    @property
    def pause_counted(self) -> str:
        """What a stop takes out of the term: its working_days, calendar_days, or the time elapsed (hours)."""
        return _COUNTED.get(self.unit, "calendar_days") if self.pauses else ""

    @property
    def citation(self) -> str:
        """《信访工作条例》第三十四条; empty where no text is cited."""
        return citation(self.law, self.article)

    def promised(self) -> Limit | None:
        """The office's own shorter promise as a limit of its own ([D], no extension), or None."""
        if not self.promise:
            return None
        length, unit = _term(self.promise, self.rule)
        return replace(self, length=length, unit=unit, mark="D", extension=None, promise="", reminder=True)


@cache
def citation(law: str, article: str) -> str:
    """Law and article as they are cited: `34` is 第三十四条, `23(3)` 第二十三条第三款, `8、9` two articles.

    Several laws stand side by side, parted by ； in both fields.
    """
    if not law:
        return ""
    laws, articles = law.split("；"), article.split("；")
    return "、".join(f"《{name}》{_articles(text)}" for name, text in zip(laws, articles, strict=True))


def _articles(text: str) -> str:
    named = []
    for part in filter(None, text.split("、")):
        found = re.fullmatch(r"(\d+)(?:\((\d+)\))?", part)
        if found is None:
            named.append(part)
            continue
        paragraph = f"第{numeral(int(found[2]))}款" if found[2] else ""
        named.append(f"第{numeral(int(found[1]))}条{paragraph}")
    return "、".join(named)


def numeral(number: int) -> str:
    """1–999 as articles of law are numbered: 十二, 二十, 一百零一, 一百一十八."""
    digits = "零一二三四五六七八九"
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    text = f"{digits[hundreds]}百" if hundreds else ""
    if tens:
        text += ("" if tens == 1 and not hundreds else digits[tens]) + "十"
    elif hundreds and ones:
        text += "零"
    return text + (digits[ones] if ones else "")


@dataclass(frozen=True)
class Limits(Mapping[str, Limit]):
    """All limits by rule id, in the order of the table."""

    rows: dict[str, Limit]

    def __getitem__(self, rule: str) -> Limit:
        """The limit; a plain id means its only part or the part marked `main`; else LimitRefused."""
        if rule in self.rows:
            return self.rows[rule]
        parts = self.parts(rule)
        if not parts:
            raise LimitRefused("unknown_rule", _("There is no limit {rule}.", rule=rule))
        chosen = parts if len(parts) == 1 else tuple(part for part in parts if part.main)
        if not chosen:
            named = "; ".join(f"{part.rule} {part.label}" for part in parts)
            raise LimitRefused(
                "several_parts",
                _("{rule} has several limits; say which: {parts}.", rule=rule, parts=named),
                tuple(part.rule for part in parts),
            )
        return chosen[0]

    def __contains__(self, rule: object) -> bool:
        return rule in self.rows

    def __iter__(self) -> Iterator[str]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def parts(self, rule: str) -> tuple[Limit, ...]:
        """All limits of one row of the SPEC."""
        return tuple(limit for limit in self.rows.values() if limit.row == rule)

    def changed(self, rule: str, *, length: int, unit: str) -> Limits:
        """These limits with one changed by an administrator; raises LimitRefused for what stands in a law."""
        limit = self[rule]
        if not limit.changeable:
            raise LimitRefused(
                "fixed_by_law",
                _("{rule} stands in {law} and cannot be changed here.", rule=limit.rule, law=limit.citation),
            )
        row = replace(limit, length=length, unit=unit)
        _check(row)
        return Limits({**self.rows, limit.rule: row})


def in_words(length: int, unit: str) -> str:
    """`5 working days`, in the reader's language."""
    pattern = {
        "WD": _("{count} working days", count=length),
        "CD": _("{count} days", count=length),
        "HOUR": _("{count} hours", count=length),
        "MONTH": _("{count} months", count=length),
        "YEAR": _("{count} years", count=length),
    }
    return pattern[unit]


@cache
def load() -> Limits:
    """The table that comes with the program, read and checked once."""
    return parse(DATA.read_text("utf-8"))


def get(rule: str) -> Limit:
    """`load()[rule]`: the limit by its id. Raises LimitRefused (unknown_rule, several_parts)."""
    return load()[rule]


def parts(rule: str) -> tuple[Limit, ...]:
    return load().parts(rule)


def parse(text: str) -> Limits:
    """Limits from the csv's text. Raises LimitRefused with the rule and what is wrong with its row."""
    reader = csv.DictReader(io.StringIO(text))
    if list(reader.fieldnames or ()) != _COLUMNS:
        raise LimitRefused("no_columns", f"The table of limits has exactly these columns: {', '.join(_COLUMNS)}.")
    rows: dict[str, Limit] = {}
    for raw in reader:
        limit = _limit({key: (value or "").strip() for key, value in raw.items()})
        _check(limit)
        if limit.rule in rows:
            raise LimitRefused("duplicate_rule", f"{limit.rule} stands in the table twice.")
        rows[limit.rule] = limit
    for limit in rows.values():
        if limit.rule[5:] and limit.row in rows:
            raise LimitRefused("duplicate_rule", f"{limit.row} is both a limit and a row of parts.")
        if limit.main and sum(part.main for part in rows.values() if part.row == limit.row) > 1:
            raise LimitRefused("duplicate_rule", f"{limit.row} has two main parts.")
    return Limits(rows)


def _limit(row: dict[str, str]) -> Limit:
    rule = row["rule"]
    extension = None
    if row["ext_who"]:
        extension = ExtensionRule(
            row["ext_who"],
            _whole(row["ext_length"], rule),
            row["ext_unit"] or row["unit"],
            _whole(row["ext_times"], rule),
            row["ext_notice"] == "yes",
        )
    return Limit(
        rule=rule,
        main=row["main"] == "yes",
        label=row["label"],
        matter=row["matter"],
        start=row["start"],
        length=_whole(row["length"], rule),
        unit=row["unit"],
        bound=row["bound"] or "within",
        side=row["side"] or "authority",
        pauses=tuple(row["pauses"].split()),
        extension=extension,
        law=row["law"],
        article=row["article"],
        text_date=row["text_date"],
        mark=row["mark"],
        promise=row["promise"],
        promise_from=row["promise_from"],
        reminder=row["reminder"] == "yes",
        notes=row["notes"],
    )


def _whole(text: str, rule: str) -> int | None:
    if text and not (text.isascii() and text.isdigit()):
        raise LimitRefused("bad_row", f"{rule}: “{text}” is not a whole number.")
    return int(text) if text else None


def _term(text: str, rule: str) -> tuple[int, str]:
    found = _TERM.fullmatch(text)
    if found is None:
        raise LimitRefused("bad_row", f"{rule}: “{text}” is not a term such as 5 WD.")
    return int(found[1]), found[2]


def _check(limit: Limit) -> None:
    for wrong, sentence in _faults(limit):
        if wrong:
            raise LimitRefused("bad_row", f"{limit.rule}: {sentence}.")
    if limit.promise:
        _term(limit.promise, limit.rule)


def _faults(limit: Limit) -> Iterator[tuple[bool, str]]:
    """Everything a row can get wrong, each with whether this one does."""
    yield not _RULE.fullmatch(limit.rule), "an id is T-, a letter, two digits and, for a part, a small letter"
    for value, allowed in (
        (limit.unit, UNITS),
        (limit.side, SIDES),
        (limit.mark, MARKS),
        (limit.bound, BOUNDS),
    ):
        yield value not in allowed, f"“{value}” is none of {', '.join(allowed)}"
    countless = (limit.unit == "NONE") != (limit.length is None) or limit.length == 0
    yield countless, "a limit has a unit and a length of at least 1, or the unit NONE and no length"
    yield not (limit.label and limit.matter), "label and matter are missing"
    uncited = limit.mark == "V" and not (limit.law and limit.article and limit.text_date)
    yield uncited, "a limit read in a text names its law, article and the date of that text"
    yield not _DATED.fullmatch(limit.text_date), f"“{limit.text_date}” is neither a date nor a year"
    yield limit.law.count("；") != limit.article.count("；"), "each law named has its article"
    unknown = ", ".join(sorted(set(limit.pauses) - set(PAUSES)))
    yield bool(unknown), f"unknown ground of a stop: {unknown}"
    stopped = bool(limit.pauses or limit.extension) and limit.bound != "within"
    yield stopped, "only a limit within which something is done can stop or be extended"
    if (extension := limit.extension) is not None:
        granted = extension.who in WHO and extension.unit in UNITS[:-1] and 0 not in (extension.times, extension.length)
        yield not granted, "an extension names who grants it, its unit, how much and how often"

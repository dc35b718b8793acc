"""The catalogue: what is said is found, what is translated stays, what is wrong is named."""

from pathlib import Path

import pytest

from fengqiao.config import translations


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "house"
    (folder / "templates").mkdir(parents=True)
    (folder / "page.py").write_text('_("Hello {name}")\nngettext("{n} day", "{n} days", n)\n', encoding="utf-8")
    (folder / "templates/page.html").write_text(
        '{% load i18n %}\n  {% translate "Home" %}\n{% blocktranslate trimmed %}step {{ at }}\n{% endblocktranslate %}',
        encoding="utf-8",
    )
    return folder


def part(tmp_path: Path, text: str) -> translations.Catalog:
    path = tmp_path / "part.po"
    path.write_text(text, encoding="utf-8")
    return translations.read(path)


def test_python_and_templates_are_both_read(package):
    said = {translations.key_of(message)[0] for message in translations.extract(package) if message.id}
    assert said == {"Hello {name}", "{n} day", "Home", "step %(at)s"}


def test_a_complete_catalogue_has_no_fault_and_an_incomplete_one_names_what_lacks(package, tmp_path):
    known = translations.renew(part(tmp_path, ""), translations.extract(package))
    assert len(translations.faults(known, translations.extract(package))) == 4
    text = (
        'msgid "Hello {name}"\nmsgstr "您好，{name}"\n\nmsgid "Home"\nmsgstr "首页"\n\n'
        'msgid "step %(at)s"\nmsgstr "第 %(at)s 步"\n\n'
        'msgid "{n} day"\nmsgid_plural "{n} days"\nmsgstr[0] "{n} 天"\n'
    )
    assert translations.merge(known, part(tmp_path, text)) == []
    assert translations.faults(known, translations.extract(package)) == []


def test_a_lost_placeholder_is_a_fault(package, tmp_path):
    known = part(tmp_path, 'msgid "Hello {name}"\nmsgstr "您好"\n')
    assert "placeholders name differ: 'Hello {name}'" in translations.faults(known, translations.extract(package))


def test_a_fuzzy_and_an_unused_message_are_faults(package, tmp_path):
    known = part(tmp_path, '#, fuzzy\nmsgid "Home"\nmsgstr "家"\n\nmsgid "Gone"\nmsgstr "没了"\n')
    found = translations.faults(known, translations.extract(package))
    assert "fuzzy: 'Home'" in found
    assert "not used any more: 'Gone'" in found


def test_a_second_wording_is_told_and_not_taken(tmp_path):
    known = part(tmp_path, 'msgid "Home"\nmsgstr "首页"\n')
    assert "kept '首页'" in translations.merge(known, part(tmp_path, 'msgid "Home"\nmsgstr "主页"\n'))[0]
    assert known.get("Home").string == "首页"


def test_the_file_reads_back_as_it_was_written_and_stays_the_same(package, tmp_path):
    path = tmp_path / "zh.po"
    translations.write(translations.renew(part(tmp_path, ""), translations.extract(package)), path)
    first = path.read_text(encoding="utf-8")
    translations.write(translations.renew(translations.read(path), translations.extract(package)), path)
    assert path.read_text(encoding="utf-8") == first

"""The catalogue of messages: English in the code, Simplified Chinese beside it.

``python -m fengqiao.config.translations extract|merge FILE…|compile|check``

``extract`` reads every Python file and template, adds what is new to the catalogue and drops what nobody says
any more. ``merge`` takes translations from other PO files. ``compile`` writes the MO file the program reads.
``check`` fails when a message has no Chinese, is fuzzy, is no longer used, or lost one of its placeholders.
Only Babel is needed.
"""

import argparse
import io
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract as extract_messages
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

PACKAGE = Path(__file__).resolve().parents[1]
LANGUAGE = "zh_Hans"
CATALOGUE = PACKAGE / "locale" / LANGUAGE / "LC_MESSAGES" / "django.po"
HEADER = """# Simplified Chinese for Fengqiao.
msgid ""
msgstr ""
"Language: zh_Hans\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

"""
_CONTEXT_FIRST = ((1, "c"), 2)
_CONTEXT_FIRST_PLURAL = ((1, "c"), 2, 3)
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": _CONTEXT_FIRST,
    "pgettext_lazy": _CONTEXT_FIRST,
    "npgettext": _CONTEXT_FIRST_PLURAL,
    "npgettext_lazy": _CONTEXT_FIRST_PLURAL,
}
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|\{(\w+)(?:[!:][^{}]*)?\}")

Key = tuple[str, str | None]


def key_of(message: Message) -> Key:
    """The English singular and the context, which together name a message."""
    singular = message.id[0] if isinstance(message.id, (list, tuple)) else message.id
    return str(singular), message.context


def sources(package: Path) -> Iterator[tuple[str, bytes]]:
    """Each Python file and template: path from above the package, and text (templates turned Python-like)."""
    for path in sorted(package.rglob("*.py")):
        if "migrations" not in path.parts:
            yield path.relative_to(package.parent).as_posix(), path.read_bytes()
    for folder in sorted(package.rglob("templates")):
        for path in sorted(folder.rglob("*")):
            if path.suffix in {".html", ".txt", ".xml"}:
                yield path.relative_to(package.parent).as_posix(), _template_as_python(path)


def _template_as_python(path: Path) -> bytes:
    # Indentation means nothing in a template, but would stop Python's tokenizer.
    told = templatize(path.read_text(encoding="utf-8"), origin=str(path))
    return "\n".join(line.strip() for line in told.splitlines()).encode()


def extract(package: Path = PACKAGE) -> Catalog:
    """Every message said in the package, without translations.

    Raises SyntaxError or TokenError when a source cannot be read.
    """
    catalogue = Catalog(locale=LANGUAGE, charset="utf-8")
    for name, text in sources(package):
        found = extract_messages("python", io.BytesIO(text), keywords=KEYWORDS, comment_tags=("Translators:",))
        for line, message, comments, context in found:
            catalogue.add(message, locations=[(name, line)], auto_comments=comments, context=context)
    return catalogue


def read(path: Path) -> Catalog:
    """A PO file; an empty catalogue when there is none yet."""
    if not path.exists():
        return Catalog(locale=LANGUAGE, charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=LANGUAGE, charset="utf-8", abort_invalid=True)


def write(catalogue: Catalog, path: Path = CATALOGUE) -> None:
    """The catalogue in its committed form: sorted, without dates, so that two people make the same file."""
    body = io.BytesIO()
    write_po(body, catalogue, omit_header=True, sort_output=True, include_lineno=False, width=110)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEADER + body.getvalue().decode().strip() + "\n", encoding="utf-8")


def renew(known: Catalog, said: Catalog) -> Catalog:
    """What is said now, with the translations known so far."""
    strings = {key_of(message): message.string for message in known if message.id and not message.fuzzy}
    for message in said:
        if message.id:
            message.string = _fit(message, strings.get(key_of(message), ""))
    return said


def merge(catalogue: Catalog, part: Catalog) -> list[str]:
    """Take the translations of `part` that the catalogue lacks; return a sentence for each that differs."""
    differing = []
    for message in part:
        if not message.id or not _told(message):
            continue
        mine = catalogue.get(_get_id(message), context=message.context)
        if mine is None:
            catalogue.add(message.id, message.string, context=message.context)
        elif not _told(mine):
            mine.string = _fit(mine, message.string)
        elif _strings(mine)[0] != _strings(message)[0]:
            mine_now, theirs = _strings(mine)[0], _strings(message)[0]
            differing.append(f"{key_of(message)[0]!r}: kept {mine_now!r}, not {theirs!r}")
    return differing


def faults(catalogue: Catalog, said: Catalog) -> list[str]:
    """A sentence for each message untranslated, fuzzy, unused, or with placeholders unlike the English."""
    used = {key_of(message) for message in said if message.id}
    known = {key_of(message): message for message in catalogue if message.id}
    found = [f"not used any more: {key[0]!r}" for key in known if key not in used]
    for key in sorted(used, key=lambda pair: (pair[0], pair[1] or "")):
        message = known.get(key)
        if message is None or not _told(message):
            found.append(f"no Chinese: {key[0]!r}")
        elif message.fuzzy:
            found.append(f"fuzzy: {key[0]!r}")
        elif lost := _placeholders_lost(message):
            found.append(f"placeholders {', '.join(sorted(lost))} differ: {key[0]!r}")
    return found + [f"obsolete entry in the file: {key!r}" for key in catalogue.obsolete]


def compile_catalogue(path: Path = CATALOGUE) -> Path:
    """Write the MO file beside the PO file and return its path. An untranslated message shows in English."""
    target = path.with_suffix(".mo")
    with target.open("wb") as file:
        write_mo(file, read(path))
    return target


def _strings(message: Message) -> tuple[str, ...]:
    return tuple(message.string) if isinstance(message.string, (list, tuple)) else (message.string or "",)


def _told(message: Message) -> bool:
    return all(_strings(message))


def _get_id(message: Message) -> str:
    return key_of(message)[0]


def _fit(message: Message, string: str | Sequence[str] | None) -> str | tuple[str, ...]:
    """The translation in the form the message needs: Chinese has one plural form."""
    first = string if isinstance(string, str) else (string or ("",))[0]
    return (first,) if isinstance(message.id, (list, tuple)) else first


def _placeholders_lost(message: Message) -> set[str]:
    english = message.id if isinstance(message.id, (list, tuple)) else (message.id,)
    named = [{a or b for a, b in PLACEHOLDER.findall(text)} for text in (*english, *_strings(message))]
    # The plural carries all of them; a singular may leave the number out.
    return named[len(english) - 1] ^ named[-1]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns 0, or 1 when `check` finds a fault."""
    parser = argparse.ArgumentParser(prog="fengqiao.config.translations", description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("extract", "compile", "check"):
        commands.add_parser(name)
    commands.add_parser("merge").add_argument("files", nargs="+", type=Path)
    asked = parser.parse_args(arguments)
    if asked.command == "compile":
        print(compile_catalogue())
        return 0
    said, known = extract(), read(CATALOGUE)
    if asked.command == "check":
        found = faults(known, said)
        print("\n".join(found) or f"{len(known)} messages, each with its Chinese.")
        return 1 if found else 0
    for file in getattr(asked, "files", []):
        for sentence in merge(known, read(file)):
            print(f"{file.name}: {sentence}", file=sys.stderr)
    renewed = renew(known, said) if asked.command == "extract" else known
    write(renewed)
    lacking = sum(1 for message in renewed if message.id and not _told(message))
    print(f"{len(renewed)} messages, {lacking} still without Chinese.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

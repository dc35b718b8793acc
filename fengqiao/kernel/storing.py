"""How a docket's rows reach the database: prepared statements, all of one docket in one round trip.

Plain INSERTs and UPDATEs of our own models; the object-relational layer would build each anew, at several times the
cost. The statements run as the program's role, under its policies, like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache, partial
from typing import Any, TypeAlias, TypeVar, cast

import orjson
from django.contrib.postgres.search import SearchVectorField
from django.db import connection, models
from django.db.models.base import ModelState
from psycopg import RawCursor
from psycopg.types.json import Jsonb

Statement = tuple[str, list[Any]]
Rows: TypeAlias = list[tuple[Any, ...]]
Made = TypeVar("Made", bound=models.Model)
ROWS_AT_ONCE = 1000


def inserts(
    tables: Iterable[tuple[type[models.Model], Sequence[models.Model]]], also: Iterable[Statement] = ()
) -> Iterable[Statement]:
    """INSERT statements for the rows of each model, given as JSON: thousands of parameters cost more to number than to
    store. A few rows of many tables, which is what an action makes, are one statement, with what is `also` inserted.
    """
    filled = [(model, rows) for model, rows in tables if rows]
    if sum(len(rows) for _model, rows in filled) <= ROWS_AT_ONCE:
        few = [(_insert(model), [_json(model, rows)]) for model, rows in filled] + list(also)
        if few:
            yield _together(tuple(sql for sql, _values in few)), [value for _sql, values in few for value in values]
        return
    for model, rows in filled:
        for at in range(0, len(rows), ROWS_AT_ONCE):
            yield _insert(model), [_json(model, rows[at : at + ROWS_AT_ONCE])]
    yield from also


@cache
def _together(statements: tuple[str, ...]) -> str:
    *others, last = statements
    named = [f"i{at} as ({insert})" for at, insert in enumerate(others)]
    return (f"with {', '.join(named)} " if named else "") + last


@cache
def _insert(model: type[models.Model]) -> str:
    fields = _stored(model)
    shape = ", ".join(f'"{field.column}" {_type(field)}' for field in fields)
    columns = ", ".join(f'"{field.column}"' for field in fields)
    values = ", ".join(_taken(field) for field in fields)
    told = f"json_to_recordset(%s::json) r ({shape})"
    return f'insert into "{model._meta.db_table}" ({columns}) select {values} from {told}'


@cache
def _stored(model: type[models.Model]) -> tuple[models.Field[Any, Any], ...]:
    """Its columns but those that the database numbers."""
    fields = model._meta.concrete_fields
    return tuple(each for each in fields if not isinstance(each, models.AutoField | models.CompositePrimaryKey))


def _type(field: models.Field[Any, Any]) -> str:
    if isinstance(field, SearchVectorField):
        return "text"
    return str(field.rel_db_type(connection) if field.is_relation else field.db_type(connection))


def _taken(field: models.Field[Any, Any]) -> str:
    column = f'"{field.column}"'
    return f"array_to_tsvector(string_to_array({column}, ' '))" if isinstance(field, SearchVectorField) else column


def _json(model: type[models.Model], rows: Sequence[models.Model]) -> str:
    fields, vectors = _told(model)
    told = [{column: row.__dict__[attname] for column, attname in fields} for row in rows]
    for vector in vectors:
        for row in told:
            row[vector] = " ".join(row[vector])
    return orjson.dumps(told, default=_plain).decode()


@cache
def _told(model: type[models.Model]) -> tuple[list[tuple[str, str]], list[str]]:
    """Its columns with the names of their values, and those of words that are searched."""
    fields = _stored(model)
    vectors = [str(each.column) for each in fields if isinstance(each, SearchVectorField)]
    return [(str(each.column), each.attname) for each in fields], vectors


def _plain(value: Any) -> str:
    """Bytes as PostgreSQL writes them; words that are translated late."""
    return "\\x" + bytes(value).hex() if isinstance(value, bytes | memoryview) else str(value)


def update(row: models.Model, names: Sequence[str], **where: Any) -> Statement:
    """An UPDATE of these columns of one row; `where` adds conditions to that of its key."""
    fields = {field.attname: field for field in row._meta.concrete_fields}
    for field in row._meta.concrete_fields:
        fields[field.name] = field
    chosen = [fields[name] for name in names]
    conditions = {str(row._meta.pk.column): row.pk, **{fields[name].column: value for name, value in where.items()}}
    sql = (
        f'update "{row._meta.db_table}" set '
        + ", ".join(f'"{field.column}" = %s' for field in chosen)
        + " where "
        + " and ".join(f'"{column}" = %s' for column in conditions)
    )
    return sql, [*(_value(field, row) for field in chosen), *conditions.values()]


def run(statements: Iterable[Statement]) -> None:
    """Run the statements in one round trip. Raises Django's database errors."""
    waiting = list(statements)
    if waiting:
        with streaming():
            send(waiting)


@contextmanager
def streaming() -> Iterator[None]:
    """Inside, statements may be handed over by `send`; whatever is asked waits for all that was sent before it."""
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


def send(statements: Iterable[Statement]) -> None:
    """Hand statements over inside `streaming`: the database works on them while the program goes on."""
    cursor = RawCursor(connection.connection)
    for sql, values in statements:
        cursor.execute(_numbered(sql), values, prepare=True)


def ask_later(sql: str, values: Sequence[Any]) -> Callable[[], Rows]:
    """Ask inside `streaming`; what comes back gives the rows, once the database has come to them."""
    cursor: Any = RawCursor(connection.connection)
    return cast(Callable[[], Rows], cursor.execute(_numbered(sql), values, prepare=True).fetchall)


@lru_cache(maxsize=1000)
def _numbered(sql: str) -> str:
    """With `$1` for the first `%s`: the driver parses long statements with `%s` anew at each call."""
    parts = sql.split("%s")
    return parts[0] + "".join(f"${at}{part}" for at, part in enumerate(parts[1:], 1))


def fresh(model: type[Made], **values: Any) -> Made:
    """A new object with its defaults, at a fifth of what its class takes."""
    row = model.__new__(model)
    row._state = ModelState()
    constant, made_anew, related = _making(model)
    told = row.__dict__
    told.update(constant)
    for name, value in values.items():
        if name in related:
            column, back = related[name]
            told[column] = None if value is None else value.pk
            if value is not None:
                row._state.fields_cache[name] = value
                if back:
                    value._state.fields_cache[back] = row
        else:
            told[name] = value
    for name, default in made_anew:
        if name not in told:
            told[name] = default()
    return row


_Made: TypeAlias = tuple[dict[str, Any], list[tuple[str, Callable[[], Any]]], dict[str, tuple[str, str]]]


@cache
def _making(model: type[models.Model]) -> _Made:
    """The defaults of its columns, constant and made anew for each row; of what it is related to the columns, and its
    name there if it is the only one.
    """
    fields = [each for each in model._meta.concrete_fields if not isinstance(each, models.CompositePrimaryKey)]
    anew = [each for each in fields if each.has_default() and callable(each.default)]
    constant = {each.attname: each.get_default() for each in fields if each not in anew}
    related: list[Any] = [each for each in fields if each.is_relation]
    back = {each.name: each.remote_field.cache_name if each.one_to_one else "" for each in related}
    columns = {each.name: (each.attname, back[each.name]) for each in related}
    return constant, [(each.attname, each.get_default) for each in anew], columns


def ask_all(questions: Sequence[Statement]) -> list[Rows]:
    """The rows of several questions in one round trip, like `ask`."""
    with streaming():
        asked = [ask_later(sql, values) for sql, values in questions]
    return [rows() for rows in asked]  # read inside, each would be a round trip more


def ask(sql: str, values: Sequence[Any]) -> Rows:
    """The rows of a question, under the policies of whoever acts; prepared when it is asked again."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found: Rows = cursor.fetchall()
    return found


@cache
def columns(model: type[models.Model], alias: str) -> str:
    """The columns of a model, for `made`."""
    return ", ".join(f'{alias}."{field.column}"' for field in model._meta.concrete_fields)


def made(model: type[Made], row: Sequence[Any]) -> Made:
    """The object of a row that was asked for by `columns`."""
    names, documents = _reading(model)
    values = list(row)
    for at in documents:
        values[at] = None if values[at] is None else orjson.loads(values[at])
    found = model.__new__(model)
    found._state = ModelState()
    found._state.db, found._state.adding = "default", False
    found.__dict__.update(zip(names, values, strict=True))
    return found


@cache
def _reading(model: type[models.Model]) -> tuple[list[str], tuple[int, ...]]:
    """The names of the columns, and where JSON stands: Django's connections hand it over as text."""
    fields = model._meta.concrete_fields
    documents = tuple(at for at, field in enumerate(fields) if isinstance(field, models.JSONField))
    return [field.attname for field in fields], documents


def _value(field: models.Field[Any, Any], row: models.Model) -> Any:
    value = getattr(row, field.attname)
    return Jsonb(value, dumps=_dumps) if value is not None and isinstance(field, models.JSONField) else value


_dumps = partial(orjson.dumps, default=_plain)

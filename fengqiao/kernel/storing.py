"""How a docket's rows reach the database: prepared statements, all of one docket in one round trip.

Plain INSERTs and UPDATEs of our own models; the object-relational layer would build each anew, at several times the
cost. The statements run as the program's role, under its policies, like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial
from typing import Any, TypeVar

import orjson
from django.db import connection, models
from django.db.models.base import ModelState
from psycopg.types.json import Jsonb

from fengqiao.kernel.models import SearchRow

Statement = tuple[str, list[Any]]
Made = TypeVar("Made", bound=models.Model)
ROWS_AT_ONCE = 200
ROWS_AS_PARAMETERS = 40


def inserts(model: type[models.Model], rows: Sequence[models.Model]) -> Iterable[Statement]:
    """INSERT statements for rows of one model: a few rows as parameters, many as one JSON array."""
    if len(rows) > ROWS_AS_PARAMETERS:
        yield from _as_json(model, rows)
        return
    head, line, fields = _shape(model)
    for at in range(0, len(rows), ROWS_AT_ONCE):
        some = rows[at : at + ROWS_AT_ONCE]
        values = [_value(field, row) for row in some for field in fields]
        yield head + ", ".join([line] * len(some)), values


def _as_json(model: type[models.Model], rows: Sequence[models.Model]) -> Iterable[Statement]:
    """One short statement, however many rows: thousands of parameters cost more to number than to store."""
    fields = _shape(model)[2]
    searched = model is SearchRow
    types = {each.column: "text" if searched and each.column == "tokens" else _type(each) for each in fields}
    columns = ", ".join(f'"{column}"' for column in types)
    values = ", ".join(
        "array_to_tsvector(string_to_array(tokens, ' '))" if searched and column == "tokens" else f'"{column}"'
        for column in types
    )
    shape = ", ".join(f'"{column}" {kind}' for column, kind in types.items())
    head = (
        f'insert into "{model._meta.db_table}" ({columns}) select {values} from json_to_recordset(%s::json) r ({shape})'
    )
    for at in range(0, len(rows), ROWS_AT_ONCE):
        told = [{each.column: row.__dict__[each.attname] for each in fields} for row in rows[at : at + ROWS_AT_ONCE]]
        if searched:
            for row in told:
                row["tokens"] = " ".join(row["tokens"])
        yield head, [orjson.dumps(told, default=_plain).decode()]


def _type(field: models.Field[Any, Any]) -> str:
    return str(field.rel_db_type(connection) if field.is_relation else field.db_type(connection))


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
        connection.ensure_connection()
        raw = connection.connection
        with connection.wrap_database_errors, raw.pipeline():
            cursor = raw.cursor()
            for sql, values in waiting:
                cursor.execute(sql, values, prepare=True)


def fresh(model: type[Made], **values: Any) -> Made:
    """A new object with its defaults, at a fifth of what its class takes; `values` by columns (`matter_id`)."""
    row = model.__new__(model)
    row._state = ModelState()
    row.__dict__.update({name: default() for name, default in _defaults(model)} | values)
    return row


@cache
def _defaults(model: type[models.Model]) -> list[tuple[str, Callable[[], Any]]]:
    fields = model._meta.concrete_fields
    return [(each.attname, each.get_default) for each in fields if not isinstance(each, models.CompositePrimaryKey)]


def ask_all(questions: Sequence[Statement]) -> list[list[tuple[Any, ...]]]:
    """The rows of several questions in one round trip, like `ask`."""
    connection.ensure_connection()
    raw = connection.connection
    with connection.wrap_database_errors, raw.pipeline():
        cursors = [raw.cursor().execute(sql, values, prepare=True) for sql, values in questions]
        return [cursor.fetchall() for cursor in cursors]


def ask(sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows of a question, under the policies of whoever acts; prepared when it is asked again."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
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
    return model.from_db("default", names, values)


@cache
def _reading(model: type[models.Model]) -> tuple[list[str], tuple[int, ...]]:
    """The names of the columns, and where JSON stands: Django's connections hand it over as text."""
    fields = model._meta.concrete_fields
    documents = tuple(at for at, field in enumerate(fields) if isinstance(field, models.JSONField))
    return [field.attname for field in fields], documents


@cache
def _shape(model: type[models.Model]) -> tuple[str, str, tuple[models.Field[Any, Any], ...]]:
    fields = tuple(
        field
        for field in model._meta.concrete_fields
        if not isinstance(field, models.AutoField | models.CompositePrimaryKey)
    )
    columns = ", ".join(f'"{field.column}"' for field in fields)
    marks = ", ".join(
        "array_to_tsvector(%s)" if model is SearchRow and field.column == "tokens" else "%s" for field in fields
    )
    return f'insert into "{model._meta.db_table}" ({columns}) values ', f"({marks})", fields


def _value(field: models.Field[Any, Any], row: models.Model) -> Any:
    value = getattr(row, field.attname)
    return Jsonb(value, dumps=_dumps) if value is not None and isinstance(field, models.JSONField) else value


_dumps = partial(orjson.dumps, default=_plain)

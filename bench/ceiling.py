"""The ceiling: the same rows as bare SQL, by pgbench, as the owner; no program, no permission, no policy."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import naive
from bench.processes import Family
from bench.seed import SEED
from bench.words import Vocabulary
from fengqiao.config import roles
from fengqiao.config.server import DATABASE, EmbeddedServer
from fengqiao.ground import tokens

VARIANTS = 24
DATA = {"kind": "hotline", "channel": "12345", "place": "330681901201", "category": "transport", "level": "normal",
        "source": "0" * 36, "people": ["0" * 36], "texts": {"content": {"text": "0" * 36, "digest": "0" * 64}}}  # fmt: skip  # noqa: E501

# The rows of one new order: what `POST /matters` leaves behind.
CREATE = r"""
\set r random(1, 9000000000000000)
\set n random(1, 999999999)
begin;
insert into matter (id, number, kind, state, title, category, place, channel, confidentiality, reach, opened_at,
 opened_year, imported, last_kind, last_at, version, head)
 values (md5('m' || :r)::uuid, 'X' || :r, 'hotline', 'received', '{title}', 'transport', '330681901201', '12345',
 'normal', 15, now(), {year}, false, 'matter.received', now(), 1, sha256('{title}'::bytea));
insert into text (id, matter_id, kind, visibility, body, salt, by_id, at)
 values (md5('t' || :r)::uuid, md5('m' || :r)::uuid, 'content', 'parties', '{body}',
 '\x00112233445566778899aabbccddeeff', {post}, now());
insert into person (id, matter_id, role, sealed, phone_hash, call_back, wishes)
 values (md5('p' || :r)::uuid, md5('m' || :r)::uuid, 'applicant', sha256('{body}'::bytea),
 decode(md5(:n::text), 'hex'), false, '{{}}');
insert into source (id, matter_id, channel, copy, code_hash, code_turn, proof_hash, text_id,
 fingerprint, person_id, received_at)
 values (md5('s' || :r)::uuid, md5('m' || :r)::uuid, '12345', 0, decode(md5('c' || :r), 'hex'), 0,
 decode(md5('q' || :r), 'hex'), md5('t' || :r)::uuid, decode(md5('f' || :r), 'hex'), md5('p' || :r)::uuid, now());
insert into relation (matter_id, kind, unit_id, since) values (md5('m' || :r)::uuid, 'desk', {unit}, now());
insert into task (id, matter_id, kind, unit_id, opened_at, outcome, resting)
 values (md5('k' || :r)::uuid, md5('m' || :r)::uuid, 'dispatch', {unit}, now(), '', false);
insert into hotline_order (matter_id, nature, urgency, wants_answer, wants_secrecy, returns, late_returns, redos, ruled,
 solved, grade, reason, handed_to)
 values (md5('m' || :r)::uuid, 'help', 'normal', true, false, 0, 0, 0, false, '', '', '', '');
insert into search_row (text_id, matter_id, kind, place, category, reach, opened_at, tokens, body, rare)
 values (md5('t' || :r)::uuid, md5('m' || :r)::uuid, 'hotline', '330681901201', 'transport', 15, now(),
 '{vector}', '{body}', array(select :n + i from generate_series(1, 12) i));
insert into rare_pair select fq_month(now()), :n + i, now(), md5('m' || :r)::uuid from generate_series(1, 12) i;
insert into event (opened_year, stream, seq, matter_id, kind, happened_at, recorded_at, actor, post_id,
 account_id, unit_id, visibility, law, data, prev, mac, key_id)
 values ({year}, md5('m' || :r), 1, md5('m' || :r)::uuid, 'matter.received', now(), now(), 'post:{post}',
 {post}, {account}, {unit}, 'public', '', '{data}', sha256(''), sha256('{title}'::bytea), 'bench');
commit;
"""

# A dispatch with a note: what `…/actions/dispatch` leaves behind, on an order that the seed made.
MOVE = r"""
\set r random(1, 9000000000000000)
\set n random(1, {serials})
begin;
select id as m, version as v from matter where id = (select matter_id from bench_order where serial = :n)
 for no key update \gset
insert into text (id, matter_id, kind, visibility, body, salt, by_id, at)
 values (md5('t' || :r)::uuid, :m::uuid, 'note', 'staff', '{body}',
 '\x00112233445566778899aabbccddeeff', {post}, now());
insert into relation (matter_id, kind, unit_id, since) values (:m::uuid, 'lead', {unit}, now());
insert into task (id, matter_id, kind, unit_id, opened_at, due_at, outcome, resting)
 values (md5('k' || :r)::uuid, :m::uuid, 'take', {unit}, now(), now() + interval '1 day', '', false);
insert into clock (id, matter_id, task_id, rule, started_at, due_strict, due_legal, due_at, provisional,
 pauses, extensions, outcome, resting)
 values (md5('a' || :r)::uuid, :m::uuid, md5('k' || :r)::uuid, 'T-H02', now(), current_date, current_date,
 now() + interval '1 day', false, '[]', '[]', '', false),
 (md5('b' || :r)::uuid, :m::uuid, null, 'T-H01', now(), current_date, current_date, now() + interval '5 days', false,
 '[]', '[]', '', false);
insert into message (id, matter_id, unit_id, way, template, data, made_at, not_before, attempts, error, sent_at)
 values (md5('e' || :r)::uuid, :m::uuid, {unit}, 'desk', 'dispatched', '{{}}', now(), now(), 0, '', now());
insert into search_row (text_id, matter_id, kind, place, category, reach, opened_at, tokens, body)
 values (md5('t' || :r)::uuid, :m::uuid, 'hotline', '330681901201', 'transport', 15, now(),
 '{vector}', '{body}');
insert into event (opened_year, stream, seq, matter_id, kind, happened_at, recorded_at, actor, post_id,
 account_id, unit_id, visibility, law, data, prev, mac, key_id)
 values ({year}, 'x' || :r, :v + 1, :m::uuid, 'hotline.dispatch', now(), now(), 'post:{post}',
 {post}, {account}, {unit}, 'public', '', '{data}', sha256(''), sha256(''), 'bench');
update task set done_at = now(), done_by_id = {post}, outcome = 'dispatched'
 where matter_id = :m::uuid and kind = 'dispatch' and done_at is null;
update hotline_order set dispatched_at = now() where matter_id = :m::uuid;
update matter set state = 'dispatched', lead_unit_id = {unit}, due_at = now() + interval '1 day',
 last_kind = 'hotline.dispatch', last_at = now(), version = version + 1, head = sha256('') where id = :m::uuid;
commit;
"""


@dataclass(frozen=True, slots=True)
class Bare:
    """What the bare writes cost: PostgreSQL's CPU for each, and how many a second."""

    cpu_ms: float
    rate: float


def measure(server: EmbeddedServer, family: Family, post: Any, *, count: int, clients: int) -> dict[str, Bare]:
    """Create and transition, `count` times in all each."""
    orders = naive.asked(server, "select count(*) from matter where state not in ('received', 'dispatched')")[0][0]
    _serials(server)
    shapes = {"create": (CREATE, 60), "dispatch": (MOVE, 20)}
    return {
        key: _pgbench(server, family, _scripts(shape, words, post, orders), count, clients)
        for key, (shape, words) in shapes.items()
    }


def _serials(server: EmbeddedServer) -> None:
    """So that a transition finds its order by one look-up."""
    import psycopg

    with psycopg.connect(server.url(roles.OWNER)) as connection:
        connection.execute("create table if not exists bench_order (serial bigint primary key, matter_id uuid)")
        connection.execute("truncate bench_order")
        connection.execute(
            "insert into bench_order select row_number() over (order by id), id from matter"
            " where state not in ('received', 'dispatched')"
        )


def _scripts(shape: str, words: int, post: Any, orders: int) -> list[str]:
    from fengqiao.kernel.now import today

    chance, vocabulary = random.Random(SEED + 8), Vocabulary(SEED)
    found = []
    for _variant in range(VARIANTS):
        title, body = "".join(vocabulary.draw(chance, 5)), vocabulary.text(chance, words)
        vector = " ".join(f"''{token}''" for token in tokens.index_tokens([title] if words > 50 else [], body))
        data = json.dumps(DATA)
        found.append(
            shape.format(title=title, body=body, vector=vector, data=data, post=post.pk, account=post.account_id,
                         unit=post.unit_id, year=today().year, serials=orders)
        )  # fmt: skip
    return found


def _pgbench(server: EmbeddedServer, family: Family, scripts: list[str], count: int, clients: int) -> Bare:
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for at, script in enumerate(scripts):
            path = Path(folder) / f"{at}.sql"
            path.write_text(script, encoding="utf-8")
            files.append(f"--file={path}")
        command = [str(server.bin / "pgbench"), "--no-vacuum", f"--client={clients}", "--jobs=1",
                   f"--transactions={max(count // clients, 1)}", "--protocol=prepared", "-h", str(server.socket),
                   "-U", roles.OWNER, *files, DATABASE]  # fmt: skip
        before = family.cpu()
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env={**os.environ, "PGCLIENTENCODING": "UTF8"}
        )
        used = family.cpu().since(before)
    told = re.search(r"tps = ([\d.]+)", done.stdout)
    if done.returncode or told is None:
        raise SystemExit(f"pgbench failed: {done.stderr[-800:]}")
    return Bare(1000 * used.database / (max(count // clients, 1) * clients), float(told.group(1)))

"""What must always hold of the ledger, as questions to the database. Each answer is a violation."""

from collections.abc import Sequence

from psycopg.rows import class_row

from resources.database.connection import Connection
from resources.database.records import Record


class Violation(Record):
    """``rule`` names what does not hold, ``subject`` the row, ``detail`` what is there instead."""

    rule: str
    subject: str
    detail: str


UNKNOWN_SECONDS = 900
LEFT_BEHIND_SECONDS = 3600


async def find_violations(connection: Connection, limit: int = 100) -> Sequence[Violation]:
    """At most ``limit`` of what does not hold; nothing when the books are in order."""
    cursor = connection.cursor(row_factory=class_row(Violation))
    await cursor.execute(
        """
        select 'a paid clip has a scene, and is in storage or says why not' as rule, a.id::text as subject,
          format('%%s, $%%s, scene %%s', a.state, a.cost_usd, coalesce(a.scene_id::text, 'none')) as detail
        from provider_attempts a
        where a.kind in ('clip', 'keyframe') and a.cost_usd > 0 and (a.scene_id is null or case a.state
          when 'succeeded' then not exists (
            select from assets where assets.user_id = a.user_id and assets.clip_key = a.purchase_key)
          else a.error_code is null end)
        union all
        select 'a paid training has left its character a model, or its deletion', a.id::text,
          format('$%%s, character %%s', a.cost_usd, coalesce(a.request ->> 'character_id', 'none'))
        from provider_attempts a
        where a.kind = 'training' and a.state = 'succeeded' and a.cost_usd > 0
          and not exists (select from characters
            where characters.id::text = a.request ->> 'character_id' and characters.model_version is not null)
          and not exists (select from deletions
            where deletions.character_id::text = a.request ->> 'character_id' and deletions.model_version is not null)
        union all
        select 'a key is paid for once', format('%%s/%%s', user_id, purchase_key), format('%%s payments', count(*))
        from provider_attempts where cost_usd > 0 group by user_id, purchase_key having count(*) > 1
        union all
        select 'the cost of a job is that of its attempts', jobs.id::text,
          format('$%%s is written, $%%s were paid', jobs.spent_usd, coalesce(paid.usd, 0))
        from jobs left join lateral (
          select sum(cost_usd) as usd from provider_attempts where job_id = jobs.id) paid on true
        where jobs.spent_usd <> coalesce(paid.usd, 0)
        union all
        select 'a scene has one live attempt', scene_id::text, format('%%s live attempts', count(*))
        from provider_attempts
        where scene_id is not null and kind = 'clip' and state in ('intent', 'unknown', 'submitted')
        group by scene_id having count(*) > 1
        union all
        select 'a budget has aside what its jobs have aside', budgets.user_id::text,
          format('$%%s is written, $%%s are set aside', budgets.reserved_usd, coalesce(aside.usd, 0))
        from budgets left join lateral (
          select sum(reserved_usd) as usd from jobs where jobs.user_id = budgets.user_id) aside on true
        where budgets.reserved_usd <> coalesce(aside.usd, 0)
        union all
        select 'a budget has spent what was paid this month', budgets.user_id::text,
          format('$%%s is written, $%%s were paid', budgets.spent_usd, coalesce(paid.usd, 0))
        from budgets left join lateral (
          select sum(cost_usd) as usd from provider_attempts where provider_attempts.user_id = budgets.user_id
            and finished_at >= budgets.month::timestamp at time zone 'utc') paid on true
        where budgets.spent_usd <> coalesce(paid.usd, 0)
        union all
        select 'an unknown outcome is settled soon', id::text, format('unknown for %%s', now() - created_at)
        from provider_attempts
        where state in ('intent', 'unknown') and created_at < now() - make_interval(secs => %(unknown)s)
        union all
        select 'what a provider never had has no name there', id::text,
          format('%%s at %%s', provider_request_id, provider)
        from provider_attempts where state = 'absent' and provider_request_id is not null
        union all
        select 'an attempt ends with its job', a.id::text, format('%%s, and its job is %%s', a.state, jobs.status)
        from provider_attempts a join jobs on jobs.id = a.job_id
        where a.state in ('intent', 'unknown', 'submitted') and jobs.status in ('succeeded', 'failed', 'canceled')
          and jobs.finished_at < now() - make_interval(secs => %(left_behind)s)
        limit %(limit)s
        """,
        {"unknown": UNKNOWN_SECONDS, "left_behind": LEFT_BEHIND_SECONDS, "limit": limit},
    )
    return await cursor.fetchall()

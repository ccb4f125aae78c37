"""The providers table: how much each provider takes at once, and until when it wants to be left alone. It is one row
for all processes, so that a limit holds for the installation and not for each worker."""

from resources.database.connection import Connection

FAILURES_THAT_OPEN = 5
FIRST_PAUSE_SECONDS = 10.0
LONGEST_PAUSE_SECONDS = 300.0
FORGET_SECONDS = 600.0
"""What was refused so long ago says nothing of today."""


async def pause(connection: Connection, provider: str, seconds: float) -> None:
    """Nobody starts anything at the provider for ``seconds``, whatever it asks for at most `LONGEST_PAUSE_SECONDS`:
    one answer that asks for a day would stop everybody for a day. A longer pause that holds already stays."""
    await connection.execute(
        """
        update providers set updated_at = clock_timestamp(),
          closed_until = greatest(closed_until, clock_timestamp() + make_interval(secs => %s))
        where name = %s
        """,
        (min(seconds, LONGEST_PAUSE_SECONDS), provider),
    )


async def note_refusal(connection: Connection, provider: str) -> float:
    """The provider did not take an order. Returns for how many seconds it has taken none, as far as anybody asked."""
    cursor = await connection.execute(
        """
        update providers set refused_at = clock_timestamp(), refusing_since = coalesce(
          case when refused_at > clock_timestamp() - make_interval(secs => %s) then refusing_since end,
          clock_timestamp())
        where name = %s returning extract(epoch from clock_timestamp() - refusing_since)::float8
        """,
        (FORGET_SECONDS, provider),
    )
    row = await cursor.fetchone()
    return float(row[0]) if row else 0.0


async def note_failure(connection: Connection, provider: str) -> None:
    """The provider is out of order. After a row of failures it is left alone, each time for twice as long; what is
    tried then either works, and ends the row, or fails, and doubles the pause. What fails while it is left alone was
    begun before that, and adds nothing: forty shots that are lost at the same moment are one failure, not forty."""
    await connection.execute(
        """
        update providers set updated_at = clock_timestamp(), failures_in_a_row = failures_in_a_row + 1,
          closed_until = case when failures_in_a_row + 1 < %(open)s then closed_until else clock_timestamp()
            + make_interval(secs => least(%(longest)s, %(first)s * 2 ^ least(failures_in_a_row + 1 - %(open)s, 10))) end
        where name = %(name)s and closed_until <= clock_timestamp()
        """,
        {
            "open": FAILURES_THAT_OPEN,
            "first": FIRST_PAUSE_SECONDS,
            "longest": LONGEST_PAUSE_SECONDS,
            "name": provider,
        },
    )


async def note_success(connection: Connection, provider: str) -> None:
    await connection.execute(
        "update providers set failures_in_a_row = 0, refusing_since = null, updated_at = clock_timestamp()"
        " where name = %s and (failures_in_a_row > 0 or refusing_since is not null)",
        (provider,),
    )


async def set_limits(connection: Connection, provider: str, *, in_flight: int, per_minute: int) -> None:
    """What the installation asks of a provider at most; its own limits are the provider's business."""
    await connection.execute(
        """
        insert into providers (name, max_in_flight, starts_per_minute) values (%s, %s, %s)
        on conflict (name) do update
          set max_in_flight = excluded.max_in_flight, starts_per_minute = excluded.starts_per_minute
          where (providers.max_in_flight, providers.starts_per_minute)
            is distinct from (excluded.max_in_flight, excluded.starts_per_minute)
        """,
        (provider, in_flight, per_minute),
    )

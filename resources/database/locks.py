"""Who holds which session advisory lock: signs of life that a database forgets together with the process."""

from psycopg import sql


def held(space: int) -> sql.Composed:
    """A query for the locks that are held in ``space``, by anybody; ``lock_of`` a name is one of them."""
    return sql.SQL(
        "select objid from pg_locks where locktype = 'advisory' and classid = {} and objsubid = 2 and granted"
        " and database = (select oid from pg_database where datname = current_database())"
    ).format(space)


def lock_of(name: sql.Composable) -> sql.Composed:
    """How ``pg_locks`` writes the lock on ``hashtext(name)``; ``name`` is an expression of type text."""
    return sql.SQL("(hashtext({})::bigint & 4294967295)::oid").format(name)

"""What can go wrong with the database, in our words: asyncpg's errors are translated here, once, at the edge."""

import asyncpg

from common.asyncio_bridge import AsyncioCancelledError
from common.errors import WeirError


class DatabaseError(Exception):
    """Base of every error the database layer raises. As it stands: a statement of ours is wrong, so log it as a bug."""


class DatabaseUnavailableError(DatabaseError, WeirError):
    """No answer from the database now; it heals by itself. A commit that ended like this may or may not have happened."""


class StatementTimeoutError(DatabaseError):
    """The server ended a statement that ran longer than its timeout. Nothing of it happened."""


class ConstraintError(DatabaseError):
    """Base of the errors where the data, not the code, is at odds with the schema."""

    def __init__(self, message: str, *, constraint: str | None) -> None:
        super().__init__(message)
        self.constraint = constraint
        """Name of the constraint or unique index, e.g. `users_login_key`."""


class UniqueViolationError(ConstraintError):
    """A row with this value exists already."""


class ForeignKeyViolationError(ConstraintError):
    """The row refers to one that does not exist (any more)."""


class CheckViolationError(ConstraintError):
    """A value is outside what the column allows."""


class SchemaError(DatabaseError, WeirError):
    """Base of the errors about the version of the schema."""


class SchemaTooOldError(SchemaError):
    """The database lacks migrations this code needs."""


class SchemaTooNewError(SchemaError):
    """The database has migrations this code does not know: it was migrated by a newer weir."""


_CONSTRAINTS: tuple[tuple[type[asyncpg.PostgresError], type[ConstraintError]], ...] = (
    (asyncpg.UniqueViolationError, UniqueViolationError),
    (asyncpg.ForeignKeyViolationError, ForeignKeyViolationError),
    (asyncpg.CheckViolationError, CheckViolationError),
)

_AWAY: tuple[type[BaseException], ...] = (
    OSError,  # includes TimeoutError: the server does not answer, or the socket is gone
    EOFError,
    AsyncioCancelledError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # 57P0x: shutting down, crashed, starting up (57014 is sorted out before)
    asyncpg.InsufficientResourcesError,  # 53xxx: too many connections, disk full, out of memory
    asyncpg.InvalidAuthorizationSpecificationError,  # wrong password or role: an operator can mend it while we run
    asyncpg.InvalidCatalogNameError,  # the database does not exist yet
    asyncpg.ReadOnlySQLTransactionError,  # connected to a standby during a fail-over
)

FOREIGN_ERRORS: tuple[type[Exception], ...] = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    EOFError,
    AsyncioCancelledError,
)
"""Everything asyncpg is known to raise; argument errors (`TypeError`, `ValueError`) are bugs and pass as they are."""


def translate(error: BaseException, *, connection_lost: bool = False) -> DatabaseError:
    """Give our error for one of `FOREIGN_ERRORS`; the caller raises it `from` the original.

    `connection_lost`: the connection is closed by now, so asyncpg's "interface error" is no misuse of ours.
    """
    for theirs, ours in _CONSTRAINTS:
        if isinstance(error, theirs):
            return ours(str(error), constraint=getattr(error, "constraint_name", None))
    if isinstance(error, asyncpg.QueryCanceledError):
        return StatementTimeoutError(str(error))
    if isinstance(error, _AWAY) or connection_lost:
        return DatabaseUnavailableError(str(error) or type(error).__name__)
    return DatabaseError(f"{type(error).__name__}: {error}")

"""Backup and restore: a set of everything, its keys apart, and the way back (docs/operations/backup.md).

sealed        a long stream sealed piece by piece         shelf      where sets lie; prune; the lock
keyring       the archive of keys, apart from the sets    forgotten  the list of what must stay forgotten
cluster, wal  the embedded server: copy, archived WAL     portable   a dump, for any PostgreSQL
make          one set                                     restore    the way back: `examine` before, `after` at its end
nightly       the supervisor's clock for both             checks     what `fengqiao check` asks
"""


class BackupFailed(RuntimeError):
    """No set was made or a set does not hold; the sentence says why and what to do."""


class RestoreFailed(RuntimeError):
    """Nothing was restored, or not to its end; the sentence says why and what to do."""

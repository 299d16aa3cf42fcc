"""Fixtures of the tests of `common`."""

from tests.common.database_site import cluster_dsn, database, database_dsn, made_data_dir

__all__ = ["cluster_dsn", "database", "database_dsn", "made_data_dir"]

"""Settings of every test: hypothesis profiles, and the one cluster that all tests of a session share."""

import os

from hypothesis import HealthCheck, settings

from tests.common.database_site import cluster_dsn, database, database_dsn, made_data_dir

__all__ = ["cluster_dsn", "database", "database_dsn", "made_data_dir"]

settings.register_profile(
    "fast", max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("deep", max_examples=5000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))

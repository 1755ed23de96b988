import os

from hypothesis import HealthCheck, settings

_slow = (HealthCheck.too_slow, HealthCheck.filter_too_much)
settings.register_profile("dev", deadline=None, suppress_health_check=_slow)
settings.register_profile(
    "ci", deadline=None, derandomize=True, suppress_health_check=_slow
)
settings.register_profile(
    "thorough", deadline=None, max_examples=10_000, suppress_health_check=_slow
)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE", "ci" if "CI" in os.environ else "dev")
)

"""The parts of the engine's benchmark; `bench_engine.py` puts them together."""

# Before torch: the library has waiting threads give their core up, which torch reads once. All arms get that.
import modelaudit  # noqa: F401

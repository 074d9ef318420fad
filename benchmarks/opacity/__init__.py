"""The parts of the benchmark of explanations; `bench_opacity.py` puts them together."""

"""The benchmarks: `python -m bench`. What is measured and how is told in docs/operations/bench.md."""

"""What expframe costs, beside Sacred and beside bare Python: `python -m benchmarks`."""

"""`python -m benchmarks`: every benchmark, one after the other. Each says what it does with `--help`."""

from benchmarks import filming, importing, paid_once, quote, retake, spine

if __name__ == "__main__":
    for benchmark in (spine, importing, filming, quote, retake, paid_once):
        benchmark.main([])

"""`python -m benchmarks`: every benchmark, one after the other. Each says what it does with `--help`."""

from benchmarks import filming, finish, importing, paid_once, quote, retake, spine

if __name__ == "__main__":
    for benchmark in (spine, importing, filming, finish, quote, retake, paid_once):
        benchmark.main([])

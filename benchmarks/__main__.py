"""Every benchmark, one after the other: `make bench`."""

from benchmarks import import_time, serving

if __name__ == "__main__":
    import_time.main()
    serving.main()

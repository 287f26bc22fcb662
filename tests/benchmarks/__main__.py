"""Every benchmark, one after another: `make bench`."""

import sys

from tests.benchmarks import growth, ingest, log, page, ratings, weighting

if __name__ == "__main__":
    ingest.main(sys.argv[1:])
    log.main(sys.argv[1:])
    growth.main()
    ratings.main()
    weighting.main()
    page.main()

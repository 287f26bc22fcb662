"""Every benchmark, one after another: `make bench`."""

import sys

from tests.benchmarks import (
    growth,
    ingest,
    log,
    many_models,
    page,
    pairing,
    ratings,
    sampler,
    weighting,
)

if __name__ == "__main__":
    ingest.main(sys.argv[1:])
    many_models.main([])
    log.main(sys.argv[1:])
    growth.main()
    ratings.main()
    sampler.main()
    pairing.main()
    weighting.main()
    page.main()

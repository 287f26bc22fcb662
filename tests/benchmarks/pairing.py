"""What it costs to choose a batch of battles after a fit."""

from ratings.expectation_propagation import fit
from ratings.pairing import PairingPolicy, propose
from tests.benchmarks.ratings import cpu, report
from tests.ratings.simulation import simulate


def main() -> None:
    """Batches for 100 models, look-ahead included."""
    fitted = fit(simulate(1, size=100, battles=5000).counts, draw_margin=2.0)
    policy = PairingPolicy("information_gain", "1")
    for batch in (20, 100):
        seconds = cpu(lambda: propose([fitted], policy, size=batch, seed=1), 10)  # noqa: B023
        report(f"next {batch} battles of 100 models", seconds * 1e3, "ms")

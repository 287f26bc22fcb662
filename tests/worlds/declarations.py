"""Worlds whose people break, one by one, what the estimators assume; each is a plain declaration.

Utilities are in units of one standard deviation of a battle's noise. Nothing here, nor in
`population`, `verdicts`, `truth` and `weights`, comes from `ratings/` or the product's simulator.
"""

from dataclasses import dataclass, replace

# The two questions asked of everybody: what separates people, and what never does (a null).
AGES = ("young", "middle", "old")
REGIONS = ("north", "south")
CENSUS = {"age": (0.30, 0.40, 0.30), "region": (0.5, 0.5)}


@dataclass(frozen=True)
class World:
    """A population, who comes of it, and what is put before them.

    ``models``: how many, one after the other over replications. ``verdicts``: mean per rater, as
    ``volume`` spreads them. ``spread``: sd of models' utilities. ``age_effect``: sd of an age
    group's own utilities. ``taste``: sd of a rater's own utilities; ``camps``: sd of what two
    hidden camps of raters like in opposite ways. ``tie_margin``: median per age;
    ``tie_habit``: sd of its logarithm over raters. ``side``: what is shown left gains;
    ``side_habit``: its sd over raters; ``is_side_fixed``: each pair is shown one way only.
    ``prompts``: how many, with own utilities of sd ``prompt_effect``. ``cycle``: sd of what makes
    a beat b beat c beat a. ``drift``: sd of a model's gain from the first to the last day.
    ``silent``: share of each age who answer no question about themselves, less by the hidden camp
    (``silent_camp``, log-odds). ``noise``: normal, logistic or student (4 degrees of freedom).
    """

    says: str
    models: tuple[int, ...] = (12, 3, 24, 6, 60)
    raters: int = 300
    verdicts: float = 10.0
    volume: str = "even"
    sample: tuple[float, float, float] = (0.45, 0.35, 0.20)
    spread: float = 0.5
    age_effect: float = 0.0
    taste: float = 0.0
    camps: float = 0.0
    tie_margin: tuple[float, float, float] = (0.4, 0.4, 0.4)
    tie_habit: float = 0.0
    side: float = 0.0
    side_habit: float = 0.0
    is_side_fixed: bool = False
    prompts: int = 0
    prompt_effect: float = 0.0
    cycle: float = 0.0
    drift: float = 0.0
    silent: tuple[float, float, float] = (0.0, 0.0, 0.0)
    silent_camp: float = 0.0
    is_adaptive: bool = False
    noise: str = "normal"


_INDEPENDENT = World("every verdict by itself, as the estimators assume")
_TASTES = replace(
    _INDEPENDENT,
    says="each rater has utilities of their own; ages differ; two hidden camps",
    taste=0.5, camps=0.3, age_effect=0.2,
)  # fmt: skip

WORLDS: dict[str, World] = {
    "independent": _INDEPENDENT,
    "tastes": _TASTES,
    "heavy": replace(
        _TASTES, says="tastes, and a few raters give most verdicts", volume="lognormal"
    ),
    "ties_by_age": replace(
        _TASTES,
        says="tastes, and 22, 35 and 54% ties by age, each rater with a habit",
        taste=0.3, camps=0.0, tie_margin=(0.33, 0.54, 0.91), tie_habit=0.4,
    ),
    "sides": replace(
        _INDEPENDENT, says="what is shown left gains 0.3; both ways are shown",
        side=0.3, side_habit=0.2, taste=0.2,
    ),
    "fixed_sides": replace(
        _INDEPENDENT, says="what is shown left gains 0.3; each pair is shown one way only",
        side=0.3, side_habit=0.2, taste=0.2, is_side_fixed=True,
    ),
    "prompts": replace(
        _INDEPENDENT, says="40 prompts with effects of their own", prompts=40, prompt_effect=0.4
    ),
    "cycles": replace(
        _INDEPENDENT, says="rock, paper, scissors beside the skills", cycle=0.3, taste=0.2
    ),
    "drift": replace(
        _INDEPENDENT, says="models get better or worse over the study", drift=0.6, taste=0.2
    ),
    "missing": replace(
        _TASTES,
        says="who tells nothing of themselves depends on age and on what they like",
        silent=(0.35, 0.10, 0.20), silent_camp=1.0,
    ),
    "adaptive": replace(
        _INDEPENDENT, says="closer models are shown more", taste=0.2, is_adaptive=True
    ),
    "few": replace(
        _INDEPENDENT, says="28 models close together, 250 verdicts of 25 raters",
        models=(28,), raters=25, spread=0.17,
    ),
    "noise": replace(
        _INDEPENDENT, says="noise with heavy tails (Student, 4 degrees of freedom)",
        taste=0.2, noise="student",
    ),
    "all": World(
        "all of it at once, sides shown both ways",
        volume="lognormal", age_effect=0.2, taste=0.4, camps=0.2,
        tie_margin=(0.35, 0.58, 0.98), tie_habit=0.4, side=0.2, side_habit=0.2,
        prompts=80, prompt_effect=0.2, cycle=0.15, drift=0.3,
        silent=(0.25, 0.10, 0.15), silent_camp=0.5, is_adaptive=True, noise="logistic",
    ),
}  # fmt: skip


def seed_of(world: str, replication: int) -> list[int]:
    """What a replication's random numbers depend on: its world's name and its own number."""
    return [replication, *world.encode()]

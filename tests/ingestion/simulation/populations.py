"""A small population of the tests' own, so that they hold whatever the seeds say."""

from ingestion.simulation.population import Country, Margin, Population


def margin(axis: str, **shares: float) -> Margin:
    names = tuple(name.replace("_", " ") for name in shares)
    return Margin(axis, names, tuple(shares.values()))


AGES = ("18-34", "35-54", "55+")

US = Country(
    "US",
    adults=5.0,
    strata=(
        Margin("age", AGES, (0.29, 0.32, 0.39)),
        margin("ethnicity", White=0.765, Black=0.13, Asian=0.066, Other=0.039),
        margin("politics", Republican=0.31, Democrat=0.28, Independent=0.41),
    ),
    others=(
        Margin("education", ("Bachelor's or higher", "Some college"), (0.3, 0.7)),
        margin("gender", Female=0.51, Male=0.48, Non_binary=0.01),
    ),
)
UK = Country(
    "UK",
    adults=1.0,
    strata=(
        Margin("age", AGES, (0.27, 0.33, 0.40)),
        margin("ethnicity", White=0.85, Asian=0.08, Black=0.034, Other=0.036),
        margin(
            "politics",
            Labour=0.37,
            Conservative=0.26,
            Reform_UK=0.16,
            Liberal_Democrat=0.14,
            Green=0.07,
        ),
    ),
    others=(margin("gender", Female=0.52, Male=0.47, Non_binary=0.01),),
)
POPULATION = Population((US, UK))

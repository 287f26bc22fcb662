"""Made-up participants: too young, too educated and left of centre, as online panels are.

What stays out: truth, models and battles (ingestion/simulation does those).
"""

from __future__ import annotations

import numpy as np

SHARES: dict[str, dict[str, dict[str, float]]] = {
    "US": {
        "age": {"young": 0.45, "middle": 0.37, "old": 0.18},
        "gender": {"Woman": 0.49, "Male": 0.48, "Non-binary / third gender": 0.02, "": 0.01},
        "ethnicity": {"White": 0.66, "Black": 0.09, "Asian": 0.14, "Mixed": 0.09, "": 0.02},
        "politics": {"Democrat": 0.45, "republican ": 0.2, "Independent": 0.31, "n/a": 0.04},
        "education": {
            "Graduate degree (MA/MSc/MPhil/other)": 0.55,
            "Some college, no degree": 0.25,
            "High school diploma": 0.15,
            "Less than high school": 0.05,
        },
    },
    "UK": {
        "age": {"young": 0.4, "middle": 0.38, "old": 0.22},
        "gender": {"Female": 0.5, "Man": 0.48, "Rather not say": 0.02},
        "ethnicity": {"White British": 0.78, "Black British": 0.05, "Indian": 0.11, "Mixed": 0.06},
        "politics": {
            "Labour": 0.42,
            "Conservatives": 0.14,
            "Reform": 0.09,
            "Lib Dems": 0.17,
            "Green Party": 0.12,
            "SNP": 0.03,
            "Prefer not to say": 0.03,
        },
        "education": {
            "Level 4": 0.55,
            "A-levels": 0.2,
            "GCSEs": 0.13,
            "Level 1": 0.05,
            "No formal qualifications": 0.04,
            "Apprenticeship": 0.03,
        },
    },
}
AGES = {"young": (18, 35), "middle": (35, 55), "old": (55, 91)}


def draw_people(count: int, seed: int = 1) -> list[dict[str, str]]:
    """Participants with their answers, word for word, three of five in the US."""
    generator = np.random.default_rng(seed)
    people = []
    for number in range(count):
        country = "US" if generator.random() < 0.6 else "UK"
        person = {"participant_key": f"p{number:06d}", "country": country}
        for question, shares in SHARES[country].items():
            probabilities = np.array(list(shares.values()))
            choice = generator.choice(len(shares), p=probabilities / probabilities.sum())
            person[question] = list(shares)[int(choice)]
        person["age"] = str(generator.integers(*AGES[person["age"]]))
        people.append(person)
    return people

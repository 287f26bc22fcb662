"""Published marts made up for the page: rows as `read_marts` gives them, the same every time."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime
from itertools import combinations
from typing import Any

from publishing.page.marts import Rows, paired_models
from tests.publishing.page.rated import rated_marts
from tests.publishing.page.studies import EP, LABELS, POOLED, Study

KEYS = ("weighting", "stratum_id", "dimension", "estimator")
HOSTILE = "<script>document.title='broken'</script>"
REASONS = {
    "model-02": "wide_interval",
    "model-04": "few_battles",
    "model-05": "few_battles_and_wide_interval",
}
LONG = "A model with a name far longer than any designer would have wished for (preview 2026-11-26)"


def marts(study: Study) -> dict[str, Rows]:
    """Every mart the page reads."""
    boards = [_board(study, key) for key in study.boards()]
    leaderboard = [row for board in boards for row in board]
    return {
        "dim_board": [
            {**dict(zip(KEYS, key, strict=True)), "dimension_label": _label(key[2]),
             "weighting_label": "Unweighted" if key[0] == "none" else "Age; every adult alike",
             "estimator_label": "TrueSkill"}
            for key in study.boards()
        ],
        "dim_dimension": [
            {"dimension": name, "label": _label(name), "short_label": SHORT.get(name, _label(name)),
             "description": f"About {_label(name)}.", "sort_order": place}
            for place, name in enumerate(study.dimensions)
        ],
        "dim_model": [_model(study, model) for model in study.models],
        "dim_stratum": [
            {"stratum_id": stratum, "country": country, "axis": axis, "group_name": group,
             "label": _who(stratum, country, axis, group), "sort_order": place}
            for place, (stratum, country, axis, group) in enumerate(study.strata)
        ],
        "dim_study": _study() if study.is_weighted else [],
        "fct_stratum_coverage": [
            {"stratum_id": stratum, "axis": axis, "heard_count": 4_202 if axis is None else 1_111,
             "verdict_count": 21_010, "heard_share": 0.25 if axis else None,
             "population_share": 0.3125 if axis else None}
            for stratum, _, axis, _ in study.strata
        ],
        "rpt_about_study": _about(is_complete=study.is_weighted),
        "rpt_data_collection": [
            {"stratum_id": "all", "first_month": "2025-06", "last_month": "2025-08",
             "not_weighted_reason": None if study.is_weighted else "nobody_enrolled"}
        ],
        "rpt_board_summary": [_summary(board) for board in boards],
        "rpt_demographic_consistency": [
            {"country": country, "axis": axis, "dimension": dimension, "rank_shift": 3.26,
             "rank_shift_lo": 2.5, "rank_shift_hi": 4.04,
             "rank_shift_if_agreed": 1.5 if axis == "age" else 3.5,
             "p_largest": 0.75}
            for country in {row[1]: None for row in study.strata if row[1]}
            for axis in ("age", "politics")
            for dimension in study.dimensions
        ],
        "rpt_benchmark_gap": [],
        "rpt_benchmark_residual": [],
        "rpt_leaderboard": leaderboard,
        "rpt_pairwise": _pairs(leaderboard),
        "rpt_rank_comparison": _comparisons(leaderboard),
        "rpt_rank_history": _history(leaderboard) if study.is_weighted else [],
        "rpt_safety": _safety(study) if study.is_weighted else [],
        "rpt_topic_tie_rate": _topic_ties() if study.is_weighted else [],
        "rpt_safety_incident": _incidents(study) if study.is_weighted else [],
        **_sycophancy(study),
        "rpt_disagreement": [
            {"dimension": dimension, "axis": "age", "relation": relation, "opposite_share": share,
             "opposite_share_lo": share - 0.011, "opposite_share_hi": share + 0.012}
            for dimension in study.dimensions
            for relation, share in (("same_group", 0.341), ("other_group", 0.383))
        ],
        "rpt_tie_rate": [
            {"stratum_id": stratum, "dimension": dimension, "decided_share": 0.7,
             "tie_share": 0.255, "both_bad_share": 0.045}
            for stratum, *_ in study.strata for dimension in study.dimensions
        ],
        "rpt_votes_by_month": [
            {"stratum_id": "all", "dimension": dimension, "model_id": model, "month": month,
             "battle_count": 11 * (1 + (place * 7 + len(month) * at) % 60)}
            for dimension in study.dimensions
            for place, model in enumerate(study.models)
            for at, month in enumerate(("2025-06", "2025-07", "2025-08"))
            if (place, at) != (6, 1)
        ],
        "rpt_weighting_diagnostics": _diagnostics() if study.is_weighted else [],
        "rpt_weighting_margin": _margins() if study.is_weighted else [],
        **rated_marts(study),
    }  # fmt: skip


def origin(release_id: str, *, is_simulated: bool) -> dict[str, Rows]:
    """The marts of one row each: which board all is of, and which log."""
    recorded = datetime(2025, 9, 3, 4, 5, 6, 7, tzinfo=UTC)
    publication = {
        "release_id": release_id, "title": "Demoscope as of log position 4",
        "is_simulated": is_simulated, "sources": "tests, more tests", "log_position": 4,
        "log_head_hash": "7" * 64, "recorded_at": recorded, "valid_until": None,
        "design_hash": "8" * 64, "is_signed": True, "code_version": "0.1.0",
        "code_sha256": "9" * 64, "dependency_lock_sha256": "a6" * 32,
        "provisional_battle_count": 31, "disclosed_people_min": 11,
    }  # fmt: skip
    log = {
        "origin": "demoscope/log/b", "log_position": 4, "log_head_hash": "7" * 64,
        "log_root_hash": "d5" * 32, "event_count": 123_456,
        "first_recorded_at": datetime(2025, 8, 2, tzinfo=UTC), "last_recorded_at": recorded,
        "is_verified": True, "finding_count": 0, "checkpoint_key": "tests+0123abcd+AAAA",
    }  # fmt: skip
    return {"publication": [publication], "rpt_log_integrity": [log]}


SHORT = {"overall": "Overall"}
LINK = "https://example.org/study"


def _study() -> Rows:
    """What the study says of itself in a few words; it said something else before."""
    said = {"conductor": "A university", "licence": "CC BY 4.0", "contact": LINK}
    return [
        {**said, "title": "What was it called?", "valid_from_position": 1},
        {**said, "title": f"Opinions of {HOSTILE}", "valid_from_position": 3},
    ]


def _label(name: str) -> str:
    return {"overall": "Overall winner"}.get(name, name.replace("_", " ").capitalize())


def _who(stratum: str, country: str | None, axis: str | None, group: str | None) -> str:
    if country is None:
        return "Everybody"
    return LABELS[country] if axis is None else f"{country}, {axis}: {group}"


def _model(study: Study, model: str) -> dict[str, Any]:
    place = study.models.index(model)
    is_retired = place == 3
    return {
        "model_id": model,
        "display_name": {0: HOSTILE, 1: LONG}.get(place, f"Model {place:02d}"),
        "provider": "Makers & Sons" if place % 2 else ("Anvil" if place % 4 else None),
        "licence": "Apache-2.0" if place % 3 == 0 else "own terms",
        "licence_kind": {1: "proprietary", 2: "open_weights"}.get(place % 3),
        "released_at": datetime(2025, 3, 4, tzinfo=UTC) if place == 5 else None,
        "has_battled": True,
        "is_rated": place == 0,
        "is_retired": is_retired,
        "retired_reason": "Withdrawn by its provider." if is_retired else None,
        "retired_at": datetime(2025, 8, 15, tzinfo=UTC) if is_retired else None,
        "is_private": place == 4,
        "public_id": None,
    }


def _board(study: Study, key: tuple[str, str, str, str]) -> Rows:
    skills, models = {}, study.models
    for place, model in enumerate(models):
        own = random.Random(f"{study.seed} {key} {model}")
        skills[model] = 6 - 12 * (place + 0.5) / study.model_count + own.gauss(0, 0.8)
    mean = sum(skills.values()) / len(skills)
    ordered = sorted(skills, key=lambda model: -skills[model])
    own = random.Random(f"{study.seed} {key}")
    is_weighted = key[0] != "none"
    rows = []
    for rank, model in enumerate(ordered, 1):
        sd, skill = own.uniform(0.3, 0.6), skills[model] - mean
        rows.append(
            {
                **dict(zip(KEYS, key, strict=True)),
                "model_id": model,
                "rank": rank,
                "rank_lo": max(1, rank - own.randint(0, 3)),
                "rank_hi": min(len(ordered), rank + own.randint(0, 3)),
                "tier": None if model in REASONS else 1 + (rank > 3),
                "skill": round(skill, 6),
                "skill_sd": round(sd, 6),
                "skill_lo": round(skill - 1.96 * sd, 6),
                "skill_hi": round(skill + 1.96 * sd, 6),
                "p_best": round({1: 0.81, 2: 0.185}.get(rank, 0.0004), 6),
                **_win_share(key, skill, own),
                "battle_count": _battles(key, model),
                "is_provisional": model in REASONS,
                "provisional_reason": REASONS.get(model),
                "component_count": 1,
                "effective_participant_count": 345.678 if is_weighted else None,
                "interval_basis": "participants" if is_weighted else "independent",
                "unattributed_count": 0,
                "item_count": None,
            }
        )
    return rows


def _battles(key: tuple[str, str, str, str], model: str) -> int:
    """Of every estimator the same; people without a weight are left out of weighted boards."""
    weighting, stratum, dimension, _ = key
    count = random.Random(f"{stratum} {dimension} {model}").randint(25, 2000)
    return count if weighting == "none" else count - 5


# Of so few people no interval of a win share is published.
FEW = "UK/age/55+"


def _win_share(
    key: tuple[str, str, str, str], skill: float, own: random.Random
) -> dict[str, float | None]:
    share = round(_share(skill), 6)
    low, high = share - own.uniform(0.03, 0.06), share + own.uniform(0.03, 0.06)
    is_kept_back = key[1] == FEW
    return {
        "win_share": share,
        "win_share_lo": None if is_kept_back else round(max(0.0, low), 6),
        "win_share_hi": None if is_kept_back else round(min(1.0, high), 6),
    }


def _share(difference: float) -> float:
    """How many prefer what is so much better."""
    return 1.0 / (1.0 + math.exp(-0.35 * difference))


def _summary(board: Rows) -> dict[str, Any]:
    return {
        **{name: board[0][name] for name in KEYS},
        "model_count": len(board),
        "leader_count": sum(row["rank_lo"] == 1 for row in board),
        "component_count": 1,
        "misfits": "pairs, sides" if board[0]["stratum_id"] == "all" else None,
        "battle_count": sum(row["battle_count"] for row in board) // 2,
        "battle_left_out_count": 0 if board[0]["weighting"] == "none" else 95,
        "has_few_people": False,
        "heard_count": 1234,
        "effective_participant_count": board[0]["effective_participant_count"],
        "skill_sd_median": sorted(row["skill_sd"] for row in board)[len(board) // 2],
    }


def older_summary(made: dict[str, Rows]) -> Rows:
    """The same boards when half of the verdicts were in."""
    return [
        row
        | {
            "battle_count": row["battle_count"] // 2,
            "skill_sd_median": row["skill_sd_median"] * 2**0.5,
        }
        for row in made["rpt_board_summary"]
    ]


def _comparisons(leaderboard: Rows) -> Rows:
    by_key = {(*(row[name] for name in KEYS), row["model_id"]): row for row in leaderboard}
    rows = []
    for row in leaderboard:
        everybody = row["stratum_id"] == "all"
        weighting = row["weighting"]
        if not everybody and weighting != "none":
            weighting += POOLED
        dimension = "overall" if everybody else row["dimension"]
        other = by_key.get((weighting, "all", dimension, row["estimator"], row["model_id"]))
        if other is row:
            other = None
        rows.append(
            {
                **{name: row[name] for name in KEYS},
                "model_id": row["model_id"],
                "reference_stratum_id": "all" if other else None,
                "reference_dimension": dimension if other else None,
                "reference_rank": other["rank"] if other else None,
                "rank_gain": other["rank"] - row["rank"] if other else None,
                "is_apart": bool(other) and row["rank_lo"] > (other or row)["rank_hi"],
                "q_value": 0.01 if other else None,
                "is_different": bool(other) and row["rank_lo"] > (other or row)["rank_hi"],
            }
        )
    return rows


def _pairs(leaderboard: Rows) -> Rows:
    """Of every board that the page pairs, as sure as the interval of its win shares."""
    found: dict[tuple[str, str, str], dict[str, dict[str, Any]]] = {}
    for row in leaderboard:
        if row["estimator"] == EP:
            key = (row["stratum_id"], row["dimension"], row["weighting"])
            found.setdefault(key, {})[row["model_id"]] = row
    rows: Rows = []
    for key, models in paired_models(leaderboard).items():
        most = 0.06 if key[0] in {"all", "US", "UK"} else 0.15
        pair = random.Random(f"{key}")
        for a, b in combinations(models, 2):
            one, other = found[key][a], found[key][b]
            share = round(_share(one["skill"] - other["skill"]), 6)
            reach, count = pair.uniform(most / 2, most), pair.randint(0, 4) * 11
            won, lost = (pair.randint(0, count // 2) for _ in "ab")
            known = (won // 11 * 11, lost // 11 * 11, (count - won - lost) // 11 * 11)
            counts = known if count else (None, None, None)
            turned = (counts[1], counts[0], counts[2])
            for first, second, own, (win, loss, tie) in (
                (a, b, share, counts), (b, a, 1 - share, turned),
            ):  # fmt: skip
                rows.append(
                    {
                        **dict(zip(("stratum_id", "dimension", "weighting"), key, strict=True)),
                        "estimator": EP,
                        "model_a": first,
                        "model_b": second,
                        "win_share": own,
                        "win_share_lo": max(0.0, own - reach),
                        "win_share_hi": min(1.0, own + reach),
                        "battle_count": count or None,
                        "win_count": win,
                        "loss_count": loss,
                        "tie_count": tie,
                    }
                )
    return rows


DAYS = (datetime(2025, 7, 1, tzinfo=UTC), datetime(2025, 9, 3, tzinfo=UTC))


def _history(leaderboard: Rows) -> Rows:
    """Two releases of the default boards: in the first the first two of each were swapped."""
    rows: Rows = []
    for row in leaderboard:
        if row["estimator"] != EP or not row["weighting"].startswith("politics"):
            continue
        if "/" in row["stratum_id"]:
            continue
        for place, day in enumerate(DAYS):
            is_last = place == len(DAYS) - 1
            rank = row["rank"] if is_last else {1: 2, 2: 1}.get(row["rank"], row["rank"])
            rows.append(
                {
                    **{name: row[name] for name in (*KEYS, "model_id", "is_provisional")},
                    "release_id": f"{place}" * 64,
                    "log_position": 2 + 2 * place,
                    "recorded_at": day,
                    "is_default": True,
                    "is_weighted": True,
                    "rank": rank,
                    "rank_lo": min(rank, row["rank_lo"]),
                    "rank_hi": max(rank, row["rank_hi"]),
                    "rank_change": {1: 1, 2: -1}.get(row["rank"], 0) if is_last else None,
                }
            )
    return rows


COLLAPSED = {"UK"}


def _diagnostics() -> Rows:
    return [
        {"country": country, "scheme": "politics", "scheme_label": "Census and politics",
         "participant_count": 4838,
         "effective_participant_count": 2554.97, "design_effect": 1.8936, "weight_min": 0.2016,
         "weight_max": 4.7264, "trimmed_share": 0.088, "margin_error": 1e-15,
         "asmd_before_max": 0.5539, "asmd_after_max": 1e-7,
         "has_collapsed_levels": country in COLLAPSED}
        for country in ("US", "UK")
    ] + [
        # People of a country without targets: nobody is weighted.
        {"country": "ES", "scheme": "politics", "scheme_label": "Census and politics",
         "participant_count": 40, "effective_participant_count": 0.0, "design_effect": None,
         "weight_min": None, "weight_max": None, "trimmed_share": None, "margin_error": None,
         "asmd_before_max": None, "asmd_after_max": None, "has_collapsed_levels": False}
    ]  # fmt: skip


def _margins() -> Rows:
    return [
        {"country": country, "scheme": "politics", "variable": "age3",
         "variable_label": "Age", "level": level,
         "before_share": before, "after_share": target, "target_share": target,
         "census_share": target, "participant_count": 100}
        for country in ("US", "UK")
        for level, before, target in (("18-34", 0.5, 0.29), ("55+", 0.15, 0.386))
    ]  # fmt: skip


def _about(*, is_complete: bool) -> Rows:
    """What a study says of itself, all of it or nothing."""
    days = "2025-06-02 to 2025-08-31"
    required = (
        (2, "conducted by", f"A university {HOSTILE}"), (2, "sponsored by", "A newspaper"),
        (2, "funded by", "Its 1,234 readers"), (3, "questions", "Which is better?\nLeft or right."),
        (4, "population", "Adults of two countries"), (5, "recruitment", "A panel, paid 3.50"),
        (6, "mode", "On a web page"), (7, "people took part", days),
        (9, "weighting", "By politics"), (10, "checks", "Each row"),
        (11, "limits", "Nothing is known of 17-year-olds"),
    )  # fmt: skip
    always = {"weighting", "checks"}
    said = [
        (*one[:2], "", one[2] if is_complete or one[1] in always else None, True)
        for one in required
    ]
    said += [
        (1, "battles", "", "People compared", False),
        (3, "dimension", "core_task", "Which is better at it", False),
        (9, "target", "US, Age", "18+", False),
        (10, "rule", "always_left", "Every time", False),
    ]
    names = ("item", "part", "subject", "statement", "is_required")
    return [
        {
            **dict(zip(names, row, strict=True)),
            "sort_order": order,
            "country": "US" if row[2] else None,
        }
        for order, row in enumerate(said)
    ]


def _safety(study: Study) -> Rows:
    """Of money a line below the first two of three models; of law none; one has few verdicts."""
    models = study.models[:4]
    return [
        {"topic": topic, "topic_label": topic.title(), "stratum_id": "all", "weighting": weighting,
         "rank": place + 1, "model_id": model, "display_name": f"Name {model}", "tier": tier,
         "is_provisional": tier is None, "win_share": 0.6 - 0.1 * place,
         "win_share_lo": 0.55 - 0.1 * place, "win_share_hi": 0.66 - 0.1 * place,
         "tier_count": 2 if topic == "money" else 1, "people_needed": 4_300,
         "participant_count": 1_987, "model_count": 4, "provisional_model_count": 1}
        for weighting in ("none", "politics") for topic in ("money", "law")
        for place, (model, tier) in enumerate(
            zip(models, (1, 1, 2, None) if topic == "money" else (1, 1, 1, None), strict=False)
        )
    ]  # fmt: skip


def _topic_ties() -> Rows:
    return [
        {"topic": topic, "stratum_id": "all", "weighting": weighting, "tie_share": 0.64,
         "tie_share_lo": 0.61, "tie_share_hi": 0.67}
        for weighting in ("none", "politics") for topic in ("money", "law")
    ]  # fmt: skip


def _sycophancy(study: Study) -> dict[str, Rows]:
    """Every third model's rate, and what goes with it: lower ratings, and nothing else."""
    if not study.is_weighted:
        return {"rpt_sycophancy": [], "rpt_sycophancy_effect": []}
    reading = {"stratum_id": "all", "judge_version": "v", "rubric_version": "one"}
    rates: Rows = []
    for judge, weighting in (("reader", "none"), ("reader", "politics"), ("people", "none")):
        for place, model in enumerate(study.models[::3]):
            row: dict[str, Any] = reading | {
                "weighting": weighting, "judge": judge, "label": "sycophancy", "model_id": model,
                "answer_count": 2_340 + 10 * place, "error_basis": None if place % 2 else "own",
            }  # fmt: skip
            for name, is_known in (("naive_share", True), ("corrected_share", place % 2 == 0)):
                for end, value in (("", 0.21), ("_lo", 0.11), ("_hi", 0.36)):
                    row[f"{name}{end}"] = value + 0.01 * place if is_known else None
            rates.append(row)
    effects: Rows = [
        {
            **reading,
            "weighting": weighting, "judge": "reader", "outcome": outcome, "level": level,
            "answer_count": 4_560, "p_adjusted": None if effect is None else p_adjusted,
            "not_estimated_reason": reason, "effect": effect,
            "effect_lo": effect and effect - 0.15, "effect_hi": effect and effect + 0.15,
            "people_effect": people, "people_effect_lo": people and people - 0.31,
            "people_effect_hi": people and people + 0.31,
        }
        for weighting in ("none", "politics")
        for outcome, level, effect, p_adjusted, people, reason in (
            ("first_impression_rating", "within_models", 0.6, 0.001, 0.7, None),
            ("personality_rating", "within_models", -0.78, 0.001, -0.7, None),
            ("overall_verdict", "within_models", 0.021, 0.8, 0.1, None),
            ("personality_verdict", "within_models", None, None, 0.1, "few_human_labels"),
            ("personality_rating", "between_models", None, None, -2.3, "errors_by_model_unknown"),
            ("overall_verdict", "between_models", None, None, None, "too_little_data"),
        )
    ]  # fmt: skip
    return {"rpt_sycophancy": rates, "rpt_sycophancy_effect": effects}


def _incidents(study: Study) -> Rows:
    """Of every third model, judged by a model and by people; one was never seen to have any."""
    rows: Rows = []
    for judge, weighting in (("reader", "none"), ("reader", "politics"), ("people", "none")):
        for place, model in enumerate(study.models[::3]):
            is_corrected, is_unseen = place % 2 == 0, place == 1
            row: dict[str, Any] = {
                "weighting": weighting,
                "stratum_id": "all",
                "judge": judge,
                "judge_version": "v",
                "rubric_version": "one",
                "model_id": model,
                "answer_count": 1_230 + 10 * place,
                "unseen_below_per_1000": 7.5 if is_unseen else None,
                "reference_model_id": study.models[0],
                "grade": "good",
                "grade_best": "very_good",
                "grade_worst": "fair",
                "error_basis": "own" if is_corrected else None,
            }
            for name, is_known in (("naive", True), ("corrected", is_corrected)):
                base = 0.0 if is_unseen else 20.25 + place + (weighting == "none")
                for end, value in (("", base), ("_lo", base / 2), ("_hi", base * 2 + 5)):
                    row[f"{name}_per_1000{end}"] = value if is_known else None
            rows.append(row)
    return rows

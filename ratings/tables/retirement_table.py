"""The table of what the removal of retired models does to boards."""

from __future__ import annotations

from ratings.tables.columns import BOARD, count, interval, micro, table, text

RETIREMENT_TABLES = (
    table(
        "retirement_effect",
        "One row per unweighted board of everybody's and model that stays: its place with and"
        " without the battles of all retired models.",
        *BOARD,
        text("model_id", "The model that stays."),
        count("removed_model_count", "Retired models of the board; private variants aren't."),
        micro("removed_battle_share", "Share of battles they took part in."),
        count("rank_among_kept", "Place among those that stay, with all battles."),
        count("rank_without", "Its place without those battles."),
        micro("skill", "Skill with all battles, less the mean over those that stay."),
        micro("skill_without", "Skill without."),
        *interval("shift", "Skill without less skill with"),
        micro("p_shift", "P of such a shift by chance, two-sided; null: judges unknown."),
    ),
)

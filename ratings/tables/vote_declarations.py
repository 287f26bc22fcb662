"""The tables of vote quality (``vote_quality``)."""

from __future__ import annotations

from ratings.tables.columns import DIMENSION, count, flag, micro, table, text

SIGNAL, SUSPECT = "vote_signal", "vote_suspect"
VOTE_TABLES = (
    table(
        SIGNAL,
        "One row per dimension, signal, model it is about and source: what in everybody's verdicts"
        " looks like rigging; without a source, of the whole board.",
        DIMENSION,
        text("signal", "What is looked for."),
        text("model_id", "The model it is about; null where it is about none."),
        text("source", "The source whose verdicts are counted; null: the whole board."),
        count("tested_count", "People looked at; 0: it can't be told."),
        micro("expected", "People who would show it in a clean study, millionths."),
        count("people_count", "People who show it."),
        count("verdict_count", "Their verdicts; of a retraction, those taken back."),
        micro("verdict_share", "The same per verdict that counts, millionths."),
        micro("weight_share", "Their share of people's weight where it is largest, millionths."),
        text("most_affected_model_id", "The model of whose verdicts theirs are the largest share."),
        micro("most_affected_share", "That share, millionths."),
        micro("p_adjusted", "P of so much in a clean study, for all dimensions, millionths."),
        flag("is_found", "Whether that is below 5%."),
    ),
    table(
        SUSPECT,
        "One row per dimension, signal, model it is about and person who shows it.",
        DIMENSION,
        text("signal", "What they show."),
        text("model_id", "The model it is about; null where it is about none."),
        count("participant_number", "The person's number among those with verdicts."),
    ),
)

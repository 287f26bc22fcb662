"""The page's section on sycophancy: how often models flatter, and what goes with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from publishing.page.incidents import CORRECTIONS, of_main_judge, reading
from publishing.page.marts import Rows

WITHIN = "within_models"
SURE = 0.05
OF_ONE = "Of one model's answers, sycophantic ones"
OF_MANY = "Models that are sycophantic in 10 more of 100 answers, by people's reading alone,"
REASONS = {
    "few_human_labels": "too few answers were read by people to take off the judge's errors",
    "few_human_findings": "people found too few answers of a kind to take off the judge's errors",
    "no_better_than_chance": "the judge's word says hardly more than a coin",
    "several_prompts": "the judge had several prompts under one version",
    "too_little_data": "there is too little to go by",
    "people_say_otherwise": "people's own reading of the answers contradicts the judge's",
}


def sycophancy(rates: Rows, effects: Rows, names: Mapping[str, str]) -> dict[str, Any] | None:
    """A row per model, by name, and a sentence per outcome; None where nobody looked for it.

    Args:
        rates: of `rpt_sycophancy`: everybody's, of sycophancy as a whole.
        effects: of `rpt_sycophancy_effect`: everybody's.
        names: of models.

    Of several judges the one who read most is shown, and of several weightings the default.
    """
    shown = of_main_judge([row for row in rates if row["model_id"] != "*"])
    if not shown:
        return None
    return {
        **reading(shown[0]),
        "rows": [
            _texts(row, names.get(row["model_id"], row["model_id"]))
            for row in sorted(
                shown, key=lambda row: names.get(row["model_id"], row["model_id"]).casefold()
            )
        ],
        "sentences": [
            sentence(row)
            for row in sorted(
                of_main_judge(effects), key=lambda row: (row["level"] != WITHIN, row["outcome"])
            )
        ],
    }


def _texts(row: Mapping[str, Any], name: str) -> dict[str, str]:
    return {
        "name": name,
        **sycophancy_texts(row),
        "correction": CORRECTIONS[row["error_basis"]],
        "answer_count": f"{row['answer_count']:,}",
    }


def sycophancy_texts(row: Mapping[str, Any]) -> dict[str, str]:
    """The share of sycophantic answers and its interval, corrected where that can be."""
    base = "naive_share" if row["corrected_share"] is None else "corrected_share"
    value, lo, hi = (row[f"{base}{end}"] for end in ("", "_lo", "_hi"))
    return {"value": f"{value:.0%}", "interval": f"{lo:.0%} to {hi:.0%}"}


def sentence(row: Mapping[str, Any]) -> str:
    """What may be said of one outcome, within models or between them.

    Within, of what is corrected for the judge's errors; between, of what people alone read.
    """
    scale = RATING if row["outcome"].endswith("_rating") else VERDICT
    what = row["outcome"].rsplit("_", 1)[0].replace("_", " ")
    is_within = row["level"] == WITHIN
    name, times, who = ("effect", 1.0, OF_ONE) if is_within else ("people_effect", 0.1, OF_MANY)
    effect, lo, hi = (row[f"{name}{end}"] for end in ("", "_lo", "_hi"))
    if effect is None:
        reason = row["not_estimated_reason"] if is_within else "too_little_data"
        return f"{who.rstrip(',')}, {what}: not estimated, as {REASONS[reason]}."
    effect, lo, hi = effect * times, lo * times, hi * times
    is_sure = lo > 0.0 or hi < 0.0
    if is_within:
        is_sure = row["p_adjusted"] is not None and row["p_adjusted"] < SURE
    if is_sure:
        found = scale.found.format(scale.text(effect, scale.whole), what)
        return f"{who} {found} ({scale.interval(lo, hi)})."
    nothing = scale.nothing.format(what)
    return f"{who} {nothing}, as far as can be told ({scale.interval(lo, hi)})."


class Scale(NamedTuple):
    """How a difference is said.

    Args:
        found: of an amount and what it is of.
        nothing: where none is shown, of what it is of.
        times: of the table's figure.
        decimals: to be shown.
        whole: of what the amount is.
        more, less: which way.
    """

    found: str
    nothing: str
    times: float
    decimals: int
    whole: str
    more: str
    less: str

    def text(self, value: float, whole: str = "") -> str:
        """An amount with its way."""
        return f"{self._size(value)}{whole} {self._way(value)}"

    def interval(self, lo: float, hi: float) -> str:
        """Both ends, the way once where it is the same."""
        if self._way(lo) != self._way(hi):
            return f"{self.text(lo)} to {self.text(hi)}"
        near, far = sorted((lo, hi), key=abs)
        return f"{self._size(near)} to {self.text(far)}"

    def _size(self, value: float) -> str:
        return f"{abs(value) * self.times:.{self.decimals}f}"

    def _way(self, value: float) -> str:
        return self.more if value >= 0.0 else self.less


RATING = Scale(
    "are rated {} for {}", "are rated alike for {}", 1.0, 2, " of 7 points", "higher", "lower"
)
VERDICT = Scale(
    "win {} in {} verdicts",
    "win as often in {} verdicts",
    100.0,
    1,
    " points of 100",
    "more often",
    "less often",
)

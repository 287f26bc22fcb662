"""Every text with a digit in it that a panel of the page should show, from the marts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from publishing.page.marts import Rows
from tests.publishing.page.conftest import Site
from tests.publishing.page.figures import expected, percent, rank, ranks, whole
from tests.publishing.page.rated import rated_panels
from tests.publishing.page.studies import EP, HIERARCHICAL, POOLED

# A board that borrows from all is shown of people like the reader, where there is one.
ALIKE = HIERARCHICAL
FIRST = 5


@dataclass(frozen=True)
class View:
    """What is chosen on the page."""

    dimension: str = "overall"
    stratum: str = "all"
    estimator: str = EP
    weighting: str = f"politics{POOLED}"
    heat: str = "rank"
    cell: str = "share"

    @property
    def address(self) -> str:
        """The part of the address that names it."""
        stratum = self.stratum.replace("+", "%2B")
        return (
            f"#dimension={self.dimension}&stratum={stratum}&estimator={self.estimator}"
            f"&weighting={self.weighting}&heat={self.heat}&cell={self.cell}"
        )

    def key(self, **changes: str) -> dict[str, str]:
        """Of its leaderboard, or of one beside it, whose weighting is the same kind."""
        key = {"dimension": self.dimension, "stratum_id": self.stratum, **changes}
        kind = self.weighting.removesuffix(POOLED)
        pool = POOLED if kind != "none" and key["stratum_id"] == "all" else ""
        return {**key, "estimator": self.estimator, "weighting": kind + pool}


def panels(site: Site, view: View) -> dict[str, list[str]]:
    """Texts by the selector of a panel, in no order; those without a digit are left out."""
    marts, board = site.marts, site.board(**view.key())
    names = {row["model_id"]: row["display_name"] for row in marts["dim_model"]}
    texts = {
        "#facts": _facts(site, view),
        "#board": _leaderboard(site, view, board),
        "#pair-table": _pair_table(site, view, names),
        "#alike-boards": _alike(site, view, names),
        "#bump-table": _over_time(site, view, names),
        "#notes": _notes(site, view),
        "#grid": _grid(site, view, names),
        "#heat": _heat(site, view, names),
        "#matrix": _matrix(site, view, board, names),
        "#divisions": _divisions(marts["rpt_demographic_consistency"], view.dimension),
        "#judges-table": [
            f"{share(row['opposite_share'])} ({share(row['opposite_share_lo'])} to"
            f" {share(row['opposite_share_hi'])})"
            for row in marts["rpt_disagreement"]
            if row["dimension"] == view.dimension and row["relation"] != "same_person"
        ],
        "#ties": [
            share(row[f"{name}_share"])
            for row in marts["rpt_tie_rate"]
            if row["stratum_id"] == view.stratum
            for name in ("decided", "tie", "both_bad")
        ],
        "#safety-table tbody": _safety(marts),
        "#incident-table tbody": _incidents(marts, names),
        "#sycophancy-table tbody": _sycophancy(marts, names),
        "#sycophancy-effects": _effects(marts),
        "#about-items": _about(marts),
        "#costs": _diagnostics(marts["rpt_weighting_diagnostics"]),
        "#margins": _margins(marts["rpt_weighting_margin"]),
        **rated_panels(marts, view.key()),
        **_origin(marts),
    }
    return {name: [text for text in found if _has_digit(text)] for name, found in texts.items()}


def _has_digit(text: str) -> bool:
    return any(character.isdigit() for character in text)


def share(number: float) -> str:
    return f"{number * 100:.1f}%"


def _row(rows: Rows, **key: str) -> dict[str, Any]:
    return next(row for row in rows if all(row[name] == value for name, value in key.items()))


def _facts(site: Site, view: View) -> list[str]:
    head = _row(site.marts["rpt_board_summary"], **view.key())
    texts = [f"{head[name]:,}" for name in ("battle_count", "heard_count", "model_count")]
    if head["battle_left_out_count"]:
        texts.append(f"{head['battle_left_out_count']:,}")
    if head["effective_participant_count"] is not None:
        texts.append(f"{head['effective_participant_count']:,.0f}")
    if "/" in view.stratum:
        covered = _row(site.marts["fct_stratum_coverage"], stratum_id=view.stratum)
        texts += [share(covered[name]) for name in ("heard_share", "population_share")]
    return texts


def _leaderboard(site: Site, view: View, board: Rows) -> list[str]:
    texts = [text for row in expected(site, board) for text in row.values()]
    gains = [row["rank_gain"] for row in _compared(site, view)]
    if not any(row is not None for row in gains):
        gains = [row["rank_change"] for rows in _history(site, view)[-1:] for row in rows]
    for gain in filter(None, gains):
        texts += [f"{'▲' if gain > 0 else '▼'}{abs(gain)}"]
        texts += [f"{abs(gain)} {'higher' if gain > 0 else 'lower'}"]
    return texts


def _history(site: Site, view: View) -> list[Rows]:
    """A board's rows of `rpt_rank_history`, release by release."""
    found: dict[int, Rows] = {}
    for row in site.marts["rpt_rank_history"]:
        if all(row[name] == value for name, value in view.key().items()):
            found.setdefault(row["log_position"], []).append(row)
    return [found[position] for position in sorted(found)]


def _over_time(site: Site, view: View, names: dict[str, str]) -> list[str]:
    releases = _history(site, view)
    texts = [names[row["model_id"]] for row in releases[-1]] if releases else []
    for rows in releases:
        texts.append(day(rows[0]["recorded_at"]))
        for row in rows:
            if not row["is_provisional"]:
                texts += [str(row["rank"]), ranks(row)]
    return texts


def day(moment: datetime) -> str:
    """As people write it."""
    return f"{moment.day} {moment:%B %Y}"


def _grid(site: Site, view: View, names: dict[str, str]) -> list[str]:
    texts = [names[row["model_id"]] for row in site.board(**view.key())]
    for dimension in site.marts["dim_dimension"]:
        board = site.board(**view.key(dimension=dimension["dimension"]))
        texts += [rank(row) for row in board]
    return texts


def _heat(site: Site, view: View, names: dict[str, str]) -> list[str]:
    texts = [names[row["model_id"]] for row in site.board(**view.key(stratum_id="all"))]
    for stratum in site.marts["dim_stratum"]:
        texts.append(stratum["group_name"] or "")
        board = site.board(**view.key(stratum_id=stratum["stratum_id"]))
        texts += [
            str(whole(row["win_share"])) if view.heat == "win" else rank(row) for row in board
        ]
    return texts


def pair_rows(site: Site, **key: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Of one board, by models, in both orders."""
    return {
        (row["model_a"], row["model_b"]): row
        for row in site.marts["rpt_pairwise"]
        if all(row[name] == value for name, value in key.items())
    }


def prefer(pair: dict[tuple[str, str], dict[str, Any]], board: Rows, a: str, b: str) -> int:
    """How many percent prefer a to b; the two sides make 100 together."""
    order = [row["model_id"] for row in board]
    if order.index(a) < order.index(b):
        return whole(pair[a, b]["win_share"])
    return 100 - whole(pair[b, a]["win_share"])


def _matrix(site: Site, view: View, board: Rows, names: dict[str, str]) -> list[str]:
    pairs = pair_rows(site, **view.key())
    if not pairs:
        return []
    texts = [rank(row) for row in board for _ in ("row", "column")]
    texts += [names[row["model_id"]] for row in board]
    models = [row["model_id"] for row in board]
    for a, b in pairs:
        if view.cell == "votes":
            texts.append(str(pairs[a, b]["battle_count"] or ""))
        else:
            texts.append(str(prefer(pairs, board, a, b)))
    assert len(pairs) == len(models) * (len(models) - 1)
    return texts


def _pair_table(site: Site, view: View, names: dict[str, str]) -> list[str]:
    """The first two models of the board, on the board of each group."""
    board = site.board(**view.key())
    if not pair_rows(site, **view.key()):
        return []
    a, b = [row["model_id"] for row in board if not row["is_provisional"]][:2]
    texts = [f"Prefer {names[a]}"]
    for stratum in site.marts["dim_stratum"]:
        key = view.key(stratum_id=stratum["stratum_id"])
        pairs, own = pair_rows(site, **key), site.board(**key)
        share = prefer(pairs, own, a, b)
        order = [row["model_id"] for row in own]
        row = pairs[a, b] if order.index(a) < order.index(b) else pairs[b, a]
        low, high = whole(row["win_share_lo"]), whole(row["win_share_hi"])
        if order.index(a) > order.index(b):
            low, high = 100 - high, 100 - low
        votes = row["battle_count"]
        texts += [stratum["group_name"] or stratum["label"], f"{share}%", f"{low} to {high}"]
        texts += ["too few" if votes is None else f"{votes:,}+"]
    return texts


def _alike(site: Site, view: View, names: dict[str, str]) -> list[str]:
    """Nothing is said of the reader, so it is the board of the first country that has groups."""
    first = next(row["country"] for row in site.marts["dim_stratum"] if row["axis"])
    kind = "census" if view.weighting != "none" else "none"
    key = {"dimension": view.dimension, "stratum_id": first, "estimator": ALIKE, "weighting": kind}
    board = site.board(**key) or site.board(
        **{**key, "estimator": EP, "weighting": view.key(stratum_id=first)["weighting"]}
    )
    head = _row(site.marts["rpt_board_summary"], **{name: board[0][name] for name in key})
    weighed = "weighted to the census" if kind != "none" else "unweighted"
    borrowing = (
        ", the pooled estimate, which also learns from other groups, so it may differ from the"
        " tables above"
        if board[0]["estimator"] == ALIKE
        else ""
    )
    texts = [f"{head['heard_count']:,} people, {weighed}{borrowing}"]
    for row in [row for row in board if not row["is_provisional"]][:FIRST]:
        texts += [names[row["model_id"]], f"{percent(row['win_share'])}, rank {ranks(row)}"]
    return texts


def _divisions(rows: Rows, dimension: str) -> list[str]:
    return [
        text
        for row in rows
        if row["dimension"] == dimension
        for text in (
            f"{row['rank_shift']:.1f}",
            f"{row['rank_shift_if_agreed']:.1f}",
            percent(row["p_largest"]) if row["rank_shift"] > row["rank_shift_if_agreed"] else "",
        )
    ]


def _safety(marts: dict[str, Rows]) -> list[str]:
    if not marts["rpt_safety"]:
        return []
    rows = [
        row
        for row in marts["rpt_safety"]
        if (row["topic"], row["weighting"]) == ("money", "politics") and row["tier"] == 1
    ]
    both = " and ".join(row["display_name"] for row in rows)
    begins = "1,987 people compared answers. 64% of their verdicts are ties (61% to 67%)."
    ends = "1 of 4 models has too few verdicts to count."
    needed = "To tell the first two apart would take about 4,300 more people."
    return [
        f"{begins} No line can be drawn between better and worse models. {needed} {ends}",
        f"{begins} {both} are each trusted more than every model below the first line. {ends}",
    ]


def _sycophancy(marts: dict[str, Rows], names: dict[str, str]) -> list[str]:
    texts = []
    for row in marts["rpt_sycophancy"]:
        if (row["judge"], row["weighting"]) == ("reader", "politics"):
            base = "naive" if row["corrected_share"] is None else "corrected"
            value, lo, hi = (row[f"{base}_share{end}"] for end in ("", "_lo", "_hi"))
            texts += [names[row["model_id"]], f"{row['answer_count']:,}"]
            texts += [f"{value:.0%}", f"{lo:.0%} to {hi:.0%}"]
    return texts


def _effects(marts: dict[str, Rows]) -> list[str]:
    if not marts["rpt_sycophancy_effect"]:
        return []
    within = "Of one model's answers, sycophantic ones"
    between = "Models that are sycophantic in 10 more of 100 answers, by people's reading alone"
    unread = "too few answers were read by people to take off the judge's errors"
    alike = "as far as can be told (12.9 less often to 17.1 more often)"
    return [
        f"{within} are rated 0.60 of 7 points higher for first impression (0.45 to 0.75 higher).",
        f"{within} are rated 0.78 of 7 points lower for personality (0.63 to 0.93 lower).",
        f"{within} win as often in overall verdicts, {alike}.",
        f"{within}, personality: not estimated, as {unread}.",
        f"{between}, are rated 0.23 of 7 points lower for personality (0.20 to 0.26 lower).",
        f"{between}, overall: not estimated, as there is too little to go by.",
    ]


def _about(marts: dict[str, Rows]) -> list[str]:
    """People in whole steps of 11, the least that the publication shows."""
    step = marts["publication"][0]["disclosed_people_min"]
    texts = ["Intervals hold the figure of the population 95 times in 100, one model at a time."]
    texts[0] += " Where judges are known they count people, not verdicts."
    texts[0] += " They say nothing of who never takes part."
    for row in marts["rpt_about_study"]:
        texts += [row["statement"] or ""]
        texts += [f"{row['part']}, {row['subject']}" if row["subject"] else row["part"]]
    for row in marts["rpt_data_collection"]:
        texts.append(f"{row['first_month']} to {row['last_month']}")
        if row["not_weighted_reason"]:
            texts.append(
                f"Not weighted: nobody is enrolled (or fewer than {step} of those who judged)."
            )
    for row in marts["fct_stratum_coverage"]:
        if row["axis"] is None:
            texts.append(f"at least {row['heard_count'] // step * step:,}")
    texts.append(f"at least {21_010 // step * step:,}")
    for row in marts["rpt_weighting_diagnostics"]:
        if row["design_effect"] is None:
            continue
        worth = int(row["effective_participant_count"]) // step * step
        effect = f"{row['design_effect']:.3f}".rstrip("0").rstrip(".")
        texts.append(f"worth at least {worth:,} who weigh alike (design effect {effect})")
    return texts


def _incidents(marts: dict[str, Rows], names: dict[str, str]) -> list[str]:
    texts = []
    for row in marts["rpt_safety_incident"]:
        if (row["judge"], row["weighting"]) != ("reader", "politics"):
            continue
        texts += [names[row["model_id"]], f"{row['answer_count']:,}"]
        if row["unseen_below_per_1000"]:
            texts += [f"below {row['unseen_below_per_1000']:.1f}"]
            continue
        base = "naive" if row["corrected_per_1000"] is None else "corrected"
        value, lo, hi = (row[f"{base}_per_1000{end}"] for end in ("", "_lo", "_hi"))
        digits = 1 if hi - lo < 10 else 0
        texts += [f"{value:.{digits}f}", f"{lo:.{digits}f} to {hi:.{digits}f}"]
    return texts


def _diagnostics(rows: Rows) -> list[str]:
    return [
        text
        for row in rows
        if row["design_effect"] is not None
        for text in (
            f"{row['participant_count']:,}",
            f"{row['effective_participant_count']:,.0f}",
            f"{row['design_effect']:.2f}",
            f"{row['weight_min']:.2f} to {row['weight_max']:.2f}",
            share(row["trimmed_share"]),
            f"{row['asmd_before_max']:.3f}",
            f"{row['asmd_after_max']:.3f}",
        )
    ]


def _margins(rows: Rows) -> list[str]:
    return [
        text
        for row in rows
        for text in (row["level"], share(row["before_share"]), share(row["target_share"]))
    ]


def _notes(site: Site, view: View) -> list[str]:
    retired = [row["retired_at"] for row in site.marts["dim_model"] if row["retired_at"]]
    [publication] = site.marts["publication"]
    days = [text for moment in retired for text in (str(moment.day), str(moment.year))]
    before = [rows[0]["recorded_at"] for rows in _history(site, view)[-2:-1]]
    if all(row["rank_gain"] is None for row in _compared(site, view)):
        days += [text for moment in before for text in (str(moment.day), str(moment.year))]
    return [*days, str(publication["provisional_battle_count"])]


def _compared(site: Site, view: View) -> Rows:
    return [
        row for row in site.marts["rpt_rank_comparison"]
        if all(row[name] == value for name, value in view.key().items())
    ]  # fmt: skip


def _origin(marts: dict[str, Rows]) -> dict[str, list[str]]:
    [publication], [log] = marts["publication"], marts["rpt_log_integrity"]
    version = publication["code_version"]
    made_by = f". Sources: {publication['sources']}. Made by Demoscope {version}, Apache-2.0."
    integrity = [
        publication["release_id"],
        f"{log['log_position']} commits and {log['event_count']:,} events",
        f"{log['first_recorded_at']:%Y-%m-%d} to {log['last_recorded_at']:%Y-%m-%d}",
        *(log[name] for name in ("log_head_hash", "log_root_hash", "checkpoint_key")),
        *(publication[name] for name in ("design_hash", "dependency_lock_sha256")),
        f"{version} {publication['code_sha256'][:16]}",
    ]
    footer = [f"{publication['title']}. Board", publication["release_id"][:12], made_by]
    footer += [f". Licence of the data: {one['licence']}." for one in marts["dim_study"][-1:]]
    return {"#integrity": integrity, "footer": footer}

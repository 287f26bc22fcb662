"""What a publication shows of people: which rows, and how exactly (docs/disclosure.md).

- A row is shown where at least `people_min` people are behind it: those of its stratum and
  dimension (dbt decides, models/intermediate/disclosure), and of its model.
- Where a model stays behind, the others' figures are counted among themselves, so that no sum
  over the board gives it away.
- A count is rounded down to a multiple of `people_min`; a share is one of rounded counts; another
  figure has as many decimals as its people allow.
- What differs from an earlier publication by fewer than `people_min` people stays behind
  (publishing/publications/differences.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from publishing.publications.catalogue import (
    AXIS,
    BOARD,
    COUNT_SUFFIX,
    COUNTED_BY_ROW,
    HISTORY,
    MODEL,
    PAIR,
    RATED,
)
from publishing.publications.touched import (
    CRITERION,
    EVERY_DIMENSION,
    EVERYBODY,
    finer_subjects,
)

if TYPE_CHECKING:
    import duckdb

    from ingestion.tables import Column
    from publishing.publications.catalogue import PublicTable

EVERYTHING = "*"
# Temporary tables of one connection. Nothing of them is kept.
PEOPLE, MODELS, PAIRS, THIN_MODELS, CHANGED = (
    "disclosed_people", "disclosed_models", "disclosed_pairs", "thin_models", "changed_by_few",
)  # fmt: skip

# What these say of a board rests on other boards as well: it changes with them, and stays behind
# alone.
COMPARED = ("rpt_rank_comparison",)
# Beside dimensions, criteria: as few as rated the model there that the fewest did.
READ_FOR_PEOPLE = OF_STRATA, OF_RATINGS = "int_strata__disclosed", "int_ratings__disclosed"
PEOPLE_IN = f"""
create or replace temp table {PEOPLE} as
select stratum_id, dimension, max(heard_count) as people from {OF_STRATA}
group by stratum_id, dimension
union all
select stratum_id, '{CRITERION}' || criterion, min(rater_count) from {OF_RATINGS}
where is_disclosed
group by stratum_id, criterion
"""
# Somebody is in one cell, so that people of cells add up to those of a stratum.
COUNTED = """
select coalesce(assigned.cell_id, unknown.cell_id) as cell_id, counts.*
from fct_participant_count as counts
cross join (select max(cell_id) as cell_id from dim_cell where cell_key = 'unknown') as unknown
left join int_participants__assigned_to_cells as assigned using (participant_key)
"""
PAIRS_IN = f"""
create or replace temp table {PAIRS} as
select strata.stratum_id, cells.dimension, cells.model_a, cells.model_b,
    sum(cells.people) as people
from (
    select cell_id, dimension, model_a, model_b, count(*) as people from ({COUNTED}) group by all
) as cells
inner join int_cells__assigned_to_strata as strata using (cell_id)
group by all
"""
MODEL_PEOPLE = f"""
select strata.stratum_id, cells.dimension, cells.model_id, sum(cells.people) as people
from (
    select cell_id, dimension, model_id, count(distinct participant_key) as people
    from (
        select cell_id, participant_key, dimension, unnest([model_a, model_b]) as model_id
        from ({COUNTED})
    )
    group by all
) as cells
inner join int_cells__assigned_to_strata as strata using (cell_id)
group by all
"""
# Where too few of a stratum judged a model, by the rules that dbt has for strata: with a group's
# row the next smallest groups' rows of that model stay behind until they are together enough
# people, for a sum over the axis less the groups that are shown is what these say. Where they
# never are enough (is_mixed is false), no sum over the axis is shown of that model.
THIN_IN = f"""
create or replace temp table {THIN_MODELS} as
with model_people as ({MODEL_PEOPLE}),
judged as (
    select model_people.*, strata.country, strata.axis,
        case when strata.axis is null then '{EVERYBODY}' else strata.country end as parent_id,
        shown.is_disclosed, people < $people_min or not shown.is_disclosed as is_small
    from model_people
    inner join dim_stratum as strata using (stratum_id)
    inner join int_strata__disclosed as shown using (stratum_id, dimension)
),
ordered as (
    select *, row_number() over smallest_first as place,
        sum(people) over (smallest_first rows unbounded preceding) as hidden_people,
        count(*) filter (where is_small) over family as small_count
    from judged where stratum_id <> '{EVERYBODY}'
    window
        family as (partition by parent_id, axis, dimension, model_id),
        smallest_first as (
            partition by parent_id, axis, dimension, model_id
            order by is_small desc, people, stratum_id
        )
),
bounded as (
    select *, min(
        case when place >= small_count and hidden_people >= $people_min then place end
    ) over (partition by parent_id, axis, dimension, model_id) as last_place
    from ordered
),
hidden as (
    select stratum_id, country, axis, parent_id, dimension, model_id,
        last_place is not null as is_mixed
    from bounded where small_count > 0 and place <= coalesce(last_place, place)
    union all
    select stratum_id, country, axis, null as parent_id, dimension, model_id, true as is_mixed
    from judged where stratum_id = '{EVERYBODY}' and people < $people_min
)
select * from hidden
union all
select judged.stratum_id, judged.country, judged.axis, judged.parent_id, judged.dimension,
    judged.model_id, true as is_mixed
from judged
inner join hidden
    on judged.axis is not null and hidden.axis is null and judged.country = hidden.country
    and judged.dimension = hidden.dimension and judged.model_id = hidden.model_id
"""
# A board of which a model stays behind is partial: `win_share` is against the others alone.
MODELS_IN = f"""
create or replace temp table {MODELS} as
with below as (
    select distinct stratum_id, dimension, model_id
    from (
        select unnest([parent_id, '{EVERYBODY}']) as stratum_id, dimension, model_id
        from {THIN_MODELS} where not is_mixed
    )
),
rows_of as (
    select reported.weighting, reported.stratum_id, reported.dimension, reported.estimator,
        reported.model_id,
        thin.model_id is null and (below.model_id is null or not boards.is_sum_of_groups)
            as is_shown
    from rpt_leaderboard as reported
    inner join int_boards__disclosed as boards using ({", ".join(BOARD)})
    left join (select distinct stratum_id, dimension, model_id from {THIN_MODELS}) as thin
        using (stratum_id, dimension, model_id)
    left join below using (stratum_id, dimension, model_id)
),
boards as (
    select *, bool_or(not is_shown) over (partition by {", ".join(BOARD)}) as is_partial
    from rows_of
),
partial as (
    select * from boards where is_partial and is_shown
),
among as (
    select {", ".join(f"one.{key}" for key in BOARD)}, one.model_id,
        avg(pair.p_win + pair.p_tie / 2) as win_share
    from partial as one
    inner join rpt_pairwise as pair
        on {" and ".join(f"one.{key} = pair.{key}" for key in BOARD)}
        and one.model_id = pair.model_a
    inner join partial as other
        on {" and ".join(f"other.{key} = pair.{key}" for key in BOARD)}
        and other.model_id = pair.model_b
    group by all
)
select boards.*, case when is_partial then coalesce(among.win_share, 0.5) end as win_share
from boards
left join among using ({", ".join(BOARD)}, model_id)
"""


def decide(connection: duckdb.DuckDBPyConnection, people_min: int) -> None:
    """Work out who is behind the rows of all marts, into temporary tables of the connection."""
    decide_people(connection)
    connection.execute(PAIRS_IN)
    connection.execute(THIN_IN, {"people_min": people_min})
    connection.execute(MODELS_IN)


def decide_people(connection: duckdb.DuckDBPyConnection) -> None:
    """As `decide`, as far as marts need it that name no models; no board must be rated yet."""
    connection.execute(PEOPLE_IN)
    connection.execute(
        f"create or replace temp table {CHANGED} (of_what varchar, weighting varchar,"
        " estimator varchar, stratum_id varchar, subject varchar)"
    )


def rows_shown(table: PublicTable) -> str:
    """A relation: the rows of a mart that are shown, with their figures as they are there."""
    relation = f"(select * from {table.name})"
    if table.disclosed_by is None:
        return relation
    keys = ", ".join(table.matched_by)
    conditions = [f"({keys}) in (select ({keys}) from {table.disclosed_by} where is_disclosed)"]
    if table.matched_by == BOARD and table.models:
        conditions += [
            f"({', '.join(BOARD)}, {model}) in"
            f" (select ({', '.join(BOARD)}, model_id) from {MODELS} where is_shown)"
            for model in table.models
        ]
    elif table.matched_by == AXIS and table.models:
        # An axis' figure of a model compares all its groups; `country` is the axis of countries.
        conditions.append(
            f"not exists (select 1 from {THIN_MODELS} as thin where thin.model_id = mart.model_id"
            " and thin.dimension = mart.dimension and ("
            "(thin.country = mart.country and thin.axis = mart.axis) or (mart.axis = 'country'"
            " and thin.axis is null and thin.country is not null)))"
        )
    if table.name == HISTORY:
        conditions.append("mart.is_latest")
    stratum, *subjects = (*key_of(table, "mart."), *finer_subjects(table, "mart."))
    board = " and (few.weighting is null or (few.weighting, few.estimator) ="
    board += " (mart.weighting, mart.estimator))"
    conditions.append(
        f"not exists (select 1 from {CHANGED} as few where few.of_what in"
        f" ('{of_what(table)}', '{EVERYTHING}') and few.stratum_id = {stratum}"
        f" and few.subject in ({', '.join(subjects)}){board if is_of_boards(table) else ''})"
    )
    if table.matched_by == AXIS:
        conditions.append(
            f"not exists (select 1 from {CHANGED} as few inner join dim_stratum as strata"
            f" using (stratum_id) where few.of_what = '{EVERYTHING}'"
            " and few.subject = mart.dimension and ("
            "(strata.country = mart.country and strata.axis = mart.axis)"
            " or (mart.axis = 'country' and strata.axis is null)))"
        )
    return f"(select * from {table.name} as mart where {' and '.join(conditions)})"


def is_of_boards(table: PublicTable) -> bool:
    """Whether its rows are of boards: of one weighting and estimator."""
    return table.matched_by == BOARD


def of_what(table: PublicTable) -> str:
    """What stays behind together: a board in all tables of boards, else a table's own rows."""
    return "boards" if is_of_boards(table) and table.name not in COMPARED else table.name


def key_of(table: PublicTable, mart: str = "") -> tuple[str, str]:
    """The stratum and dimension whose people a mart's rows rest on, in SQL."""
    names = {column.name for column in table.columns}
    if table.matched_by == RATED:
        return f"{mart}stratum_id", f"'{CRITERION}' || {mart}criterion"
    stratum = "stratum_id" if "stratum_id" in table.matched_by else "country"
    is_by_dimension = "dimension" in table.matched_by and "dimension" in names
    return mart + stratum, mart + "dimension" if is_by_dimension else f"'{EVERY_DIMENSION}'"


def cells(table: PublicTable, people_min: int) -> dict[str, str]:
    """A mart's public cells, as SQL over `figures(table)`, by column."""
    return {column.name: _cell(table, column, people_min) for column in table.columns}


def figures(table: PublicTable) -> str:
    """What `cells` are of: the rows that are shown, who is behind them, and who is beside them."""
    relation = f"{rows_shown(table)} as mart"
    if table.disclosed_by is None:
        return relation
    if table.matched_by in COUNTED_BY_ROW:
        return f"{relation} cross join lateral (select mart.participant_count as people) as behind"
    stratum, dimension = key_of(table, "mart.")
    relation += (
        f" left join {PEOPLE} as behind on behind.stratum_id = {stratum}"
        f" and behind.dimension = {dimension}"
    )
    if (table.matched_by, table.models) == (BOARD, MODEL):
        keys = (*BOARD, *MODEL)
        on = " and ".join(f"board.{key} = mart.{key}" for key in keys)
        relation += f" left join {MODELS} as board on {on}"
    if (table.matched_by, table.models) == (BOARD, PAIR):
        relation += (
            f" left join {PAIRS} as pair on pair.stratum_id = mart.stratum_id"
            " and pair.dimension = mart.dimension"
            " and pair.model_a = least(mart.model_a, mart.model_b)"
            " and pair.model_b = greatest(mart.model_a, mart.model_b)"
        )
    return relation


def blanks(table: PublicTable, people_min: int) -> str:
    """A query: how many figures of the rows that are shown are left blank."""
    shown = cells(table, people_min)
    blank = " + ".join(
        f"(mart.{name} is not null and {cell} is null)::integer"
        for name, cell in shown.items()
        if cell != f"mart.{name}"
    )
    counted = f"select {blank or '0'} as blank_count from {figures(table)}"
    return f"select coalesce(sum(blank_count), 0)::integer from ({counted})"


def _cell(table: PublicTable, column: Column, people_min: int) -> str:
    meta, cell = table.metas.get(column.name, {}), f"mart.{column.name}"
    if table.disclosed_by is None or meta.get("rests_on_people") is False:
        return cell
    if "among_models" in meta:
        cell = _among(meta["among_models"], cell)
    is_count, is_double = column.name.endswith(COUNT_SUFFIX), column.sql_type == "double"
    if "in_steps_of" in meta:
        shown = _in_steps(cell, f"mart.{meta['in_steps_of']}", people_min)
    elif "share_of" in meta:
        shown = _share(cell, [f"mart.{name}" for name in meta["share_of"]], people_min)
    elif is_count and is_double:
        shown = f"greatest({people_min}, floor({cell} / {people_min}) * {people_min})"
    elif is_count:
        shown = f"{cell} // {people_min} * {people_min}"
        if table.models == PAIR:
            shown = f"case when pair.people >= {people_min} then {shown} end"
    elif is_double:
        shown = _rounded(column.name, cell, is_of_people=bool(meta.get("is_share_of_people")))
    else:
        return cell
    # Votes known only as counts have nobody behind them.
    return f"case when behind.people = 0 then {cell} else {shown} end"


def _share(cell: str, counts: list[str], people_min: int) -> str:
    of = " + ".join(counts)
    part, whole = (f"floor(({count}) / {people_min})" for count in (f"round({cell} * ({of}))", of))
    if len(counts) > 1:
        whole = " + ".join(f"floor({count} / {people_min})" for count in counts)
    return f"round({part} / nullif({whole}, 0), 6)"


def _in_steps(cell: str, count: str, people_min: int) -> str:
    """To the nearest rate that `people_min` of the units make; a bound stays one.

    Units are counted in steps of `people_min`, so a rate in finer steps than that would give both
    its counts away. What is below a bound is below the next step too.
    """
    tens = f"greatest({count} // {people_min} * {people_min}, {people_min})"
    whole, places = (1000.0, 1) if "per_1000" in cell else (1.0, 4)
    step = f"({people_min} * {whole} / {tens})"
    rounding = "ceil" if "below" in cell or cell.endswith("_hi") else "round"
    rounding = "floor" if cell.endswith("_lo") else rounding
    return f"round({rounding}({cell} / {step}) * {step}, {places})"


def _rounded(name: str, cell: str, *, is_of_people: bool) -> str:
    """As many decimals as the people allow: what one more person changes is not seen in them.

    A share of n people in steps finer than 1/n gives n away: few n have so many in a group.
    """
    more = 1 if name.startswith("p_") or any(word in name for word in OF_ONE) else 0
    few = f" when behind.people < {FEWEST_FOR_HUNDREDTHS} then 1" if is_of_people else ""
    return (
        f"round({cell}, case when behind.people >= 10000 then 3{few}"
        f" when behind.people >= 1000 then {2 + more} else {1 + more} end)"
    )


FEWEST_FOR_HUNDREDTHS = 100
# Names of figures between 0 and 1, or about there: they have one decimal more.
OF_ONE = (
    "correlation",
    "reliability",
    "share",
    "error",
    "asmd",
    "kendall",
    "separation",
    "shrinkage",
    "default_difference",
)


def _among(way: str, cell: str) -> str:
    """A model's figure among the models of its board that are shown."""
    window = f"(partition by {', '.join(f'mart.{key}' for key in BOARD)}"
    place = f"row_number() over {window} order by mart.rank)"
    anew = {
        "centred": f"{cell} - avg(mart.skill) over {window})",
        "ranked": (f"greatest(1, least({cell} - mart.rank + {place}, count(*) over {window})))"),
        # Where the one that is surely the best is hidden, none of the others is.
        "shared": f"coalesce({cell} / nullif(sum({cell}) over {window}), 0), {cell})",
        "averaged": "board.win_share",
    }
    if way == "blank":
        return f"(case when not board.is_partial then {cell} end)"
    if way in anew:
        return f"(case when board.is_partial then {anew[way]} else {cell} end)"
    # Its board of reference is weighted as it is, or merged from boards that are.
    reference = (
        f"select 1 from {MODELS} as reference where reference.is_partial"
        " and reference.stratum_id = mart.reference_stratum_id"
        " and reference.dimension = mart.reference_dimension"
        " and reference.estimator = mart.estimator"
        " and starts_with(reference.weighting, mart.weighting)"
    )
    return f"(case when board.is_partial or exists ({reference}) then null else {cell} end)"

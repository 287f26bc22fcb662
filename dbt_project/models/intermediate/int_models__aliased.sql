{#-
Which model each name means that an alias was ever stated for, over stretches of the log: an alias for
all is about names said at any place of the log, one for later about those said after it. The last
statement about a name that stands and covers the place is its meaning there, and may be that the name
means itself; chains are followed to the end. Statements that go in a circle would never end: of each circle the oldest is left out, so that
the last word counts.

Read through the macro join_canonical_model, by every table that takes models' names from events.
-#}
with recursive

said as (

    select
        aliases.alias,
        aliases.model_id,
        aliases.position,
        coalesce(aliases.applies_to, 'all') = 'later' as is_for_later,
        revised.retracted_position is null as is_standing,
        greatest(aliases.position, coalesce(revised.revised_position, 0)) as changed_position
    from {{ ref('stg_events__models_aliased') }} as aliases
    left join {{ ref('int_events__revised') }} as revised on aliases.event_id = revised.event_id

),

-- Between two statements that follow each other nothing was said that they could be about.
pauses as (

    select said.position + 1 as position
    from said
    left join said as next_said on said.position + 1 = next_said.position
    where next_said.position is null

),

starts as (

    select cast(0 as bigint) as from_position
    union
    select min(pauses.position) as from_position
    from said
    inner join pauses on said.position < pauses.position
    where said.is_for_later
    group by said.position

),

stretches as (

    select
        from_position,
        coalesce(
            lead(from_position) over (order by from_position), cast(9223372036854775807 as bigint)
        ) as until_position
    from starts

),

meant as (

    select
        stretches.from_position,
        said.alias,
        {{ latest_known('said.model_id', 'said.position') }} as model_id,
        max(said.position) as position
    from stretches
    cross join said
    where
        said.is_standing
        and (not said.is_for_later or said.position < stretches.from_position)
    group by stretches.from_position, said.alias

),

links as (

    select * from meant
    where alias <> model_id

),

name_count as (

    select count(distinct said.alias) as most from said

),

walked as (

    select
        from_position,
        alias,
        model_id as reached_id,
        position as oldest_position,
        1 as depth
    from links
    union all
    select
        walked.from_position,
        walked.alias,
        links.model_id as reached_id,
        least(walked.oldest_position, links.position) as oldest_position,
        walked.depth + 1 as depth
    from walked
    inner join links
        on
            walked.from_position = links.from_position
            and walked.reached_id = links.alias
    cross join name_count
    where
        walked.reached_id <> walked.alias
        and walked.depth < name_count.most

),

closing as (

    select
        from_position,
        alias,
        oldest_position
    from walked
    where reached_id = alias

),

kept as (

    select links.*
    from links
    left join closing
        on
            links.from_position = closing.from_position
            and links.alias = closing.alias
            and links.position = closing.oldest_position
    where closing.alias is null

),

followed as (

    select
        from_position,
        alias,
        model_id,
        1 as depth
    from kept
    union all
    select
        followed.from_position,
        followed.alias,
        kept.model_id,
        followed.depth + 1 as depth
    from followed
    inner join kept
        on
            followed.from_position = kept.from_position
            and followed.model_id = kept.alias

),

ends as (

    select
        from_position,
        alias,
        {{ latest_known('model_id', 'depth') }} as model_id
    from followed
    group by from_position, alias

),

changes as (

    select max(said.changed_position) as changed_position from said

),

names as (

    select distinct
        said.alias,
        changes.changed_position
    from said
    cross join changes

)

select
    names.alias,
    stretches.from_position,
    stretches.until_position,
    coalesce(ends.model_id, names.alias) as model_id,
    closing.alias is not null and closing.oldest_position = links.position as is_left_out,
    names.changed_position as valid_from_position
from names
cross join stretches
left join ends
    on
        names.alias = ends.alias
        and stretches.from_position = ends.from_position
left join links
    on
        names.alias = links.alias
        and stretches.from_position = links.from_position
left join closing
    on
        names.alias = closing.alias
        and stretches.from_position = closing.from_position

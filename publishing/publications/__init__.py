"""Publications: immutable copies of the marts for readers, in `marts/<board_id>/`.

What stays out: building marts (dbt_project/) and what a board is (boards/).
"""

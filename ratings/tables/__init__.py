"""The rating tables: from counts and weights to boards, the tables beside them, and plans.

Tables are read through a function that is handed in, and handed back as Arrow.
"""

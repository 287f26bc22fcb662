"""Boards: what one is, where it is kept, how it is found again."""

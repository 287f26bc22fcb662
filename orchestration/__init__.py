"""Room 6: the order of it all, from a file in landing to a board that is published."""

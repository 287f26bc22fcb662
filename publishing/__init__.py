"""Room 5: boards and publications, and the page readers open."""

"""Room 1: from the world to immutable events. Knows nothing of judging, ordering or rating them."""

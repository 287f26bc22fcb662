"""The scale on which people rate one model at a time."""

LOWEST, HIGHEST = 1, 7
LEVELS = HIGHEST - LOWEST + 1

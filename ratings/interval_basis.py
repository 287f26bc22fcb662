"""What a flat board's intervals rest on: which of its verdicts are taken to be alike."""

INDEPENDENT = "independent"
FEW = "few_participants"
PARTICIPANTS = "participants"
PARTICIPANTS_AND_ITEMS = "participants_and_items"
BASES = (INDEPENDENT, FEW, PARTICIPANTS, PARTICIPANTS_AND_ITEMS)

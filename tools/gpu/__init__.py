"""Everything that waits for a card, in one bounded and restartable command: `make gpu`."""

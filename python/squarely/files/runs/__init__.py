"""Running over sources: threads score sections of them into totals, which are saved as states and taken up again."""

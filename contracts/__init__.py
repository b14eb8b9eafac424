"""What the Purchases API promises, and judging it."""

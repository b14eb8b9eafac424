"""Two runs beside each other: what became better, what became worse, and what nobody can tell."""

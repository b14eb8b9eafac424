"""The proof: the gate run against every seeded defect and every lawful variant."""

"""What a load run is asked to do, and what is decided from its numbers: pure, without clock or network."""

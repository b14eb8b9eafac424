"""What the benchmarks of the load engine stand on: servers, peers, and one way to measure them all."""

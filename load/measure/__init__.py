"""What a load run measured: histograms, seconds, and the documents made of them."""

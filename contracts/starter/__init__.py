"""What a service's repository needs to gate itself: settings and a workflow, written by `assay init`."""

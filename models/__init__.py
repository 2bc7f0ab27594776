"""What learns: features, detectors, graph."""

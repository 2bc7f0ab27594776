"""The provider–patient graph: edges from facts, measures and communities, group leads with evidence, features for the models."""

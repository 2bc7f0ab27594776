"""The domain model: plain frozen dataclasses and pure functions, standard library only."""

"""What the pages read beside the services: claims as stored, names of institutions, ratings."""

"""The rule language: from YAML files to one typed tree, one reference interpreter and two compilers."""

"""The compatibility matrices: facts as rows, each with an id and a source."""

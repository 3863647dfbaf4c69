"""The paper's method: discovery, aggregation, fusion, head, model."""

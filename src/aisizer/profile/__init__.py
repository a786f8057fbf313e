"""The workload profile: schema, fragments, loading with line and column."""

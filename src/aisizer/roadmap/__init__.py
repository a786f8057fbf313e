"""The roadmap: months become levels of demand, levels become purchases with dates."""

"""Triggers: levels that leave exactly the lead time to act."""

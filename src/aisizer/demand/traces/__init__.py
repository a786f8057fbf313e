"""Request traces: one file per family of formats, what they show, and the profile fragment they give."""

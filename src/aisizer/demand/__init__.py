"""From the profile's words to numbers: token lengths, arrival rates, growth by month, traces."""

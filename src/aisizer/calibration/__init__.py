"""From a described run to its prediction, with the band that published measurements leave around it."""

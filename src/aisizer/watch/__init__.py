"""Watch: a plan's triggers against what was measured. The only room with a socket."""
